//! The part of a file that a page shows.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// `{{#include PATH:PART}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The file, from the folder of the page.
    pub path: String,
    /// What of it.
    pub part: Part,
}

/// What of a file is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// What stands between `ANCHOR: name` and `ANCHOR_END: name`.
    Anchor(String),
    /// These lines, counted from 1.
    Lines(RangeInclusive<usize>),
}

impl Include {
    /// Reads an include that is all there is in `text`. None if there is
    /// something else.
    ///
    /// # Errors
    ///
    /// If the part is none of those that are used in this book.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        let Some(inner) = text
            .trim()
            .strip_prefix("{{#include ")
            .and_then(|rest| rest.strip_suffix("}}"))
        else {
            return Ok(None);
        };
        ensure!(!inner.contains("{{"), "more than one include");
        let (path, part) = match inner.split_once(':') {
            None => (inner, Part::Whole),
            Some((path, part)) => (path, Part::parse(part)?),
        };
        Ok(Some(Self { path: path.to_owned(), part }))
    }

    /// The text, as mdBook shows it, for a page in `folder`.
    ///
    /// # Errors
    ///
    /// If the file has no such part, or the part is empty.
    pub fn text(&self, folder: &Path) -> Result<String> {
        let file = fs::read_to_string(folder.join(&self.path))
            .with_context(|| format!("cannot read {}", self.path))?;
        let lines: Vec<_> = file.lines().collect();
        let text = match &self.part {
            Part::Whole => without_anchors(&lines),
            Part::Anchor(name) => anchored(&lines, name)
                .with_context(|| format!("in {}", self.path))?,
            Part::Lines(range) => paragraph(&lines, range)
                .with_context(|| format!("in {}", self.path))?,
        };
        ensure!(!text.trim().is_empty(), "{} has nothing to show", self.path);
        Ok(text)
    }
}

impl Part {
    fn parse(text: &str) -> Result<Self> {
        let Some((first, last)) = text.split_once(':') else {
            ensure!(
                text.parse::<usize>().is_err(),
                "line {text} alone: give two numbers"
            );
            return Ok(Self::Anchor(text.to_owned()));
        };
        let number = |text: &str| {
            text.parse::<usize>()
                .with_context(|| format!("{text:?} is no line number"))
        };
        Ok(Self::Lines(number(first)?..=number(last)?))
    }
}

/// The name of the anchor that begins, or ends, in a line.
pub(crate) fn anchor<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let (_, name) = line.split_once(mark)?;
    Some(name.trim())
}

pub(crate) const BEGIN: &str = "ANCHOR: ";
const END: &str = "ANCHOR_END: ";

fn is_anchor(line: &str) -> bool {
    line.contains(BEGIN) || line.contains(END)
}

fn without_anchors(lines: &[&str]) -> String {
    let shown: Vec<_> =
        lines.iter().copied().filter(|line| !is_anchor(line)).collect();
    shown.join("\n")
}

fn anchored(lines: &[&str], name: &str) -> Result<String> {
    let at = |mark| {
        let mut places = (0..lines.len())
            .filter(|&index| anchor(lines[index], mark) == Some(name));
        let place = places.next();
        if places.next().is_some() {
            bail!("the anchor {name:?} is there twice");
        }
        place.with_context(|| format!("there is no `{mark}{name}`"))
    };
    let (begin, end) = (at(BEGIN)?, at(END)?);
    ensure!(begin < end, "the anchor {name:?} ends before it begins");
    Ok(without_anchors(&lines[begin + 1..end]))
}

/// Numbers say nothing when the file changes. So a range has to be whole
/// paragraphs: where lines were added or taken away it no longer is.
fn paragraph(lines: &[&str], range: &RangeInclusive<usize>) -> Result<String> {
    let (first, last) = (*range.start(), *range.end());
    ensure!(
        1 <= first && first <= last && last <= lines.len(),
        "there are {} lines, and not {first} to {last}",
        lines.len()
    );
    let is_blank = |number: usize| {
        number == 0
            || lines.get(number - 1).is_none_or(|line| line.trim().is_empty())
    };
    ensure!(
        is_blank(first - 1) && !is_blank(first),
        "line {first} does not begin a paragraph"
    );
    ensure!(
        is_blank(last + 1) && !is_blank(last),
        "line {last} does not end a paragraph"
    );
    Ok(lines[first - 1..last].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 8] = [
        "// ANCHOR: one",
        "a",
        "",
        "// ANCHOR: two",
        "b",
        "// ANCHOR_END: two",
        "c",
        "// ANCHOR_END: one",
    ];

    fn parse(text: &str) -> Option<Include> {
        Include::parse(text).unwrap()
    }

    #[test]
    fn an_include_is_read() {
        let part = |text: &str| parse(text).unwrap().part;
        assert_eq!(part("{{#include a.rs}}\n"), Part::Whole);
        assert_eq!(part("{{#include a.rs:x}}"), Part::Anchor("x".into()));
        assert_eq!(part("{{#include a.py:2:9}}"), Part::Lines(2..=9));
        assert_eq!(parse("let x = 1;"), None);
        assert!(Include::parse("{{#include a.py:2}}").is_err());
        assert!(Include::parse("{{#include a}}\n{{#include b}}").is_err());
    }

    #[test]
    fn an_anchor_may_stand_within_another() {
        assert_eq!(anchored(&LINES, "one").unwrap(), "a\n\nb\nc");
        assert_eq!(anchored(&LINES, "two").unwrap(), "b");
        let error = anchored(&LINES, "three").unwrap_err().to_string();
        assert_eq!(error, "there is no `ANCHOR: three`");
    }

    #[test]
    fn a_range_is_whole_paragraphs() {
        let lines = ["", "a", "b", "", "c"];
        assert_eq!(paragraph(&lines, &(2..=3)).unwrap(), "a\nb");
        assert_eq!(paragraph(&lines, &(2..=5)).unwrap(), "a\nb\n\nc");
        for wrong in [1..=3, 3..=3, 2..=2, 2..=4, 5..=6] {
            assert!(paragraph(&lines, &wrong).is_err(), "{wrong:?}");
        }
    }
}
