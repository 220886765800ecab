//! The examples: how long they take beyond the sleeps they contain.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::build::{build_examples, python, root};
use crate::measurement::Measurement;
use crate::plan::{Effort, Pace, effort};
use crate::program::{Running, Subject, is_interrupted};
use crate::results::{Results, Series};

/// What an example sleeps for on its longest way to the end.
#[derive(Clone, Copy, Debug)]
enum Sleep {
    /// Always the same number of seconds.
    Fixed(f64),
    /// As long as the longest of the times that it prints.
    Longest,
    /// As long as all times together.
    Sum,
}

/// The examples that wait for a file `STOP` find it.
const EXAMPLES: [(&str, Sleep); 6] = [
    ("ex1", Sleep::Fixed(5.0)),
    ("ex2", Sleep::Fixed(2.0)),
    ("ex3", Sleep::Fixed(0.0)),
    ("ex4", Sleep::Fixed(1.0)),
    ("ex5", Sleep::Longest),
    ("ex6", Sleep::Sum),
];

/// What those say that sleep for a random time.
const SLEEPING: &str = "sleeping for ";

/// The programs, or why there are none.
#[derive(Debug)]
pub(crate) struct Examples {
    pub(crate) effort: Effort,
    all: Vec<(&'static str, Sleep)>,
    rust: Option<PathBuf>,
    python: Option<OsString>,
}

impl Examples {
    /// Builds them, and notes which cannot be had.
    pub(crate) fn new(pace: Pace, results: &mut Results) -> Self {
        let some: &[_] =
            if pace == Pace::Smoke { &EXAMPLES[2..3] } else { &EXAMPLES };
        let all: Vec<_> = some
            .iter()
            .filter(|(name, _)| root().join("crates").join(name).is_dir())
            .copied()
            .collect();
        let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        let rust = build_examples(&names)
            .map_err(|error| {
                let note = format!("the examples do not build: {error:#}");
                results.note_failure(note);
            })
            .ok();
        let python = python()
            .map_err(|error| {
                results.note(format!("cpython is not measured: {error:#}"));
            })
            .ok();
        let effort = effort(Measurement::ExampleOverhead, pace);
        Self { effort, all, rust, python }
    }

    /// Runs each once.
    pub(crate) fn measure(&self, results: &mut Results) -> Result<()> {
        let twins = root().join("examples-book/python");
        for (name, sleep) in &self.all {
            if let Some(directory) = &self.rust {
                let mut command = Command::new(directory.join(name));
                run(&mut command, name, *sleep, Subject::MpCore, results)?;
            }
            if let Some(python) = &self.python {
                let mut command = Command::new(python);
                command.arg(twins.join(name).with_extension("py"));
                run(&mut command, name, *sleep, Subject::CPython, results)?;
            }
        }
        Ok(())
    }
}

fn run(
    command: &mut Command,
    name: &str,
    sleep: Sleep,
    subject: Subject,
    results: &mut Results,
) -> Result<()> {
    let room = Room::new()?;
    let time = time(command.current_dir(&room.0), sleep);
    if is_interrupted() {
        bail!("interrupted");
    }
    match time {
        Ok(overhead) => results.add(Series {
            measurement: "example_overhead".to_owned(),
            subject: subject.name().to_owned(),
            params: format!("program={name}"),
            unit: "ns".to_owned(),
            samples: vec![overhead],
        }),
        Err(error) => results
            .note_failure(format!("{subject} failed at {name}: {error:#}")),
    }
    Ok(())
}

/// How many nanoseconds a program took beyond its sleeps.
fn time(command: &mut Command, sleep: Sleep) -> Result<f64> {
    let begin = Instant::now();
    let running = Running::start(command)?;
    let mut times = Vec::new();
    while let Some(line) = running.next_line()? {
        times.extend(seconds(&line));
    }
    running.finish()?;
    let whole = begin.elapsed().as_secs_f64();
    let slept = match sleep {
        Sleep::Fixed(seconds) => seconds,
        Sleep::Longest => times.iter().copied().fold(0.0, f64::max),
        Sleep::Sum => times.iter().sum(),
    };
    Ok((whole - slept) * 1e9)
}

fn seconds(line: &str) -> Option<f64> {
    let (_, time) = line.split_once(SLEEPING)?;
    time.trim_end_matches('s').parse().ok()
}

/// A directory with the file `STOP` in it.
struct Room(PathBuf);

impl Room {
    fn new() -> Result<Self> {
        let name = format!("bench-{}", std::process::id());
        let room = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&room.0)?;
        File::create(Path::join(&room.0, "STOP"))
            .context("cannot make the file STOP")?;
        Ok(room)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_read_from_what_is_printed() {
        let ex5 = ">process 3 got the lock, sleeping for 0.778s";
        assert_eq!(seconds(ex5), Some(0.778));
        assert_eq!(seconds(">process 3 sleeping for 5e-05"), Some(0.000_05));
        assert_eq!(seconds(">process 3 done"), None);
    }
}
