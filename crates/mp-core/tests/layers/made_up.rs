//! Source trees that are made up: what the check sees in them.

use std::fs;

use tempfile::TempDir;

use crate::check;

const TWO_FLOORS: &[&[&str]] = &[&["low"], &["high"]];

/// A crate with these files.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = directory.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    directory
}

/// What is wrong in a crate, with the names of files as they are in it.
fn faults(files: &[(&str, &str)], floors: Option<&[&[&str]]>) -> Vec<String> {
    let tree = tree(files);
    let folder = format!("{}/", tree.path().display());
    let faults = check(tree.path(), floors);
    faults.iter().map(|fault| fault.replace(&folder, "")).collect()
}

/// Checks a crate of a low and a high file, with this as its root.
fn two_files(root: &str, low: &str, high: &str) -> Vec<String> {
    let files = [("lib.rs", root), ("low.rs", low), ("high.rs", high)];
    faults(&files, Some(TWO_FLOORS))
}

#[test]
fn what_goes_down_is_allowed() {
    let files = [
        ("lib.rs", "mod low; mod high; pub use low::Low;"),
        ("low/mod.rs", "pub mod deep; pub struct Low;"),
        (
            "low/deep.rs",
            "/// See [`crate::high`].\nstruct Deep; // use crate::high;",
        ),
        ("high.rs", "use crate::{Low, low::deep::{self, Deep}}; // fine"),
    ];
    assert_eq!(faults(&files, Some(TWO_FLOORS)), [""; 0]);
}

#[test]
fn comments_and_strings_are_no_use() {
    let low = "//! use crate::high::A;\n/* crate::high::B /* nested */ */\n\
        fn f() -> &'static str { \"crate::high::C\" }\n\
        fn g() -> &'static str { r#\"use crate::high::D;\"# }";
    let faults = two_files("mod low; mod high;", low, "use crate::low::f;");
    assert_eq!(faults, [""; 0]);
}

#[test]
fn what_goes_up_is_told_with_its_line() {
    let root = "mod low; mod high; pub use high::High;";
    let low = "\nfn f() -> crate::High { todo!() }";
    let faults = two_files(root, low, "pub struct High;");
    let told = "low.rs:2: low uses high, which does not stand below it";
    assert_eq!(faults, [told]);
}

#[test]
fn a_name_that_the_root_gives_leads_to_its_file() {
    let root = "mod low; mod high; pub use high::High as Top;";
    let faults = two_files(root, "use crate::Top;", "pub struct High;");
    let told = "low.rs:1: low uses high, which does not stand below it";
    assert_eq!(faults, [told]);
}

#[test]
fn a_macro_of_the_root_leads_to_its_file() {
    let high = "#[macro_export] macro_rules! shout { () => {} }";
    let low = "fn f() { crate::shout!() }";
    let faults = two_files("mod low; mod high;", low, high);
    let told = "low.rs:1: low uses high, which does not stand below it";
    assert_eq!(faults, [told]);
}

#[test]
fn a_path_that_leads_to_no_file_is_told() {
    let root = "mod low; mod high; struct Root; pub use std::fmt;";
    let low = "use crate::fmt::Debug;\nuse crate::Root;";
    let faults = two_files(root, low, "use crate::low::X;");
    let told = "low.rs:2: low uses crate::Root, which stands in no file \
        below the root";
    assert_eq!(faults, [told]);
}

#[test]
fn a_use_within_a_macro_counts_and_one_in_a_test_does_not() {
    let low = "#[cfg(test)] mod tests { use crate::high::A; }\n\
        fn f() { println!(\"{}\", crate::high::B); }";
    let faults = two_files("mod low; mod high;", low, "struct B;");
    let told = "low.rs:2: low uses high, which does not stand below it";
    assert_eq!(faults, [told]);
}

#[test]
fn who_may_use_an_item_is_no_use_of_it() {
    let files = [
        ("lib.rs", "mod low;"),
        ("low/mod.rs", "mod deep; use self::deep::f;"),
        (
            "low/deep.rs",
            "pub(super) fn f() {}\n\
             macro_rules! m { () => { pub(in crate::low) fn g() {} } }",
        ),
    ];
    assert_eq!(faults(&files, None), [""; 0]);
}

#[test]
fn a_variable_that_is_called_like_a_module_is_not_the_module() {
    let files = [
        ("lib.rs", "mod a;"),
        (
            "a/mod.rs",
            "mod one; fn f(one: u8) { g(one); println!(\"{}\", one) }",
        ),
        ("a/one.rs", "use super::f;"),
    ];
    assert_eq!(faults(&files, None), [""; 0]);
}

#[test]
fn super_is_counted_from_the_module_that_it_is_written_in() {
    let files = [
        ("lib.rs", "mod low; mod high;"),
        ("low/mod.rs", "mod high; mod deep;"),
        ("low/high.rs", "struct X;"),
        ("low/deep.rs", "mod inner { use super::super::high::X; }"),
        ("high.rs", "use crate::low::Y;"),
    ];
    assert_eq!(faults(&files, Some(TWO_FLOORS)), [""; 0]);
}

#[test]
fn circles_are_told_with_their_lines() {
    let of_files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "\nuse crate::b::B;"),
        ("b.rs", "use super::c::C;"),
        ("c.rs", "fn f() { crate::a::g() }"),
    ];
    let told = "a circle: a, b, c\n  a.rs:2: a uses b\n  b.rs:1: b uses c\n  \
        c.rs:1: c uses a";
    assert_eq!(faults(&of_files, None), [told]);
    let of_folders = [
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "mod one; mod two;"),
        ("a/one.rs", "use crate::b::one::X;"),
        ("a/two.rs", ""),
        ("b/mod.rs", "mod one; mod two;"),
        ("b/one.rs", ""),
        ("b/two.rs", "use crate::a::two::Y;"),
    ];
    let told = "a circle: a, b\n  a/one.rs:1: a::one uses b::one\n  \
        b/two.rs:1: b::two uses a::two";
    assert_eq!(faults(&of_folders, None), [told]);
}

#[test]
fn a_circle_of_a_folder_and_what_is_in_it_is_told() {
    let files = [
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod one; pub use one::One;"),
        ("a/one.rs", "use super::f;"),
    ];
    let told = "a circle: a, a::one\n  a/mod.rs:1: a uses a::one\n  \
        a/one.rs:1: a::one uses a";
    assert_eq!(faults(&files, None), [told]);
}

#[test]
fn what_a_folder_passes_on_is_used_of_both() {
    let files = [
        ("lib.rs", "mod low; mod high; mod top; pub use high::deep::Deep;"),
        ("low.rs", "\nuse crate::high::Deep;"),
        ("high/mod.rs", "mod deep; pub use deep::Deep;"),
        ("high/deep.rs", "struct Deep;"),
        ("top.rs", "use crate::Deep;"),
    ];
    let floors: &[&[&str]] = &[&["low"], &["high"], &["top"]];
    let told = [
        "low.rs:2: low uses high, which does not stand below it",
        "low.rs:2: low uses high::deep, which does not stand below it",
    ];
    assert_eq!(faults(&files, Some(floors)), told);
}

#[test]
fn a_module_within_a_file_may_have_the_name_of_what_is_in_it() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub(crate) use self::x::x; mod x { pub fn x() {} }"),
        ("b.rs", "use crate::a::x;"),
    ];
    assert_eq!(faults(&files, None), [""; 0]);
}

#[test]
fn only_what_is_declared_for_tests_is_left_out() {
    let files = [
        ("lib.rs", "mod low; mod high; #[cfg(test)] mod support;"),
        ("support.rs", "use crate::high::A;"),
        ("low/mod.rs", "mod tests; mod main;"),
        ("low/tests.rs", "use crate::high::A;"),
        ("low/main.rs", "use crate::high::A;"),
        ("high.rs", "struct A;"),
    ];
    let told = [
        "low/main.rs:1: low::main uses high, which does not stand below it",
        "low/tests.rs:1: low::tests uses high, which does not stand below it",
    ];
    assert_eq!(faults(&files, Some(TWO_FLOORS)), told);
}

#[test]
fn a_file_without_a_floor_is_told() {
    let files = [
        ("lib.rs", "mod low; mod high; mod wide;"),
        ("low.rs", ""),
        ("high.rs", "use crate::low::X;"),
        ("wide.rs", ""),
    ];
    let told = "wide.rs: wide stands on no floor";
    assert_eq!(faults(&files, Some(TWO_FLOORS)), [told]);
}

#[test]
#[should_panic(expected = "lost.rs is no module of the crate")]
fn a_file_that_is_not_declared_is_told() {
    let files = [
        ("lib.rs", "mod low; mod high;"),
        ("low.rs", ""),
        ("high.rs", "use crate::low::X;"),
        ("high/lost.rs", ""),
    ];
    faults(&files, Some(TWO_FLOORS));
}
