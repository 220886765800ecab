//! The comparer must see what is wrong, and nothing else.

mod expected;
mod locks;
mod names;
mod order;

use std::time::Duration;

use transcripts::{Difference, Expected, Method, Program, Transcript, compare};

/// What a run of `program`, which took `seconds`, is found to be. It was run
/// as process 100 in `/tmp/here`, under spawn.
fn outcome(
    program: &str,
    expected: &str,
    lines: Vec<String>,
    seconds: f64,
) -> Result<(), Difference> {
    let program = Program::select(&[program.to_owned()]).unwrap().remove(0);
    let expected = Expected::parse(&program, expected).unwrap();
    let transcript = Transcript {
        lines,
        pid: 100,
        cwd: "/tmp/here".to_owned(),
        method: Method::Spawn,
        wall: Duration::from_secs_f64(seconds),
    };
    compare(&program, &expected, &transcript, "this run")
}

/// The same for lines with ` / ` between them, and more than enough time.
fn run(program: &str, expected: &str, printed: &str) -> Result<(), Difference> {
    outcome(program, expected, lines(printed), 10.0)
}

fn lines(printed: &str) -> Vec<String> {
    printed.split(" / ").map(str::to_owned).collect()
}

#[track_caller]
fn passes(result: Result<(), Difference>) {
    if let Err(difference) = result {
        panic!("{}", difference.text);
    }
}

#[track_caller]
fn fails(result: Result<(), Difference>, with: &[&str]) {
    let text = result.expect_err("this was to be caught").text;
    for line in with {
        assert!(text.contains(line), "no {line:?} in:\n{text}");
    }
}
