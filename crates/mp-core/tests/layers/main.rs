//! The source stands in floors: a file uses what stands below it, never what
//! stands above, and neither files nor folders use each other in a circle.

mod graph;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use source::{Module, Use};

/// The floors of mp-core, from the ground up. What stands on one floor may use
/// each other, as long as no circle comes of it.
const FLOORS: &[&[&str]] = &[
    &["error"],
    &["sys"],
    &["codec"],
    &["shm"],
    &["connection", "sharedctypes", "synchronize"],
    &["process"],
];

/// The floor that a module stands on.
fn floor(module: &Module, floors: &[&[&str]]) -> Option<usize> {
    let top = module.path().first()?;
    floors.iter().position(|floor| floor.contains(&top.as_str()))
}

/// The uses that go up, each with its place.
fn upward(uses: &[Use], floors: &[&[&str]]) -> Vec<String> {
    let goes_up = |one: &&Use| {
        let (from, to) = (floor(&one.from, floors), floor(&one.to, floors));
        from.is_none() || to.is_none() || from < to
    };
    uses.iter()
        .filter(goes_up)
        .map(|one| {
            format!(
                "{}:{}: {} uses {}, which does not stand below it",
                one.file.display(),
                one.line,
                one.from,
                one.to
            )
        })
        .collect()
}

fn check(source: &Path, floors: Option<&[&[&str]]>) -> Vec<String> {
    let uses = source::uses(source);
    assert!(!uses.is_empty(), "{} uses nothing", source.display());
    let mut faults = graph::circles(&uses);
    if let Some(floors) = floors {
        faults.extend(upward(&uses, floors));
    }
    faults
}

fn crate_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[test]
fn mp_core_stands_in_floors() {
    let faults = check(&crate_folder().join("src"), Some(FLOORS));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn transcripts_has_no_circles() {
    let source = crate_folder().join("../transcripts/src");
    if !source.exists() {
        println!("skipped: the crate stands alone, without its workspace");
        return;
    }
    let faults = check(&source, None);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A source tree that is made up.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = directory.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    directory
}

const TWO_FLOORS: &[&[&str]] = &[&["low"], &["high"]];

#[test]
fn what_goes_down_is_allowed() {
    let tree = tree(&[
        ("lib.rs", "mod low; mod high; pub use low::Low;"),
        ("low/mod.rs", "pub mod deep; pub struct Low;"),
        (
            "low/deep.rs",
            "/// See [`crate::high`].\nstruct Deep; // use crate::high;",
        ),
        ("high.rs", "use crate::{Low, low::deep::{self, Deep}}; // fine"),
    ]);
    assert_eq!(check(tree.path(), Some(TWO_FLOORS)), [""; 0]);
}

#[test]
fn what_goes_up_is_told_with_its_line() {
    let tree = tree(&[
        ("lib.rs", "mod low; mod high; pub use high::High;"),
        ("low.rs", "\nfn f() -> crate::High { todo!() }"),
        ("high.rs", "pub struct High;"),
    ]);
    let faults = check(tree.path(), Some(TWO_FLOORS));
    let place = tree.path().join("low.rs");
    let place = format!("{}:2: low uses high", place.display());
    assert!(faults.len() == 1 && faults[0].starts_with(&place), "{faults:?}");
}

#[test]
fn a_use_within_a_macro_counts_and_one_in_a_test_does_not() {
    let tree = tree(&[
        ("lib.rs", "mod low; mod high;"),
        (
            "low.rs",
            "#[cfg(test)] mod tests { use crate::high::A; }\n\
             fn f() { println!(\"{}\", crate::high::B); }",
        ),
        ("high.rs", "use crate::low::C;"),
    ]);
    let faults = check(tree.path(), Some(TWO_FLOORS));
    assert!(faults.iter().any(|fault| fault.contains(":2: low uses high")));
    assert!(!faults.iter().any(|fault| fault.contains(":1: low uses")));
}

#[test]
fn circles_are_told() {
    let of_files = tree(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "use super::c::C;"),
        ("c.rs", "use crate::a::A;"),
    ]);
    assert_eq!(check(of_files.path(), None), ["a circle: a, b, c"]);
    let of_folders = tree(&[
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "mod one; mod two;"),
        ("a/one.rs", "use crate::b::one::X;"),
        ("a/two.rs", ""),
        ("b/mod.rs", "mod one; mod two;"),
        ("b/one.rs", ""),
        ("b/two.rs", "use crate::a::two::Y;"),
    ]);
    assert_eq!(check(of_folders.path(), None), ["a circle: a, b"]);
}
