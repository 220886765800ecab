//! The examples: how long they take beyond the sleeps they contain.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::build::{build_examples, python, root};
use crate::plan::Pace;
use crate::program::{Running, Subject};
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

pub(crate) fn measure(
    rounds: usize,
    pace: Pace,
    results: &mut Results,
) -> Result<()> {
    let all: &[_] =
        if pace == Pace::Smoke { &EXAMPLES[2..3] } else { &EXAMPLES };
    let all: Vec<_> = all
        .iter()
        .filter(|(name, _)| root().join("crates").join(name).is_dir())
        .collect();
    let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
    let rust = build_examples(&names);
    let python = python();
    let twins = root().join("examples-book/python");
    for _ in 0..rounds {
        for (name, sleep) in &all {
            match &rust {
                Ok(directory) => {
                    let mut command = Command::new(directory.join(name));
                    let subject = Subject::MpCore;
                    run(&mut command, name, *sleep, subject, results)?;
                }
                Err(error) => results.note_failure(format!(
                    "the examples do not build: {error:#}"
                )),
            }
            match &python {
                Ok(python) => {
                    let mut command = Command::new(python);
                    command.arg(twins.join(name).with_extension("py"));
                    let subject = Subject::CPython;
                    run(&mut command, name, *sleep, subject, results)?;
                }
                Err(error) => {
                    results.note(format!("cpython is not measured: {error:#}"));
                }
            }
        }
    }
    Ok(())
}

fn run(
    command: &mut Command,
    name: &str,
    sleep: Sleep,
    subject: Subject,
    results: &mut Results,
) -> Result<()> {
    let room = Room::new()?;
    match time(command.current_dir(&room.0), sleep) {
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
