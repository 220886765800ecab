//! The README shows ex4 as it is.

use std::fs;

/// The text of the first fence of a language.
fn fence(markdown: &str, language: &str) -> String {
    let opening = format!("```{language}\n");
    let (_, rest) = markdown.split_once(&opening).unwrap();
    let (code, _) = rest.split_once("\n```").unwrap();
    code.to_owned()
}

/// A program without its heading, the book's anchors, and the blank lines that
/// are left where these stood.
fn shown(file: &str) -> String {
    let text = fs::read_to_string(transcripts::root().join(file)).unwrap();
    let mut shown = Vec::new();
    for line in text.lines().skip(1).filter(|line| !line.contains("ANCHOR")) {
        let is_second_blank = line.is_empty()
            && shown.last().is_none_or(|last: &&str| last.is_empty());
        if !is_second_blank {
            shown.push(line);
        }
    }
    shown.join("\n")
}

#[test]
fn the_pair_is_the_text_of_the_files() {
    let readme = transcripts::root().join("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let pair = [
        ("python", "examples-book/python/ex4.py"),
        ("rust", "crates/ex4/src/main.rs"),
    ];
    for (language, file) in pair {
        assert_eq!(fence(&readme, language), shown(file), "{file}");
    }
}
