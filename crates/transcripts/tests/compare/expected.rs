//! The expected transcripts of this workspace: each of their lines counts.

use std::fs;

use transcripts::{Difference, Program, root};

use crate::{fails, outcome, passes};

/// The lines that a run could have printed for an expected transcript.
fn printed(program: &Program, expected: &str) -> Vec<String> {
    let elapsed = match program.args() {
        [] => "0:00:00.510000",
        _ => "0:00:04.970000",
    };
    let mut text = expected
        .replace("[main]", "100")
        .replace("[cwd]", "/tmp/here")
        .replace("[method]", "spawn")
        .replace("[n]", "24")
        .replace("[seconds]", "0.500")
        .replace("[sum]", "5.000")
        .replace("[random]", "0.5")
        .replace("[elapsed]", elapsed);
    for child in 1..10 {
        let id = (100 + child).to_string();
        text = text.replace(&format!("[child {child}]"), &id);
    }
    text.lines().map(str::to_owned).collect()
}

/// Calls `test` for each expected transcript, with the lines of a run and
/// what tells the outcome of other lines.
fn each(
    test: impl Fn(&[String], &dyn Fn(Vec<String>) -> Result<(), Difference>),
) {
    for program in Program::all().unwrap() {
        let path = program.expected_path(&root());
        let expected = fs::read_to_string(path).unwrap();
        let lines = printed(&program, &expected);
        test(&lines, &|lines| outcome(&program.id(), &expected, lines, 10.0));
    }
}

#[test]
fn a_run_as_expected_passes() {
    each(|lines, outcome| passes(outcome(lines.to_vec())));
}

#[test]
fn any_lost_line_is_caught() {
    each(|lines, outcome| {
        for at in 0..lines.len() {
            let mut lines = lines.to_vec();
            lines.remove(at);
            fails(outcome(lines), &["\n-"]);
        }
    });
}

#[test]
fn any_doubled_line_is_caught() {
    each(|lines, outcome| {
        for at in 0..lines.len() {
            let mut lines = lines.to_vec();
            lines.insert(at, lines[at].clone());
            fails(outcome(lines), &["\n+"]);
        }
    });
}

#[test]
fn any_changed_line_is_caught() {
    each(|lines, outcome| {
        for at in 0..lines.len() {
            let mut lines = lines.to_vec();
            lines[at].push('.');
            fails(outcome(lines), &["\n-", "\n+"]);
        }
    });
}
