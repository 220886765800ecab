//! Writes the expected transcript of a program: what its twin prints.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::arrange::arrange;
use crate::attempt::{Attempt, attempt};
use crate::compare::{Expected, Transcript, compare};
use crate::line::Line;
use crate::mark::Mark;
use crate::program::Program;
use crate::subject::{Method, Subject};

/// Runs a program's twin under fork, and writes what it prints, normalised
/// and in the order of `programs.txt`. Returns the file.
///
/// # Errors
///
/// If the twin cannot be run or prints something else than `programs.txt`
/// tells of, or the file cannot be written.
pub fn record(
    program: &Program,
    python: &Subject,
    root: &Path,
) -> Result<PathBuf> {
    let path = program.expected_path(root);
    let folder = path.parent().unwrap_or(root);
    ensure!(folder.is_dir(), "there is no folder {}", folder.display());

    let attempt = attempt(program, python, Method::Fork)?;
    if let Some(fault) = attempt.fault() {
        bail!("{}: {fault}{}", program.id(), attempt.run.errors);
    }
    let Attempt { run, transcript, .. } = attempt;
    let text = expected(program, &transcript).with_context(|| {
        format!("it printed:\n{}{}", run.output, run.errors)
    })?;
    let read = Expected::parse(program, &text)?;
    if let Err(difference) = compare(program, &read, &transcript, "itself") {
        bail!("{}: {}", program.id(), difference.text);
    }
    fs::write(&path, text)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The lines in the order of their slots, with placeholders.
fn expected(program: &Program, transcript: &Transcript) -> Result<String> {
    let lines = transcript.read();
    let slots = &program.order.slots;
    let main = transcript.pid.to_string();
    let names = transcript.names();
    let found =
        arrange(&program.order, lines.len(), names, |slot, at, names| {
            let (slot, line) = (&slots[slot], &lines[at]);
            let begins = line.normalised(names).starts_with(&slot.begins);
            let mut names = begins.then(|| names.clone())?;
            for count in line.values(Mark::Count) {
                names.bind(Mark::Count, "n", count).then_some(())?;
            }
            // What a child tells of is itself, or the main process.
            for id in line.values(Mark::Id).filter(|id| *id != main) {
                let bound =
                    slot.who == "main" || names.bind(Mark::Id, &slot.who, id);
                bound.then_some(())?;
            }
            Some(names)
        });
    ensure!(found.complete, "not what programs.txt tells of");

    let mut pairs: Vec<_> = found.slots.iter().zip(&lines).collect();
    pairs.sort_by_key(|(slot, _)| **slot);
    let ordered = || pairs.iter().map(|(_, line)| *line);

    // The children's names count up in the order of the transcript.
    let mut names = transcript.names();
    let ids = ordered().flat_map(|line| line.values(Mark::Id));
    for (id, child) in distinct(ids.filter(|id| *id != main)).zip(1..) {
        names.bind(Mark::Id, &format!("child {child}"), id);
    }
    for count in ordered().flat_map(|line| line.values(Mark::Count)) {
        names.bind(Mark::Count, "n", count);
    }
    let text = |line: &Line| line.normalised(&names) + "\n";
    Ok(ordered().map(text).collect())
}

/// Each value once, in the order in which they first come.
fn distinct<'a>(
    values: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = &'a str> {
    let mut seen = Vec::new();
    values.filter(move |value| {
        let new = !seen.contains(value);
        seen.push(*value);
        new
    })
}
