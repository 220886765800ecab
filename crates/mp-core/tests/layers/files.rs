//! The files of a crate, found as the compiler finds them: by `mod`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item};

/// A module that is a file, by its path from the crate's root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Module(Vec<String>);

impl Module {
    pub(crate) fn new(path: &[String]) -> Self {
        Self(path.to_vec())
    }

    pub(crate) fn path(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the root");
        }
        f.write_str(&self.0.join("::"))
    }
}

/// A file and what stands in it.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) syntax: syn::File,
}

/// The files of a crate, its root among them, without those of tests.
///
/// Panics if there is a file below the folder that no `mod` leads to. `main.rs`
/// and what is in `bin` are crates of their own.
pub(crate) fn files(source: &Path) -> BTreeMap<Module, File> {
    let root = source.join("lib.rs");
    let mut found = Found::default();
    found.add(root, Module(Vec::new()), source);
    let mut all = Vec::new();
    list(source, &mut all);
    for path in all {
        let inside = path.strip_prefix(source).unwrap();
        let other_crate =
            inside == Path::new("main.rs") || inside.starts_with("bin");
        assert!(
            other_crate || found.seen.contains(&path),
            "{} is no module of the crate",
            path.display()
        );
    }
    found.files
}

#[derive(Default)]
struct Found {
    files: BTreeMap<Module, File>,
    /// With those of tests.
    seen: BTreeSet<PathBuf>,
}

impl Found {
    /// Adds a file, and the files of the modules that are declared in it. Their
    /// files are in the folder.
    fn add(&mut self, path: PathBuf, module: Module, folder: &Path) {
        let text = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let syntax = syn::parse_file(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.seen.insert(path.clone());
        self.add_declared(&syntax.items, &module, folder);
        self.files.insert(module, File { path, syntax });
    }

    fn add_declared(&mut self, items: &[Item], module: &Module, folder: &Path) {
        for item in items {
            let Item::Mod(item) = item else { continue };
            let name = item.ident.to_string();
            let folder = folder.join(&name);
            let mut module = module.clone();
            module.0.push(name);
            if let Some((_, items)) = &item.content {
                self.add_declared(items, &module, &folder);
                continue;
            }
            let file = folder.with_extension("rs");
            let file = if file.exists() { file } else { folder.join("mod.rs") };
            if item.attrs.iter().any(is_for_tests) {
                self.seen.insert(file);
                list(&folder, &mut self.seen);
            } else {
                self.add(file, module, &folder);
            }
        }
    }
}

/// All files of Rust in a folder, which need not exist.
fn list(folder: &Path, files: &mut impl Extend<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            files.extend([path]);
        }
    }
}

/// Whether it says that an item is there in tests only.
pub(crate) fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|what| what.is_ident("test") || what.is_ident("doctest"))
}
