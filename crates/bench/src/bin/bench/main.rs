//! Measures the same work for mp-core, the bare system calls, `CPython` and
//! other crates: `scripts/bench --help`.

mod build;
mod examples;
mod goals;
mod idle;
mod machine;
mod measurement;
mod picture;
mod plan;
mod plots;
mod program;
mod record;
mod results;
mod run;
mod table;
mod words;

use std::fs;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::measurement::Measurement;
use crate::plan::Pace;
use crate::results::Results;

/// Measures mp-core, the least that the system calls cost (`limit`), CPython,
/// and other crates, one after the other, round by round.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// What to measure; everything if nothing is named.
    #[arg(value_enum)]
    measurements: Vec<Measurement>,
    /// Measures everything in under three minutes, less exactly.
    #[arg(long)]
    quick: bool,
    /// Only looks whether everything runs. The other crates are left out.
    #[arg(long, conflicts_with_all = ["quick", "record"])]
    smoke: bool,
    /// Writes a line of JSON for each measurement of each subject.
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    json: Option<PathBuf>,
    /// Writes the tables in Markdown and the plots in SVG, as the book shows
    /// them, into this directory.
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "record")]
    book: Option<PathBuf>,
    /// Measures several whole runs, and writes into this directory their lines
    /// of JSON, where and how they were measured, and what --book writes.
    #[arg(long, value_name = "DIRECTORY")]
    record: Option<PathBuf>,
    /// How many runs --record measures.
    #[arg(long, value_name = "N", default_value = "3", requires = "record")]
    runs: NonZero<usize>,
    /// Measures nothing, and shows what the runs that wrote these files came
    /// to.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 1..,
        conflicts_with_all =
            ["measurements", "quick", "smoke", "json", "record"]
    )]
    report: Vec<PathBuf>,
}

fn main() -> ExitCode {
    bench(&Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("bench: {error:#}");
        ExitCode::FAILURE
    })
}

fn bench(arguments: &Arguments) -> Result<ExitCode> {
    let runs = if arguments.report.is_empty() {
        measure(arguments)?
    } else {
        let runs = arguments.report.iter().map(|file| Results::read(file));
        runs.collect::<Result<_>>()?
    };
    let Some(last) = runs.last() else { return Ok(ExitCode::SUCCESS) };
    print!("{}", table::of(last));
    // The few samples of a smoke run say nothing.
    if !arguments.smoke {
        let goals = goals::table(&runs);
        if !goals.is_empty() {
            print!("\n## Goals\n\n{goals}");
        }
    }
    if let Some(directory) =
        arguments.book.as_ref().or(arguments.record.as_ref())
    {
        record::write_book(directory, &runs)?;
    }
    for note in results::notes(&runs) {
        eprintln!("note: {note}");
    }
    Ok(if runs.iter().all(Results::is_complete) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn measure(arguments: &Arguments) -> Result<Vec<Results>> {
    let pace = match (arguments.quick, arguments.smoke) {
        (true, _) => Pace::Quick,
        (_, true) => Pace::Smoke,
        _ => Pace::Full,
    };
    println!("{}", machine::description().join(" · "));
    let Some(directory) = &arguments.record else {
        let results = run::run(&arguments.measurements, pace)?;
        if let Some(file) = &arguments.json {
            results.write(file)?;
        }
        return Ok(vec![results]);
    };
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let mut runs = Vec::new();
    for number in 1..=arguments.runs.get() {
        eprintln!("run {number} of {}", arguments.runs);
        let results = run::run(&arguments.measurements, pace)?;
        results.write(&record::lines_of(directory, number))?;
        runs.push(results);
    }
    record::forget_after(directory, runs.len())?;
    record::write_circumstances(directory, &runs)?;
    Ok(runs)
}
