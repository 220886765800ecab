//! The command `timeline`: run a program, and draw what its processes did.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use timeline::{State, svg, trace};

/// Runs a program and draws what its processes did: an SVG on standard output
///
/// What the program prints goes to standard error.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// Also write a trace, for Perfetto or Chrome's trace viewer
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// What the picture is called
    #[arg(long)]
    title: Option<String>,
    /// How far the axis of time goes at least
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    until: f64,
    /// Other words for a state: runs, sleeps, lock or waits
    #[arg(long = "word", value_name = "STATE=WORDS", value_parser = word)]
    words: Vec<(State, String)>,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

fn word(text: &str) -> Result<(State, String)> {
    let (name, words) = text.split_once('=').context("there is no '='")?;
    let known = State::ALL.into_iter().find(|state| state.name() == name);
    let state = known.with_context(|| format!("there is no state {name:?}"))?;
    Ok((state, words.to_owned()))
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("timeline: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let Some((program, arguments)) = cli.command.split_first() else {
        bail!("there is no program to run");
    };
    let until = Duration::try_from_secs_f64(cli.until)
        .context("there is no such time")?;
    let mut command = Command::new(program);
    command.args(arguments);
    let (recording, status) =
        timeline::record(command, |line| eprintln!("{line}"))?;
    if let Some(path) = cli.trace {
        let file = File::create(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        let mut file = BufWriter::new(file);
        trace::write(&recording, &mut file)?;
        file.flush().context("cannot write the trace")?;
    }
    let title = cli.title.unwrap_or_else(|| cli.command.join(" "));
    let style = svg::Style { title, until, words: cli.words };
    io::stdout().write_all(svg::draw(&recording, &style).as_bytes())?;
    if !status.success() {
        eprintln!("timeline: {program} ended with {status}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
