//! What the programs print, by each start method and by the default, and that
//! nothing of them is left.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use mp_core::StartMethod;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// How long anything may take, before it counts as never.
const LONGEST: Duration = Duration::from_secs(60);

const PARSER: &str = env!("CARGO_BIN_EXE_parser");
const SUM: &str = env!("CARGO_BIN_EXE_sum");
const SUPERVISOR: &str = env!("CARGO_BIN_EXE_supervisor");
const WITH_TOKIO: &str = env!("CARGO_BIN_EXE_with_tokio");

/// A program that runs in a process group of its own.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// By a start method, or by the default.
    fn start(path: &str, method: Option<StartMethod>) -> Self {
        let mut command = Command::new(path);
        command
            .env("MP_START_METHOD", method.map_or("", StartMethod::name))
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0);
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    /// The next line. None at the end.
    fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(LONGEST) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing was printed"),
        }
    }

    /// The rest of the lines, and how the program ended. By then, all that
    /// belonged to it has to go too.
    fn finish(mut self) -> (Vec<String>, ExitStatus) {
        let end = Instant::now() + LONGEST;
        let mut lines = Vec::new();
        while let Some(line) = self.line() {
            assert!(Instant::now() < end, "it goes on and on: {line}");
            lines.push(line);
        }
        let mut status = None;
        eventually("the end of the program", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let group = self.pid().as_raw();
        eventually("the end of all its processes", || !lives(group));
        (lines, status.unwrap())
    }
}

impl Drop for Running {
    /// After a failure.
    fn drop(&mut self) {
        if lives(self.pid().as_raw()) {
            let _ = killpg(self.pid(), Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

/// Whether a process group has a process that has not ended.
fn lives(group: i32) -> bool {
    fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat"));
        let stat = stat.unwrap_or_default();
        // The state, the parent and the group come after the name.
        let fields = stat.rsplit(") ").next().unwrap_or_default();
        let mut fields = fields.split(' ');
        let ended = matches!(fields.next(), None | Some("" | "Z" | "X"));
        !ended && fields.nth(1) == Some(group.to_string().as_str())
    })
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + LONGEST;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        sleep(Duration::from_millis(5));
    }
}

/// Runs a case by each start method, and by the default.
fn each_way(case: impl Fn(Option<StartMethod>)) {
    case(None);
    StartMethod::ALL.into_iter().map(Some).for_each(case);
}

/// Runs a program to its end, by each start method and by the default.
fn prints(path: &str, expected: &[&str]) {
    each_way(|method| {
        let (lines, status) = Running::start(path, method).finish();
        assert_eq!(lines, expected, "{method:?}");
        assert!(status.success(), "{method:?}: {status}");
    });
}

#[test]
fn the_parser_survives_everything() {
    let expected = include_str!("parser.txt");
    prints(PARSER, &expected.lines().collect::<Vec<_>>());
}

#[test]
fn the_sum_is_right() {
    prints(SUM, &["Sum: 75000000"]);
}

#[test]
fn tokio_waits_for_processes() {
    let expected = ["Computed: (832040, 1346269)"];
    each_way(|method| {
        let (lines, status) = Running::start(WITH_TOKIO, method).finish();
        // Its runtime has threads.
        let refused = method == Some(StartMethod::Fork);
        let expected = if refused { &[][..] } else { &expected };
        assert_eq!(lines, expected, "{method:?}");
        assert_eq!(status.success(), !refused, "{method:?}: {status}");
    });
}

#[test]
fn the_supervisor_stops_on_sigterm() {
    each_way(|method| {
        supervises(method, |program| {
            kill(program, Signal::SIGTERM).unwrap();
        });
    });
}

/// Which the terminal sends to the worker too.
#[test]
fn the_supervisor_stops_on_ctrl_c() {
    each_way(|method| {
        supervises(method, |program| {
            killpg(program, Signal::SIGINT).unwrap();
        });
    });
}

fn supervises(method: Option<StartMethod>, stop: impl FnOnce(Pid)) {
    let program = Running::start(SUPERVISOR, method);
    let begun = [
        "Job 1 is done",
        "Job 2 is done",
        "Restart: process \"worker\" was killed by SIGABRT",
        "Job 4 is done",
    ];
    for expected in begun {
        assert_eq!(program.line().as_deref(), Some(expected), "{method:?}");
    }
    stop(program.pid());
    let (mut lines, status) = program.finish();
    // As many as there was time for.
    lines.retain(|line| !line.starts_with("Job "));
    let ended = ["Stopping", "The worker tidies up", "Exit code: Some(0)"];
    assert_eq!(lines, ended, "{method:?}");
    assert!(status.success(), "{method:?}: {status}");
}

/// A kill of the supervisor takes the worker along, also the one that would go
/// on for ever.
#[test]
fn the_supervisor_leaves_no_worker() {
    each_way(|method| {
        let program = Running::start(SUPERVISOR, method);
        while program.line().expect("a job") != "Job 4 is done" {}
        kill(program.pid(), Signal::SIGKILL).unwrap();
        let (_, status) = program.finish();
        assert!(!status.success());
    });
}
