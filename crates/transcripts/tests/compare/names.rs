//! Ids, start methods and counts that do not fit together, and times.

use transcripts::{Expected, Program};

use crate::order::{EX2, ex2};
use crate::{fails, lines, outcome, passes, run};

#[test]
fn one_id_for_two_children_is_caught() {
    fails(
        ex2("Main 100 / Wait / Sub 7 / Sub 7 / New / Exit 7 / New / Exit 7 / \
             Bye!"),
        &["\n-Subprocess with PID: [child 2]"],
    );
    // Nor may a child have the parent's.
    fails(
        ex2("Main 100 / Wait / Sub 7 / Sub 100 / New / Exit 7 / New / \
             Exit 100 / Bye!"),
        &["\n+Subprocess with PID: [main]"],
    );
}

#[test]
fn a_child_keeps_its_id() {
    fails(
        ex2("Main 100 / Wait / Sub 7 / Sub 8 / New / Exit 7 / New / Exit 9 / \
             Bye!"),
        &["\n-Exit from [child 2]", "\n+Exit from 9"],
    );
}

#[test]
fn a_wrong_id_of_the_main_process_is_caught() {
    fails(
        ex2("Main 99 / Wait / Sub 7 / Sub 8 / New / Exit 7 / New / Exit 8 / \
             Bye!"),
        &["\n-Main process with PID: [main]", "\n+Main process with PID: 99"],
    );
}

#[test]
fn less_time_than_the_sleeps_is_caught() {
    let printed = "Main process with PID: 100 / Waiting for the process... / \
        Subprocess with PID: 7 / Subprocess with PID: 8 / \
        New message from another process / Exit from 7 / \
        New message from another process / Exit from 8 / Bye!";
    passes(outcome("ex2", EX2, lines(printed), 2.0));
    fails(outcome("ex2", EX2, lines(printed), 1.0), &["took 1.000 s"]);
}

#[test]
fn the_start_method_and_the_count_are_the_same_throughout() {
    let methods = "['fork', 'spawn', 'forkserver']";
    let expected = format!("{methods}\n[method]\n");
    let spawn = format!("{methods} / spawn");
    passes(run("start_methods", &expected, &spawn));
    let fork = format!("{methods} / fork");
    fails(run("start_methods", &expected, &fork), &["\n-[method]"]);

    let expected = "This machine has [n] CPU core(s)\n[n]\n";
    let print = |line: &str| run("cpu_count", expected, line);
    passes(print("This machine has 24 CPU core(s) / 24"));
    fails(print("This machine has 24 CPU core(s) / 12"), &["[n]"]);
}

#[test]
fn an_expected_transcript_must_fit_the_program() {
    let program = Program::select(&["ex2".to_owned()]).unwrap().remove(0);
    for wrong in ["", "Bye!\n", &EX2.replace("Waiting", "Sleeping")] {
        assert!(Expected::parse(&program, wrong).is_err());
    }
}

#[test]
fn an_unknown_program_is_an_error_that_lists_all() {
    let error = Program::select(&["ex7".to_owned()]).unwrap_err().to_string();
    assert!(error.starts_with("no program \"ex7\""), "{error}");
    assert!(error.contains("ex5-with-lock"), "{error}");
}
