//! Which files of a crate use which others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, Macro, UseTree};

/// A module that is a file, by its path from the crate's root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Module(Vec<String>);

impl Module {
    pub(crate) fn path(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0.join("::"))
    }
}

/// One file's use of another.
#[derive(Debug)]
pub(crate) struct Use {
    pub(crate) from: Module,
    pub(crate) to: Module,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
}

/// A path as it is written, such as `crate::a::B`, and its line.
type Written = (Vec<String>, usize);

/// All uses between the files below a folder, but those of the crate's root,
/// which only declares and re-exports, and of tests.
pub(crate) fn uses(source: &Path) -> Vec<Use> {
    let mut files = BTreeMap::new();
    collect(source, &Module(Vec::new()), &mut files);
    let modules: BTreeSet<Module> = files.keys().cloned().collect();
    let exports = exports(&source.join("lib.rs"));
    let mut uses = Vec::new();
    for (from, file) in &files {
        for (path, line) in written(file) {
            let path = absolute(&path, from);
            let Some(to) = defining(&path, &modules, &exports) else {
                continue;
            };
            if to != *from {
                let (from, file) = (from.clone(), file.clone());
                uses.push(Use { from, to, file, line });
            }
        }
    }
    uses
}

/// The files below a folder, by the modules that they are.
fn collect(
    folder: &Path,
    module: &Module,
    files: &mut BTreeMap<Module, PathBuf>,
) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut inner = module.clone();
        if path.is_dir() {
            inner.0.push(name);
            collect(&path, &inner, files);
        } else if name == "mod" {
            files.insert(inner, path);
        } else if path.extension().is_some_and(|kind| kind == "rs")
            && !matches!(name.as_str(), "lib" | "main" | "tests")
        {
            inner.0.push(name);
            files.insert(inner, path);
        }
    }
}

fn parse(file: &Path) -> syn::File {
    let text = fs::read_to_string(file).unwrap();
    syn::parse_file(&text)
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What the crate's root re-exports, and from where.
fn exports(root: &Path) -> BTreeMap<String, Vec<String>> {
    let mut exports = BTreeMap::new();
    for item in parse(root).items {
        let Item::Use(item) = item else { continue };
        let mut paths = Vec::new();
        leaves(&item.tree, &mut Vec::new(), &mut paths);
        for (mut path, _) in paths {
            path.retain(|part| part != "crate" && part != "self");
            if let Some(name) = path.last().cloned() {
                exports.insert(name, path);
            }
        }
    }
    exports
}

/// The paths in a tree of uses.
fn leaves(tree: &UseTree, before: &mut Vec<String>, paths: &mut Vec<Written>) {
    let line = |ident: &syn::Ident| ident.span().start().line;
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            leaves(&path.tree, before, paths);
            before.pop();
        }
        UseTree::Name(name) => {
            let mut path = before.clone();
            path.push(name.ident.to_string());
            paths.push((path, line(&name.ident)));
        }
        UseTree::Rename(name) => {
            let mut path = before.clone();
            path.push(name.ident.to_string());
            paths.push((path, line(&name.ident)));
        }
        UseTree::Glob(glob) => {
            let line = glob.star_token.spans[0].start().line;
            paths.push((before.clone(), line));
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                leaves(tree, before, paths);
            }
        }
    }
}

/// The paths in a file that begin at the crate's root or at a module.
fn written(file: &Path) -> Vec<Written> {
    let mut paths = Paths::default();
    paths.visit_file(&parse(file));
    let begins = ["crate", "super", "self"];
    paths.0.retain(|(path, _)| begins.contains(&path[0].as_str()));
    paths.0
}

#[derive(Default)]
struct Paths(Vec<Written>);

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

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        leaves(&item.tree, &mut Vec::new(), &mut self.0);
    }

    /// `pub(super)` says who may use it, and uses nobody.
    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}

    fn visit_path(&mut self, path: &'a syn::Path) {
        let parts = path.segments.iter().map(|part| part.ident.to_string());
        let line = path.segments[0].ident.span().start().line;
        self.0.push((parts.collect(), line));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'a Macro) {
        self.visit_path(&item.path);
        scan(item.tokens.clone(), &mut self.0);
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|what| what.is_ident("test") || what.is_ident("doctest"))
}

/// The paths in the tokens of a macro: names with `::` between them.
fn scan(tokens: TokenStream, paths: &mut Vec<Written>) {
    let mut path: Written = (Vec::new(), 0);
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Ident(name) => {
                if colons != 2 {
                    paths.push(std::mem::take(&mut path));
                    path.1 = name.span().start().line;
                }
                path.0.push(name.to_string());
                colons = 0;
            }
            other => {
                paths.push(std::mem::take(&mut path));
                colons = 0;
                if let TokenTree::Group(group) = other {
                    scan(group.stream(), paths);
                }
            }
        }
    }
    paths.push(path);
    paths.retain(|(path, _)| !path.is_empty());
}

/// A path from the crate's root.
fn absolute(path: &[String], from: &Module) -> Vec<String> {
    let mut base = match path[0].as_str() {
        "crate" => Vec::new(),
        _ => from.0.clone(),
    };
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        match first.as_str() {
            "super" => drop(base.pop()),
            "self" | "crate" => {}
            _ => break,
        }
        rest = after;
    }
    base.extend_from_slice(rest);
    base
}

/// The file that a path leads into.
fn defining(
    path: &[String],
    modules: &BTreeSet<Module>,
    exports: &BTreeMap<String, Vec<String>>,
) -> Option<Module> {
    let lead = |path: &[String]| {
        (1..=path.len())
            .rev()
            .map(|length| Module(path[..length].to_vec()))
            .find(|module| modules.contains(module))
    };
    lead(path).or_else(|| lead(exports.get(path.first()?)?))
}
