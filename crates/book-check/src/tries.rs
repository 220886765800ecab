//! The changes that the pages propose to try.
//!
//! A try is a change, `NAME.diff`, and what is printed then, `NAME.txt`, whose
//! first line is the command. One that needs no change has no diff.
//!
//! A comment behind the command says if the lines come in any order.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use anyhow::{Context, Result, ensure};
use regex::Regex;

use crate::Problems;

const ANY_ORDER: &str = "# in any order";

/// How many seconds a try may take, building included.
const LIMIT: &str = "300";

/// Makes each change in a copy of the workspace, runs the command, and
/// compares what it prints.
///
/// # Errors
///
/// If the workspace cannot be copied.
pub fn tries(root: &Path, book: &Path, names: &[String]) -> Result<Problems> {
    let mut problems = Problems::default();
    let target = root.canonicalize()?.join("target");
    let copy = target.join("tries");
    copy_workspace(root, &copy).context("cannot copy the workspace")?;
    for text in texts(&book.join("tries"))? {
        let name = text.file_stem().unwrap_or_default().to_string_lossy();
        if names.is_empty() || names.iter().any(|wanted| *wanted == name) {
            problems.take(&name, check(&copy, &text));
        }
    }
    Ok(problems)
}

fn texts(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            texts.push(path);
        }
    }
    texts.sort();
    Ok(texts)
}

/// Only what is needed to build: not what was built, not the book.
fn copy_workspace(root: &Path, copy: &Path) -> Result<()> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    fs::create_dir_all(copy)?;
    for what in ["Cargo.toml", "Cargo.lock", "crates"] {
        // Times are kept, so that only what was changed is built again.
        run(Command::new("cp").arg("-a").arg(root.join(what)).arg(copy))?;
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<Output> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {:?}", command.get_program()))?;
    ensure!(
        output.status.success(),
        "{:?} failed: {}",
        command.get_program(),
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(output)
}

fn check(copy: &Path, text: &Path) -> Result<()> {
    let expected = fs::read_to_string(text)?;
    let (command, expected) =
        expected.split_once('\n').context("there is no output in it")?;
    let command = command
        .strip_prefix("$ ")
        .context("its first line is not a command")?;
    let diff = text.with_extension("diff");
    let changed = diff.is_file();
    if changed {
        patch(copy, &diff, "--forward")?;
    }
    let printed = print(copy, command);
    if changed {
        patch(copy, &diff, "--reverse")?;
    }
    compare(expected, &printed?, command.ends_with(ANY_ORDER))
}

fn patch(copy: &Path, diff: &Path, direction: &str) -> Result<Output> {
    run(Command::new("patch")
        .current_dir(copy)
        .args(["--strip=1", "--fuzz=0", "--reject-file=-", direction])
        .arg("--input")
        .arg(diff.canonicalize()?))
}

/// Whether the command fails is part of what is tried: it prints that.
fn print(copy: &Path, command: &str) -> Result<String> {
    let output = Command::new("timeout")
        .args(["--kill-after=5", LIMIT, "sh", "-c"])
        .arg(format!("exec 2>&1\n{command}"))
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", copy.with_file_name("tries-target"))
        // It is built to be run once: that takes a fifth of the room.
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .output()
        .context("cannot run the command")?;
    ensure!(output.status.code() != Some(124), "it took too long");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn compare(expected: &str, printed: &str, in_any_order: bool) -> Result<()> {
    let mut missing: Vec<_> = expected.lines().collect();
    for line in printed.lines() {
        let wanted = if in_any_order { &missing[..] } else { first(&missing) };
        let place = wanted.iter().position(|other| is(other, line));
        let place = place.with_context(|| {
            format!("it prints {line:?}, which is not expected there")
        })?;
        missing.remove(place);
    }
    ensure!(missing.is_empty(), "it does not print {missing:?}");
    Ok(())
}

fn first<T>(list: &[T]) -> &[T] {
    &list[..list.len().min(1)]
}

/// Whether a line is the expected one, with numbers for its placeholders.
fn is(expected: &str, line: &str) -> bool {
    static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
        let names = r"\\\[(?:main|child \d+|seconds|sum|elapsed|random)\\\]";
        Regex::new(names).unwrap_or_else(|error| panic!("{error}"))
    });
    let literal = regex::escape(expected);
    let pattern = PLACEHOLDER.replace_all(&literal, "[0-9.:e-]+");
    Regex::new(&format!("^{pattern}$")).is_ok_and(|form| form.is_match(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_stands_for_a_number() {
        assert!(is("pid: [child 1] (x)", "pid: 4711 (x)"));
        assert!(!is("pid: [child 1] (x)", "pid: none (x)"));
        assert!(!is("pid: 4711", "pid: 47112"));
        assert!(is("Done in [elapsed]", "Done in 0:00:00.967583"));
    }

    #[test]
    fn the_lines_are_the_same_in_their_order_or_in_any() {
        assert!(compare("a\nb\n", "b\na\n", true).is_ok());
        assert!(compare("a\nb\n", "b\na\n", false).is_err());
        assert!(compare("a\nb\n", "a\nb\n", false).is_ok());
        assert!(compare("a\nb\n", "b\n", true).is_err());
        assert!(compare("a\n", "a\na\n", true).is_err());
    }
}
