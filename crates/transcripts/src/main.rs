//! The command `transcripts`: check, record and show what programs print.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand};
use transcripts::{
    Method, Plan, Program, Python, Rust, Subject, check, record, root, show,
};

/// Compares what the programs print with what Python prints
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run programs and compare with the expected transcripts
    Check {
        /// The programs, such as ex5 or ex5-with-lock [default: all]
        names: Vec<String>,
        #[command(flatten)]
        choice: Choice,
        /// Fail where there is no Python 3.10 or newer, instead of skipping
        #[arg(long)]
        require_python: bool,
        /// How often to run each
        #[arg(long, default_value_t = 1)]
        repeat: usize,
        /// How many to run at a time
        #[arg(long, default_value_t = 4)]
        jobs: usize,
    },
    /// Write the expected transcripts: what the Python twins print under fork
    Record {
        /// The programs, such as ex5 or ex5-with-lock [default: all]
        names: Vec<String>,
    },
    /// Run a program and show what it prints, as it is and normalised
    Show {
        /// The program
        name: String,
        #[command(flatten)]
        choice: Choice,
    },
}

#[derive(Debug, Args)]
struct Choice {
    /// Only the Rust programs
    #[arg(long, conflicts_with = "python")]
    rust: bool,
    /// Only the Python twins, run by $PYTHON or python3
    #[arg(long)]
    python: bool,
    /// Only this start method (can be given several times) [default: all]
    #[arg(long = "method", value_name = "METHOD")]
    methods: Vec<Method>,
}

impl Choice {
    fn methods(&self) -> Vec<Method> {
        if self.methods.is_empty() {
            Method::ALL.to_vec()
        } else {
            self.methods.clone()
        }
    }

    /// Who runs the programs. Without a usable Python that is Rust alone,
    /// unless Python was asked for.
    fn subjects(&self, require_python: bool) -> Result<Vec<Subject>> {
        let mut subjects = Vec::new();
        if !self.rust {
            match Python::find(&root()) {
                Ok(python) => subjects.push(Subject::Python(python)),
                Err(why) if require_python || self.python => return Err(why),
                Err(why) => println!("CPython is skipped: {why:#}"),
            }
        }
        if !self.python {
            subjects.insert(0, Subject::Rust(Rust::build(&root())?));
        }
        Ok(subjects)
    }
}

fn main() -> ExitCode {
    go(Cli::parse().verb).unwrap_or_else(|error| {
        eprintln!("transcripts: {error:#}");
        ExitCode::FAILURE
    })
}

fn go(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Check { names, choice, require_python, repeat, jobs } => {
            let programs = Program::select(&names)?;
            let subjects = choice.subjects(require_python)?;
            let methods = choice.methods();
            let plan = Plan { programs, subjects, methods, repeat, jobs };
            let tally = check(&plan, &root(), |line| println!("{line}"))?;
            println!("{} passed, {} failed", tally.passed, tally.failed);
            if tally.failed > 0 {
                return Ok(ExitCode::FAILURE);
            }
        }
        Verb::Record { names } => {
            let python = Subject::Python(Python::find(&root())?);
            for program in Program::select(&names)? {
                let file = record(&program, &python, &root())?;
                println!("{}", file.display());
            }
        }
        Verb::Show { name, choice } => {
            let programs = Program::select(&[name])?;
            let [program] = &programs[..] else {
                let ids: Vec<_> = programs.iter().map(Program::id).collect();
                bail!("which one: {}?", ids.join(" or "));
            };
            for subject in choice.subjects(false)? {
                for method in choice.methods() {
                    print!("{}", show(program, &subject, method, &root())?);
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
