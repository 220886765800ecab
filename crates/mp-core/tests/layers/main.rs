//! The source stands in floors: a file uses what stands below it, never what
//! stands above, and neither files nor folders use each other in a circle.

mod files;
mod graph;
mod made_up;
mod paths;
mod source;

use std::io::{self, Write};
use std::path::Path;

use files::Module;
use source::Source;

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

/// The files that stand on no floor, and the uses that go up, each with its
/// place.
fn out_of_place(source: &Source, floors: &[&[&str]]) -> Vec<String> {
    let homeless = source
        .files
        .iter()
        .filter(|(module, _)| floor(module, floors).is_none())
        .map(|(module, file)| {
            format!("{}: {module} stands on no floor", file.display())
        });
    let upward = source
        .uses
        .iter()
        .filter(|one| floor(&one.from, floors) < floor(&one.to, floors))
        .map(|one| format!("{one}, which does not stand below it"));
    homeless.chain(upward).collect()
}

/// What is wrong in the crate in a folder.
fn check(folder: &Path, floors: Option<&[&[&str]]>) -> Vec<String> {
    let source = Source::read(folder);
    let mut faults = match floors {
        Some(floors) => out_of_place(&source, floors),
        None => Vec::new(),
    };
    faults.extend(graph::circles(&source.uses));
    faults.extend(source.lost);
    faults
}

fn assert_no_faults(folder: &Path, floors: Option<&[&[&str]]>) {
    let faults = check(folder, floors);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn mp_core_stands_in_floors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_no_faults(&folder, Some(FLOORS));
}

#[test]
fn transcripts_has_no_circles() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // A package of mp-core alone has no other crates beside it. The harness
    // keeps what a test prints to itself, but not what it writes.
    if !crates.join("../Cargo.toml").exists() {
        let said = "skipped: mp-core stands here without its workspace\n";
        io::stderr().write_all(said.as_bytes()).unwrap();
        return;
    }
    assert_no_faults(&crates.join("transcripts/src"), None);
}
