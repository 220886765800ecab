//! The pages before they are built.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::include::{BEGIN, anchor};
use crate::page::SUMMARY;
use crate::{Include, Page, Part, Problems, pages};

/// What is typed into the pages: commands.
const TYPED: [&str; 1] = ["console"];

/// Where a file that is named in the text may be, from the book.
const FOLDERS: [&str; 2] = ["..", "../crates/mp-core/src"];

/// Checks that all code comes from files which have it, that every anchor in
/// those files is shown, that the files which the text names are there, and
/// that the list of the pages has all of them.
///
/// # Errors
///
/// If the pages cannot be read.
pub fn sources(book: &Path) -> Result<Problems> {
    let pages = pages(&book.join("src"))?;
    let mut problems = Problems::default();
    let mut shown = BTreeMap::new();
    for page in &pages {
        check_blocks(page, &mut shown, &mut problems);
        check_includes(page, &mut problems);
        for file in page.files() {
            if !FOLDERS.iter().any(|f| book.join(f).join(&file).is_file()) {
                problems.add(&page.name, format!("there is no {file}"));
            }
        }
    }
    check_anchors(&shown, &mut problems);
    check_summary(&pages, &mut problems);
    Ok(problems)
}

/// The anchors that are shown, by file.
type Shown = BTreeMap<PathBuf, BTreeSet<String>>;

fn check_blocks(page: &Page, shown: &mut Shown, problems: &mut Problems) {
    for block in page.blocks() {
        if TYPED.contains(&block.language.as_str()) {
            continue;
        }
        let include = Include::parse(&block.text).and_then(|include| {
            include.context("this is typed in: show a part of a file")
        });
        let Some(include) = problems.take(&block.place, include) else {
            continue;
        };
        if let Part::Anchor(name) = include.part {
            let file = page.folder().join(include.path);
            shown.entry(file).or_default().insert(name);
        }
    }
}

/// In code and outside of it, where pictures are.
fn check_includes(page: &Page, problems: &mut Problems) {
    for (index, line) in page.text.lines().enumerate() {
        let place = format!("{}:{}", page.name, index + 1);
        if let Some(Some(include)) = problems.take(&place, Include::parse(line))
        {
            problems.take(&place, include.text(page.folder()));
        } else if line.contains("{{") {
            problems.add(place, "an include must have a line of its own");
        }
    }
}

fn check_anchors(shown: &Shown, problems: &mut Problems) {
    for (file, names) in shown {
        // A file that cannot be read has been reported.
        let text = fs::read_to_string(file).unwrap_or_default();
        for name in text.lines().filter_map(|line| anchor(line, BEGIN)) {
            if !names.contains(name) {
                let what = format!("no page shows the anchor {name:?}");
                problems.add(file.display(), what);
            }
        }
    }
}

fn check_summary(pages: &[Page], problems: &mut Problems) {
    let Some(summary) = pages.iter().find(|page| page.name == SUMMARY) else {
        problems.add(SUMMARY, "there is none");
        return;
    };
    let listed = summary.links();
    for page in pages.iter().filter(|page| page.name != SUMMARY) {
        if !listed.contains(&page.name) {
            problems.add(SUMMARY, format!("{} is not in it", page.name));
        }
    }
    for link in listed {
        if !pages.iter().any(|page| page.name == link) {
            problems.add(SUMMARY, format!("there is no {link}"));
        }
    }
}
