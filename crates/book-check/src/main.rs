//! The command `book-check`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use book_check::{Problems, browser, built, sources, tries};
use clap::{Parser, Subcommand};

/// Checks that the book shows the files as they are
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// The root of the workspace
    #[arg(long, default_value = ".")]
    root: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Look at the pages before they are built
    Sources,
    /// Look at the pages that mdBook built
    Built,
    /// Look at the built pages in Chromium
    Browser,
    /// Make the changes that the pages propose, and see what is printed
    Tries {
        /// Which [default: all]
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli.root, cli.verb) {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            for problem in problems.iter() {
                eprintln!("{problem}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("book-check: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path, verb: Verb) -> Result<Problems> {
    let book = root.join("examples-book");
    match verb {
        Verb::Sources => sources(&book),
        Verb::Built => built(&book),
        Verb::Browser => browser(&book),
        Verb::Tries { names } => tries(root, &book, &names),
    }
}
