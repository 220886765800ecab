//! What a process does at its end: the behaviours EXIT, in part.

use std::process::{ExitCode, exit};
use std::thread;

use mp_core::{StartMethod, atexit};
use nix::sys::signal::{Signal, raise};

use crate::notes::Notes;
use crate::steps::Steps;
use crate::support::{exit_code_of, leave_at_once, program, silence};

crate::cases! {
    each_method: [
        exit_08_hooks_run_in_a_child,
        exit_09_hooks_run_backwards,
        exit_10_hooks_and_abrupt_ends,
        exit_11_hooks_of_the_parent,
        exit_12_hooks_have_one_order,
        exit_13_dropped_once,
        exit_14_a_hook_that_panics,
        exit_15_hooks_from_threads,
        a_hook_that_exits,
    ],
    once: [],
    programs: [hooks_of_the_parent],
}

/// The ends that a target can come to by itself, and their exit codes.
const ENDS: [(&str, i32); 5] =
    [("return", 0), ("error", 1), ("panic", 1), ("code", 3), ("exit", 3)];

fn come_to(end: &str) -> Result<ExitCode, &str> {
    silence();
    match end {
        "error" => Err("some error"),
        "panic" => panic!("some panic"),
        "code" => Ok(ExitCode::from(3)),
        "exit" => exit(3),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn exit_08_hooks_run_in_a_child(_: StartMethod) {
    fn target(notes: Notes, end: &str) -> Result<ExitCode, &str> {
        let in_hook = notes.clone();
        atexit(move || in_hook.add("hook")).unwrap();
        notes.add("target");
        come_to(end)
    }
    for (end, code) in ENDS {
        let notes = Notes::new();
        assert_eq!(exit_code_of(target, (notes.clone(), end)), Some(code));
        assert_eq!(notes.read(), "target hook", "{end}");
    }
}

fn note_at_exit(notes: &Notes, what: &'static str) {
    let notes = notes.clone();
    atexit(move || notes.add(what)).unwrap();
}

fn exit_09_hooks_run_backwards(_: StartMethod) {
    fn target(notes: Notes) {
        note_at_exit(&notes, "A");
        note_at_exit(&notes, "B");
    }
    let notes = Notes::new();
    assert_eq!(exit_code_of(target, (notes.clone(),)), Some(0));
    assert_eq!(notes.read(), "B A");
}

fn exit_10_hooks_and_abrupt_ends(_: StartMethod) {
    fn target(notes: Notes, signal: Option<i32>) {
        note_at_exit(&notes, "hook");
        match signal {
            Some(signal) => raise(Signal::try_from(signal).unwrap()).unwrap(),
            None => leave_at_once(9),
        }
    }
    let notes = Notes::new();
    for (signal, code) in [(None, 9), (Some(15), -15), (Some(9), -9)] {
        let args = (notes.clone(), signal);
        assert_eq!(exit_code_of(target, args), Some(code));
    }
    assert_eq!(notes.read(), "");
}

fn exit_11_hooks_of_the_parent(method: StartMethod) {
    let output = program("hooks_of_the_parent", method).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let ends = ENDS.map(|(end, _)| format!("{end}\n")).concat();
    assert_eq!(printed, format!("{ends}the hook of {}\n", output.status));
}

fn hooks_of_the_parent() -> ExitCode {
    fn target(end: &str) -> Result<ExitCode, &str> {
        println!("{end}");
        come_to(end)
    }
    atexit(|| println!("the hook of exit status: 5")).unwrap();
    for (end, code) in ENDS {
        assert_eq!(exit_code_of(target, (end,)), Some(code));
    }
    ExitCode::from(5)
}

/// There are no priorities: all hooks run in the reverse order of their
/// registration, also those that a hook registers.
fn exit_12_hooks_have_one_order(_: StartMethod) {
    fn target(notes: Notes) {
        note_at_exit(&notes, "1");
        note_at_exit(&notes, "2");
        let in_hook = notes.clone();
        let hook = move || {
            in_hook.add("3");
            note_at_exit(&in_hook, "4");
        };
        atexit(hook).unwrap();
        note_at_exit(&notes, "5");
    }
    let notes = Notes::new();
    assert_eq!(exit_code_of(target, (notes.clone(),)), Some(0));
    assert_eq!(notes.read(), "5 3 4 2 1");
}

/// A finaliser that is tied to an object is `Drop`: by hand or at the end of
/// the target, also if that fails, but once; and never if it is forgotten.
/// Hooks run after it.
fn exit_13_dropped_once(_: StartMethod) {
    struct Guard(Notes, &'static str);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.add(self.1);
        }
    }
    fn target(notes: Notes, fails: bool) {
        note_at_exit(&notes, "hook");
        let [early, _late, forgotten] = ["early", "late", "forgotten"]
            .map(|what| Guard(notes.clone(), what));
        drop(early);
        notes.add("target");
        std::mem::forget(forgotten);
        silence();
        assert!(!fails, "the target fails");
    }
    for (fails, code) in [(false, 0), (true, 1)] {
        let notes = Notes::new();
        assert_eq!(exit_code_of(target, (notes.clone(), fails)), Some(code));
        assert_eq!(notes.read(), "early target late hook");
    }
}

fn exit_14_a_hook_that_panics(_: StartMethod) {
    fn target(notes: Notes, end: &str) -> Result<ExitCode, &str> {
        note_at_exit(&notes, "A");
        atexit(|| panic!("some panic")).unwrap();
        note_at_exit(&notes, "B");
        come_to(end)
    }
    for (end, code) in ENDS {
        let notes = Notes::new();
        assert_eq!(exit_code_of(target, (notes.clone(), end)), Some(code));
        assert_eq!(notes.read(), "B A", "{end}");
    }
}

/// Where the standard library allows it: not while the process is exiting.
fn a_hook_that_exits(_: StartMethod) {
    fn target(notes: Notes, end: &str) -> Result<ExitCode, &str> {
        note_at_exit(&notes, "A");
        atexit(|| exit(5)).unwrap();
        note_at_exit(&notes, "B");
        come_to(end)
    }
    for (end, _) in ENDS.into_iter().filter(|(end, _)| *end != "exit") {
        let notes = Notes::new();
        assert_eq!(exit_code_of(target, (notes.clone(), end)), Some(5));
        assert_eq!(notes.read(), "B A", "{end}");
    }
}

/// Hooks are registered by several threads at once, and run once each.
fn exit_15_hooks_from_threads(_: StartMethod) {
    fn target(ran: Steps) {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let ran = ran.clone();
                        atexit(move || ran.take()).unwrap();
                    }
                });
            }
        });
    }
    let ran = Steps::new();
    assert_eq!(exit_code_of(target, (ran.clone(),)), Some(0));
    assert_eq!(ran.count(), 4000);
}
