//! A line as text with marks: the places where one run differs from another.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::mark::{Mark, PLACEHOLDERS};
use crate::names::Names;

/// Where a mark is in a line that a program printed: at the group.
const FORMS: [(&str, Mark); 10] = [
    (r"(?:\b(?:PID|pid|id): |pid=|^Exit from |subprocess\()(\d+)", Mark::Id),
    (r"\bparent=(\d+)", Mark::Id),
    (r"^\w+:(\d+) >", Mark::Id),
    (r"^(fork|spawn|forkserver)$", Mark::Method),
    (r"^(\d+)$", Mark::Count),
    (r"(\d+) CPU core", Mark::Count),
    (r"sleeping for (\d\.\d{3})s$", Mark::Seconds),
    (r"sleeping for ([0-9.e-]+)$", Mark::Random),
    (r"sum=(\d+\.\d{3})\)", Mark::Sum),
    (r"^Done in (\d+:\d\d:\d\d(?:\.\d{6})?) ", Mark::Elapsed),
];

/// A part of a line.
#[derive(Debug)]
pub(crate) enum Piece {
    Text(String),
    /// In an expected line with the placeholder's name, in an actual line
    /// with what the program printed.
    Mark(Mark, String),
}

/// A line of an expected or of an actual transcript.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) pieces: Vec<Piece>,
}

impl Line {
    /// Reads a line that has placeholders.
    pub(crate) fn expected(text: &str) -> Self {
        static PLACEHOLDER: LazyLock<Regex> =
            LazyLock::new(|| regex(r"\[(([a-z]+)(?: \d+)?)\]"));
        let marks = PLACEHOLDER.captures_iter(text).filter_map(|found| {
            let whole = found.get_match().range();
            let known = PLACEHOLDERS.iter().find(|p| p.0 == &found[2])?;
            Some((whole, known.1, found[1].to_owned()))
        });
        Self::cut(text, marks.collect())
    }

    /// Reads a line that a program printed in the directory `cwd`.
    pub(crate) fn actual(text: &str, cwd: &str) -> Self {
        static FOUND: LazyLock<Vec<(Regex, Mark)>> = LazyLock::new(|| {
            FORMS.iter().map(|(form, mark)| (regex(form), *mark)).collect()
        });
        let mut marks = Vec::new();
        for (form, mark) in FOUND.iter() {
            let found = form.captures_iter(text);
            for value in found.filter_map(|found| found.get(1)) {
                let printed = value.as_str().to_owned();
                if *mark != Mark::Random || is_random(&printed) {
                    marks.push((value.range(), *mark, printed));
                }
            }
        }
        if let Some(at) = text.find(cwd) {
            marks.push((at..at + cwd.len(), Mark::Cwd, cwd.to_owned()));
        }
        marks.sort_by_key(|(range, _, _)| range.start);
        Self::cut(text, marks)
    }

    /// Whether this line, which a program printed, is the `expected` one.
    /// If so, the names with what this line adds to them.
    pub(crate) fn is(&self, expected: &Self, names: &Names) -> Option<Names> {
        if self.pieces.len() != expected.pieces.len() {
            return None;
        }
        let mut names = names.clone();
        for pieces in expected.pieces.iter().zip(&self.pieces) {
            match pieces {
                (Piece::Text(wanted), Piece::Text(text)) => {
                    (wanted == text).then_some(())?;
                }
                (Piece::Mark(wanted, name), Piece::Mark(mark, value)) => {
                    (wanted == mark).then_some(())?;
                    names.bind(*mark, name, value).then_some(())?;
                }
                _ => return None,
            }
        }
        Some(names)
    }

    /// The line with placeholders for what the program printed. What should
    /// have a name and has none stays as it is.
    pub(crate) fn normalised(&self, names: &Names) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Mark(mark, value) => names
                .of(*mark, value)
                .or_else(|| mark.placeholder())
                .map_or_else(|| value.clone(), |name| format!("[{name}]")),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// The values of all marks of a kind.
    pub(crate) fn values(&self, kind: Mark) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(move |piece| match piece {
            Piece::Mark(mark, value) if *mark == kind => Some(value.as_str()),
            _ => None,
        })
    }

    fn cut(text: &str, marks: Vec<(Range<usize>, Mark, String)>) -> Self {
        let mut pieces = Vec::new();
        let mut end = 0;
        for (range, mark, value) in marks {
            if range.start < end {
                continue;
            }
            pieces.push(Piece::Text(text[end..range.start].to_owned()));
            pieces.push(Piece::Mark(mark, value));
            end = range.end;
        }
        pieces.push(Piece::Text(text[end..].to_owned()));
        Self { text: text.to_owned(), pieces }
    }
}

/// Whether this is a number from 0 to 1 as Python prints it: the shortest
/// digits that give the same number again, and an exponent of two digits.
fn is_random(text: &str) -> bool {
    let Ok(number) = text.parse::<f64>() else { return false };
    let printed = format!("{number:?}");
    let printed = match printed.split_once("e-") {
        Some((digits, exponent)) => format!("{digits}e-{exponent:0>2}"),
        None => printed,
    };
    (0.0..1.0).contains(&number) && printed == text
}

fn regex(form: &str) -> Regex {
    Regex::new(form).expect("the forms of this file are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_are_as_python_prints_them() {
        for good in ["0.0", "0.5", "0.9643689843106737", "5e-05", "1.25e-11"] {
            assert!(is_random(good), "{good}");
        }
        for bad in ["1.0", "0.50", ".5", "5e-5", "0.00005", "0", "-0.5"] {
            assert!(!is_random(bad), "{bad}");
        }
    }

    #[test]
    fn only_known_placeholders_are_marks() {
        let line = Line::expected("['fork', 'spawn'] [other] [child 1]");
        let marks = |p: &&Piece| matches!(p, Piece::Mark(..));
        assert_eq!(line.pieces.iter().filter(marks).count(), 1);
    }
}
