//! How a program is run: to a terminal, and to a hard end.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use transcripts::{Cue, End, Run, run};

fn shell(script: &str, time: Duration, cue: Option<Cue>) -> Run {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    run(command, time, cue).unwrap()
}

const LONG: Duration = Duration::from_secs(20);

#[test]
fn output_goes_to_a_terminal_and_errors_elsewhere() {
    let run = shell("test -t 1 && echo yes; echo no >&2", LONG, None);
    assert_eq!(run.output, "yes\n");
    assert_eq!(run.errors, "no\n");
    assert!(matches!(run.end, End::Exited(status) if status.success()));
}

#[test]
fn an_exit_code_is_seen() {
    let run = shell("exit 3", LONG, None);
    assert!(matches!(run.end, End::Exited(s) if s.code() == Some(3)));
}

#[test]
fn the_id_is_that_of_the_program() {
    let run = shell("echo $$", LONG, None);
    assert_eq!(run.output.trim(), run.pid.to_string());
}

#[test]
fn a_program_that_hangs_is_killed_with_all_that_it_started() {
    let begin = Instant::now();
    let run = shell("sleep 50 & echo $!; wait", Duration::from_secs(1), None);
    assert_eq!(run.end, End::Hung);
    assert!(begin.elapsed() < LONG);
    assert!(is_gone(run.output.trim()));
}

#[test]
fn what_a_program_leaves_running_is_a_hang() {
    let run = shell("sleep 50 & echo $!", Duration::from_secs(1), None);
    assert_eq!(run.end, End::Hung);
    assert!(is_gone(run.output.trim()));
}

#[test]
fn what_a_program_leaves_running_out_of_sight_is_killed() {
    let run = shell("sleep 50 >&- 2>&- & echo $!", LONG, None);
    assert!(matches!(run.end, End::Exited(_)));
    assert!(is_gone(run.output.trim()));
}

#[test]
fn a_file_appears_after_its_lines_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("STOP");
    let script = format!(
        "echo 1; sleep 0.3; test -e {0} && echo early
         echo 2; while ! test -e {0}; do sleep 0.05; done; echo 3",
        file.display()
    );
    let run = shell(&script, LONG, Some(Cue { lines: 2, file }));
    assert_eq!(run.output, "1\n2\n3\n");
}

/// Whether a process has ended, or will in a moment.
fn is_gone(pid: &str) -> bool {
    let status = Path::new("/proc").join(pid).join("stat");
    (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        // Its parent is gone too: it may wait as a zombie for the system.
        fs::read_to_string(&status).map_or(true, |s| s.contains(") Z "))
    })
}
