//! Measures the same work for mp-core, the bare system calls, `CPython` and
//! other crates: `scripts/bench --help`.

mod build;
mod examples;
mod goals;
mod idle;
mod machine;
mod measurement;
mod plan;
mod plots;
mod program;
mod results;
mod run;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
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
    #[arg(long, conflicts_with = "quick")]
    smoke: bool,
    /// Writes a line of JSON for each measurement of each subject.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draws what grows, as SVG files in this directory.
    #[arg(long, value_name = "DIRECTORY")]
    plots: Option<PathBuf>,
    /// Measures nothing, and shows what the runs that wrote these files came
    /// to.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 1..,
        conflicts_with_all = ["measurements", "quick", "smoke", "json"]
    )]
    report: Vec<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let runs = if arguments.report.is_empty() {
        vec![measure(&arguments)?]
    } else {
        let runs = arguments.report.iter().map(|file| Results::read(file));
        runs.collect::<Result<_>>()?
    };
    let [first, ..] = &runs[..] else { return Ok(ExitCode::SUCCESS) };
    print!("{}", table::of(first));
    // The few samples of a smoke run say nothing.
    if !arguments.smoke {
        print!("{}", goals::table(&runs));
    }
    if let Some(directory) = &arguments.plots {
        plots::draw(first, directory)?;
    }
    for note in first.notes() {
        eprintln!("note: {note}");
    }
    Ok(if first.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(arguments: &Arguments) -> Result<Results> {
    let pace = match (arguments.quick, arguments.smoke) {
        (true, _) => Pace::Quick,
        (_, true) => Pace::Smoke,
        _ => Pace::Full,
    };
    println!("{}", machine::description());
    let results = run::run(&arguments.measurements, pace)?;
    if let Some(file) = &arguments.json {
        results.write(file)?;
    }
    Ok(results)
}
