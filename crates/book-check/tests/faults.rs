//! Each fault that a book can have is found.

use std::fs;
use std::path::Path;

use book_check::{Problems, built, sources};
use tempfile::TempDir;

const SUMMARY: &str = "# Summary\n\n- [A page](page.md)\n";
const CODE: &str = "// ANCHOR: main\nfn main() {}\n// ANCHOR_END: main\n";
const PAGE: &str =
    "# A page\n\n```rust\n{{#include ../code/main.rs:main}}\n```\n";
const HTML: &str = "<main><h1 id=\"a-page\">A page</h1>\
    <pre><code>fn main() {}\n</code></pre>\
    <a href=\"page.html#a-page\">here</a></main>";

/// A book without faults.
fn book() -> TempDir {
    let book = tempfile::tempdir().unwrap();
    write(&book, "src/SUMMARY.md", SUMMARY);
    write(&book, "src/page.md", PAGE);
    write(&book, "code/main.rs", CODE);
    write(&book, "book/page.html", HTML);
    book
}

fn write(book: &TempDir, name: &str, text: &str) {
    let path = book.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What is found when one file of the book is replaced.
fn found(
    check: fn(&Path) -> anyhow::Result<Problems>,
    name: &str,
    text: &str,
) -> String {
    let book = book();
    write(&book, name, text);
    let problems = check(book.path()).unwrap();
    problems.iter().collect::<Vec<_>>().join("\n")
}

#[test]
fn a_book_without_faults_passes() {
    let book = book();
    assert!(sources(book.path()).unwrap().is_empty());
    assert!(built(book.path()).unwrap().is_empty());
}

#[test]
fn an_anchor_or_a_file_that_is_not_there_is_found() {
    let page = PAGE.replace(":main", ":other");
    let problems = found(sources, "src/page.md", &page);
    assert!(problems.contains("there is no `ANCHOR: other`"), "{problems}");
    let page = PAGE.replace("main.rs", "none.rs");
    let problems = found(sources, "src/page.md", &page);
    assert!(problems.contains("cannot read ../code/none.rs"), "{problems}");
}

#[test]
fn an_anchor_without_an_end_or_a_text_is_found() {
    for code in [
        "// ANCHOR: main\nfn main() {}\n",
        "// ANCHOR: main\n// ANCHOR_END: main\n",
        "// ANCHOR_END: main\nfn main() {}\n// ANCHOR: main\n",
    ] {
        assert_ne!(found(sources, "code/main.rs", code), "", "{code}");
    }
}

#[test]
fn an_anchor_that_no_page_shows_is_found() {
    let code =
        format!("{CODE}// ANCHOR: more\nfn f() {{}}\n// ANCHOR_END: more");
    let problems = found(sources, "code/main.rs", &code);
    assert!(problems.ends_with("no page shows the anchor \"more\""));
}

#[test]
fn code_that_is_typed_in_is_found() {
    let page = "# A page\n\n```rust\nfn main() {}\n```\n";
    let problems = found(sources, "src/page.md", page);
    assert!(problems.contains("this is typed in"), "{problems}");
}

#[test]
fn a_page_that_is_not_listed_is_found() {
    let problems = found(sources, "src/other.md", "# Other\n");
    assert_eq!(problems, "SUMMARY.md: other.md is not in it");
}

#[test]
fn a_file_that_the_text_names_and_that_is_not_there_is_found() {
    let page = format!("{PAGE}\nSee `no/such.rs`.\n");
    let problems = found(sources, "src/page.md", &page);
    assert_eq!(problems, "page.md: there is no no/such.rs");
}

#[test]
fn a_listing_that_is_not_the_file_is_found() {
    let code = CODE.replace("{}", "{ todo!() }");
    let problems = found(built, "code/main.rs", &code);
    assert!(problems.contains("is not the text of its file"), "{problems}");
    let html = HTML.replace("fn main() {}", "");
    assert_ne!(found(built, "book/page.html", &html), "");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let html = HTML.replace("#a-page", "#b-page");
    assert_eq!(
        found(built, "book/page.html", &html),
        "page.html: the link \"page.html#b-page\": \
         the page has no such place"
    );
    let html = HTML.replace("page.html", "none.html");
    assert_eq!(
        found(built, "book/page.html", &html),
        "page.html: the link \"none.html#a-page\": there is no such file"
    );
}
