//! The paths that are written in a file, outside of its tests.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, ItemMod, ItemUse, Macro, UseTree};

use crate::files::is_for_tests;

/// A path as it is written, such as `crate::a::B`, and where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
    /// The modules around it within the file.
    pub(crate) within: Vec<String>,
}

/// All paths of a file.
pub(crate) fn written(file: &syn::File) -> Vec<Written> {
    let mut paths = Paths::default();
    paths.visit_file(file);
    paths.written
}

/// What a `use` brings in: names, and the paths that they stand for. A glob has
/// no name.
pub(crate) fn imports(tree: &UseTree) -> Vec<(Option<&Ident>, Vec<&Ident>)> {
    match tree {
        UseTree::Path(outer) => {
            let mut inner = imports(&outer.tree);
            for (_, path) in &mut inner {
                path.insert(0, &outer.ident);
            }
            inner
        }
        UseTree::Name(name) => vec![(Some(&name.ident), vec![&name.ident])],
        UseTree::Rename(name) => vec![(Some(&name.rename), vec![&name.ident])],
        UseTree::Glob(_) => vec![(None, Vec::new())],
        UseTree::Group(group) => group.items.iter().flat_map(imports).collect(),
    }
}

#[derive(Default)]
struct Paths {
    written: Vec<Written>,
    within: Vec<String>,
}

impl Paths {
    fn add(&mut self, path: &[&Ident]) {
        let Some(last) = path.last() else { return };
        self.written.push(Written {
            path: path.iter().map(ToString::to_string).collect(),
            line: last.span().start().line,
            within: self.within.clone(),
        });
    }

    /// Adds a path that is not in a `use`. A single name there is a variable or
    /// a type, and no module.
    fn add_inline(&mut self, path: &[&Ident]) {
        if path.len() > 1 || path.iter().any(|name| *name == "super") {
            self.add(path);
        }
    }

    /// The paths in the tokens of a macro: names with `::` between them.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Vec<Ident> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end(&mut path);
                    }
                    path.push(name);
                }
                // `pub(super)` says who may use it, and uses nobody.
                TokenTree::Group(_) if path.iter().any(|p| p == "pub") => {
                    path.clear();
                }
                other => {
                    self.end(&mut path);
                    if let TokenTree::Group(group) = other {
                        self.scan(group.stream());
                    }
                }
            }
            colons = 0;
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Vec<Ident>) {
        self.add_inline(&path.iter().collect::<Vec<_>>());
        path.clear();
    }
}

impl<'a> Visit<'a> for Paths {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        self.within.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.within.pop();
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        for (_, path) in imports(&item.tree) {
            self.add(&path);
        }
    }

    /// `pub(super)` says who may use it, and uses nobody.
    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}

    fn visit_path(&mut self, path: &'a syn::Path) {
        let parts: Vec<_> = path.segments.iter().map(|p| &p.ident).collect();
        self.add_inline(&parts);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'a Macro) {
        self.visit_path(&item.path);
        self.scan(item.tokens.clone());
    }
}
