//! What the book shows: runs that were recorded, and the tables and pictures
//! that are made of them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::results::Results;
use crate::{goals, machine, plots, results, table};

/// Where the lines of a run are, counted from 1.
pub(crate) fn lines_of(directory: &Path, run: usize) -> PathBuf {
    directory.join(format!("run-{run}.jsonl"))
}

/// Takes away the runs after this one, of an earlier recording.
pub(crate) fn forget_after(directory: &Path, last: usize) -> Result<()> {
    for run in last + 1.. {
        let file = lines_of(directory, run);
        if !file.exists() {
            break;
        }
        fs::remove_file(&file)
            .with_context(|| format!("cannot remove {}", file.display()))?;
    }
    Ok(())
}

/// Writes where and how it was measured, and what could not be.
pub(crate) fn write_circumstances(
    directory: &Path,
    runs: &[Results],
) -> Result<()> {
    let mut machine = String::new();
    for fact in machine::description() {
        let _ = writeln!(machine, "- {fact}");
    }
    let _ = writeln!(machine, "- measured by `{}`", machine::command());
    write(directory, "machine.md", &machine)?;
    let notes = results::notes(runs);
    let mut text = String::new();
    for note in &notes {
        let _ = writeln!(text, "- {note}");
    }
    if notes.is_empty() {
        text.push_str("Everything could be measured.\n");
    }
    write(directory, "notes.md", &text)
}

/// Writes the goals of all runs, and the tables and pictures of the last.
pub(crate) fn write_book(directory: &Path, runs: &[Results]) -> Result<()> {
    let Some(last) = runs.last() else { return Ok(()) };
    plots::draw(last, directory)?;
    let goals = goals::table(runs);
    if !goals.is_empty() {
        write(directory, "goals.md", &goals)?;
    }
    for measurement in last.measurements() {
        let compact = table::compact(last, measurement);
        write(directory, &format!("{measurement}.md"), &compact)?;
        let full = table::full(last, measurement);
        write(directory, &format!("{measurement}-full.md"), &full)?;
    }
    Ok(())
}

fn write(directory: &Path, name: &str, text: &str) -> Result<()> {
    let file = directory.join(name);
    fs::write(&file, text)
        .with_context(|| format!("cannot write {}", file.display()))
}
