//! One transcript against the expected one.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use similar::TextDiff;

use crate::arrange::{Arrangement, arrange};
use crate::line::Line;
use crate::names::Names;
use crate::program::Program;
use crate::subject::Method;

/// The expected transcript of a program.
#[derive(Debug)]
pub struct Expected(Vec<Line>);

impl Expected {
    /// Reads it from beside the program's source.
    ///
    /// # Errors
    ///
    /// If there is none, or [`parse`](Self::parse) finds a fault.
    pub fn load(program: &Program, root: &Path) -> Result<Self> {
        let path = program.expected_path(root);
        let text = fs::read_to_string(&path).with_context(|| {
            format!("no transcript of {}: record it first", program.id())
        })?;
        Self::parse(program, &text)
    }

    /// Takes it from a text.
    ///
    /// # Errors
    ///
    /// If the text does not have the lines that `programs.txt` tells of.
    pub fn parse(program: &Program, text: &str) -> Result<Self> {
        let slots = &program.order.slots;
        let lines: Vec<_> = text.lines().map(Line::expected).collect();
        let mut pairs = slots.iter().zip(&lines);
        ensure!(
            lines.len() == slots.len()
                && pairs.all(|(slot, l)| l.text.starts_with(&slot.begins)),
            "the transcript of {} and programs.txt do not agree",
            program.id()
        );
        Ok(Self(lines))
    }
}

/// What a run printed, and under which circumstances.
#[derive(Debug, Clone)]
pub struct Transcript {
    /// The lines of its standard output.
    pub lines: Vec<String>,
    /// The id of the process that was started.
    pub pid: u32,
    /// The directory that it ran in.
    pub cwd: String,
    /// Its start method.
    pub method: Method,
    /// How long the whole run took.
    pub wall: Duration,
}

impl Transcript {
    pub(crate) fn read(&self) -> Vec<Line> {
        let lines = self.lines.iter();
        lines.map(|line| Line::actual(line, &self.cwd)).collect()
    }

    pub(crate) fn names(&self) -> Names {
        Names::of_run(self.pid, self.method.name())
    }
}

/// How a transcript differs from the expected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// A unified diff, or the rule that does not hold.
    pub text: String,
    /// A busy machine alone can bring this about: run it again.
    pub by_time: bool,
}

impl From<String> for Difference {
    fn from(text: String) -> Self {
        Self { text, by_time: false }
    }
}

/// Compares a transcript with the expected one. `subject` names it in a diff.
///
/// # Errors
///
/// The difference, if there is one.
pub fn compare(
    program: &Program,
    expected: &Expected,
    transcript: &Transcript,
    subject: &str,
) -> Result<(), Difference> {
    let lines = transcript.read();
    let found = place(program, expected, &lines, transcript.names());
    if !found.complete {
        let (wanted, got) = views(program, expected, &lines, &found);
        let diff = TextDiff::from_lines(&wanted, &got)
            .unified_diff()
            .header(&format!("{} as expected", program.id()), subject)
            .to_string();
        return Err(format!("not the expected lines\n{diff}").into());
    }
    for rule in &program.rules {
        rule.check(&lines, transcript.wall).map_err(|broken| Difference {
            text: format!("{}\n{}\n", broken.why, transcript.lines.join("\n")),
            by_time: broken.by_time,
        })?;
    }
    Ok(())
}

/// A transcript with placeholders, in the order of the run.
pub(crate) fn normalised(
    program: &Program,
    expected: &Expected,
    transcript: &Transcript,
) -> String {
    let lines = transcript.read();
    let found = place(program, expected, &lines, transcript.names());
    views(program, expected, &lines, &found).1
}

fn place(
    program: &Program,
    expected: &Expected,
    lines: &[Line],
    names: Names,
) -> Arrangement {
    arrange(&program.order, lines.len(), names, |slot, line, names| {
        lines[line].is(&expected.0[slot], names)
    })
}

/// The two sides of a diff. Both begin with the lines that have their place,
/// in the order of the run; then the expected side has what may come next.
fn views(
    program: &Program,
    expected: &Expected,
    lines: &[Line],
    found: &Arrangement,
) -> (String, String) {
    let placed = found.slots.iter().map(|slot| &expected.0[*slot]);
    let mut wanted: Vec<&str> = placed.map(|line| &*line.text).collect();
    let mut got: Vec<String> = wanted.iter().map(|&l| l.to_owned()).collect();

    // First the line that must come next, if there is one: so the two sides
    // part where the run left the allowed orders.
    let next = program.order.bound_after(found.slots.last().copied());
    let free = (0..expected.0.len()).filter(|slot| Some(*slot) != next);
    let mut missing: Vec<&Line> = next
        .into_iter()
        .chain(free)
        .filter(|slot| !found.slots.contains(slot))
        .map(|slot| &expected.0[slot])
        .collect();
    wanted.extend(missing.iter().map(|line| &*line.text));

    let mut names = found.names.clone();
    for line in &lines[found.slots.len()..] {
        // A line that only came too early, or too late, reads as expected.
        let moved = missing.iter().enumerate().find_map(|(at, wanted)| {
            line.is(wanted, &names).map(|names| (at, names))
        });
        if let Some((at, more)) = moved {
            names = more;
            got.push(missing.remove(at).text.clone());
        } else {
            got.push(line.normalised(&names));
        }
    }
    let text = |line: &str| format!("{line}\n");
    (
        wanted.into_iter().map(text).collect(),
        got.iter().map(|line| text(line)).collect(),
    )
}
