//! One run of a program, in an empty directory of its own.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::compare::{Expected, Transcript, normalised};
use crate::program::Program;
use crate::subject::{Method, Subject};
use crate::terminal::{Cue, End, Run, run};

/// The hard end of a run. The longest program sleeps for less than ten.
const TIME: Duration = Duration::from_secs(60);

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) run: Run,
    pub(crate) transcript: Transcript,
    /// The files that it left in its directory.
    left: Vec<String>,
}

impl Attempt {
    /// What is wrong with the run, whatever it printed.
    pub(crate) fn fault(&self) -> Option<String> {
        let why = match self.run.end {
            End::Hung => format!("hung, killed after {:.0?}", self.run.wall),
            End::Exited(status) if !status.success() => {
                format!("ended with {status}")
            }
            End::Exited(_) if !self.left.is_empty() => {
                format!("left behind {}", self.left.join(", "))
            }
            End::Exited(_) => return None,
        };
        Some(format!("{why}; it printed:\n{}", self.run.output))
    }
}

pub(crate) fn attempt(
    program: &Program,
    subject: &Subject,
    method: Method,
) -> Result<Attempt> {
    let directory = tempfile::tempdir().context("cannot make a directory")?;
    let cwd = directory.path().canonicalize()?;
    let mut command = subject.command(program, method)?;
    command.current_dir(&cwd);
    let cue = program
        .order
        .stop_after
        .map(|lines| Cue { lines, file: cwd.join("STOP") });
    let run = run(command, TIME, cue)?;
    let transcript = Transcript {
        lines: run.output.lines().map(str::to_owned).collect(),
        pid: run.pid,
        cwd: cwd.display().to_string(),
        method,
        wall: run.wall,
    };
    let mut left = Vec::new();
    for file in fs::read_dir(&cwd)? {
        left.push(file?.file_name().to_string_lossy().into_owned());
    }
    Ok(Attempt { run, transcript, left })
}

/// Runs a program once, and tells what it printed and how that reads.
///
/// # Errors
///
/// If it cannot be run, or has no expected transcript.
pub fn show(
    program: &Program,
    subject: &Subject,
    method: Method,
    root: &Path,
) -> Result<String> {
    let expected = Expected::load(program, root)?;
    let Attempt { run, transcript, .. } = attempt(program, subject, method)?;
    let title = format!("{}, {subject} under {}", program.id(), method.name());
    let mut text = format!("===== {title} =====\n{}", run.output);
    text += "===== normalised =====\n";
    text += &normalised(program, &expected, &transcript);
    if !run.errors.is_empty() {
        text += "===== standard error =====\n";
        text += &run.errors;
    }
    Ok(text)
}
