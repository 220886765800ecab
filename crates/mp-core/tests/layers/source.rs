//! Which files of a crate use which others.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use syn::{Item, Visibility};

use crate::files::{File, Module, files};
use crate::paths::{Written, imports, written};

/// A place in a file.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    file: PathBuf,
    line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// One file's use of another.
#[derive(Debug)]
pub(crate) struct Use {
    pub(crate) from: Module,
    pub(crate) to: Module,
    pub(crate) place: Place,
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { from, to, place } = self;
        write!(f, "{place}: {from} uses {to}")
    }
}

/// What the files of a crate use, but for its root, which only declares and
/// passes on.
pub(crate) struct Source {
    pub(crate) files: BTreeMap<Module, PathBuf>,
    pub(crate) uses: Vec<Use>,
    /// The paths that lead to no file below the root, told with their places.
    pub(crate) lost: Vec<String>,
}

impl Source {
    /// Reads the crate in a folder.
    pub(crate) fn read(folder: &Path) -> Self {
        let files = files(folder);
        let names = Names::of(&files);
        let root = Module::new(&[]);
        let (mut uses, mut lost) = (Vec::new(), Vec::new());
        for (from, file) in files.iter().filter(|(module, _)| **module != root)
        {
            for one in written(&file.syntax) {
                let place = Place { file: file.path.clone(), line: one.line };
                let Some(path) = names.absolute(&one, from) else { continue };
                for to in names.lead(path) {
                    if to == root {
                        let path = one.path.join("::");
                        lost.push(format!(
                            "{place}: {from} uses {path}, which stands in no \
                             file below the root"
                        ));
                    } else if to != *from {
                        let (from, place) = (from.clone(), place.clone());
                        uses.push(Use { from, to, place });
                    }
                }
            }
        }
        let mut files: BTreeMap<Module, PathBuf> = files
            .into_iter()
            .map(|(module, file)| (module, file.path))
            .collect();
        files.remove(&root);
        Self { files, uses, lost }
    }
}

/// Where the names of a crate lead.
struct Names<'a> {
    files: &'a BTreeMap<Module, File>,
    /// What a module passes on under a name: the path from the crate's root,
    /// or none if it is another crate's.
    passed_on: BTreeMap<(Module, String), Option<Vec<String>>>,
}

impl<'a> Names<'a> {
    fn of(files: &'a BTreeMap<Module, File>) -> Self {
        let mut names = Self { files, passed_on: BTreeMap::new() };
        for (module, file) in files {
            for item in &file.syntax.items {
                names.add(module, item);
            }
        }
        names
    }

    fn add(&mut self, module: &Module, item: &Item) {
        match item {
            Item::Use(item) if !matches!(item.vis, Visibility::Inherited) => {
                for (name, path) in imports(&item.tree) {
                    let Some(name) = name else { continue };
                    let path = path.iter().map(ToString::to_string).collect();
                    let written = Written { path, ..Written::default() };
                    let path = self.absolute(&written, module);
                    let stands_here = path
                        .as_ref()
                        .is_some_and(|path| self.longest(path).0 == *module);
                    if !stands_here {
                        let name = (module.clone(), name.to_string());
                        self.passed_on.insert(name, path);
                    }
                }
            }
            Item::Macro(item) if item.attrs.iter().any(is_export) => {
                if let Some(name) = &item.ident {
                    let name = (Module::new(&[]), name.to_string());
                    self.passed_on.insert(name, Some(module.path().to_vec()));
                }
            }
            _ => {}
        }
    }

    /// The path from the crate's root, or none if it begins elsewhere: in
    /// another crate, or with a name that was brought in by a `use`.
    fn absolute(&self, one: &Written, from: &Module) -> Option<Vec<String>> {
        let here = [from.path(), &one.within].concat();
        let mut rest = one.path.as_slice();
        let mut base = match rest.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => here,
            first => {
                let child = [&here, [first.to_owned()].as_slice()].concat();
                self.files.contains_key(&Module::new(&child)).then_some(here)?
            }
        };
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "super" => drop(base.pop()),
                "self" | "crate" => {}
                _ => break,
            }
            rest = after;
        }
        // `a::{self}` is `a`.
        let rest = rest.strip_suffix(&["self".to_owned()]).unwrap_or(rest);
        Some([base.as_slice(), rest].concat())
    }

    /// The files that a path from the crate's root leads through: those that
    /// pass the name on, but for the root, and last the one where it stands,
    /// unless that is another crate's.
    fn lead(&self, mut path: Vec<String>) -> Vec<Module> {
        let mut through = Vec::new();
        loop {
            let (module, length) = self.longest(&path);
            let to = path.get(length).and_then(|name| {
                self.passed_on.get(&(module.clone(), name.clone()))
            });
            if length > 0 || to.is_none() {
                through.push(module);
            }
            let Some(Some(to)) = to else { return through };
            path = [to, &path[length + 1..]].concat();
        }
    }

    /// The last module in a path that is a file, and how much of the path it is.
    fn longest(&self, path: &[String]) -> (Module, usize) {
        (0..=path.len())
            .rev()
            .map(|length| (Module::new(&path[..length]), length))
            .find(|(module, _)| self.files.contains_key(module))
            .expect("the root is a file")
    }
}

/// Whether it puts a macro into the crate's root.
fn is_export(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("macro_export")
}
