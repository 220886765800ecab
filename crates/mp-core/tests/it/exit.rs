//! Exit codes: the behaviours EXIT, in part.

use std::fmt;
use std::io::Write;
use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mp_core::{Process, StartMethod};
use nix::sys::signal::{Signal, raise};
use signal_hook::consts::FORBIDDEN;
use signal_hook::flag::register_conditional_default;

use crate::observe::eventually;
use crate::support::{exit_code_of, leave_at_once, program};

crate::cases! {
    each_method: [
        exit_01_normal_return,
        exit_02_an_error,
        exit_02_a_panic,
        exit_03_a_number,
        exit_04_success_and_failure,
        exit_05_a_message,
        exit_06_death_by_signal,
        exit_07_leaving_at_once,
        exit_16_without_join,
    ],
    once: [],
    programs: [failing_by_error, failing_by_panic, exiting_with_message, lost_text],
}

fn exit_01_normal_return(_: StartMethod) {
    assert_eq!(exit_code_of(|| (), ()), Some(0));
    assert_eq!(exit_code_of(|| Ok::<_, String>(()), ()), Some(0));
}

struct Reason;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the reason")?;
        if f.alternate() { f.write_str("\nand its cause") } else { Ok(()) }
    }
}

/// What a program writes to standard error, the end of which says that it has
/// joined its child.
fn written(name: &str, method: StartMethod) -> String {
    let output = program(name, method).output().unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    let child = text.strip_suffix("joined\n");
    child.unwrap_or_else(|| panic!("{text}")).to_owned()
}

fn join_and_say_so(code: Option<i32>) -> ExitCode {
    assert_eq!(code, Some(1));
    eprintln!("joined");
    ExitCode::SUCCESS
}

/// An error says what it is by `Display`, in the long form. Where it comes from
/// it knows only if its type keeps that.
fn exit_02_an_error(method: StartMethod) {
    assert_eq!(
        written("failing_by_error", method),
        "Process Process-1:\nError: the reason\nand its cause\n"
    );
}

fn failing_by_error() -> ExitCode {
    join_and_say_so(exit_code_of(|| Err::<(), _>(Reason), ()))
}

fn exit_02_a_panic(method: StartMethod) {
    let text = written("failing_by_panic", method);
    assert!(text.starts_with("Process Process-1:\n"), "{text}");
    assert!(text.contains("the reason"), "{text}");
    assert!(text.contains(file!()), "{text}");
}

fn failing_by_panic() -> ExitCode {
    // What is not a text is a failure as well.
    let silent = || std::panic::resume_unwind(Box::new(7));
    assert_eq!(exit_code_of(silent, ()), Some(1));
    let target = || panic!("the reason");
    let mut process = Process::new(target, ()).with_name("Process-1");
    process.start().unwrap();
    process.join().unwrap();
    join_and_say_so(process.exitcode())
}

fn exit_03_a_number(_: StartMethod) {
    for code in [0, 1, 8, 255] {
        let wanted = Some(i32::from(code));
        assert_eq!(
            exit_code_of(|code: u8| ExitCode::from(code), (code,)),
            wanted
        );
        assert_eq!(exit_code_of(|code: u8| exit(code.into()), (code,)), wanted);
        let deep = |code: u8| Ok::<_, String>(ExitCode::from(code));
        assert_eq!(exit_code_of(deep, (code,)), wanted);
    }
}

/// Rust's exit always has a number; the types have names for two of them.
fn exit_04_success_and_failure(_: StartMethod) {
    assert_eq!(exit_code_of(|| ExitCode::SUCCESS, ()), Some(0));
    assert_eq!(exit_code_of(|| ExitCode::FAILURE, ()), Some(1));
}

/// Rust's exit takes no text: a program writes it, and exits.
fn exit_05_a_message(method: StartMethod) {
    assert_eq!(written("exiting_with_message", method), "no such thing\n");
}

fn exiting_with_message() -> ExitCode {
    fn target() {
        eprintln!("no such thing");
        exit(1);
    }
    join_and_say_so(exit_code_of(target, ()))
}

/// SIGINT is as the other signals: Rust makes no exception of it.
fn exit_06_death_by_signal(_: StartMethod) {
    fn die_by(signal: i32) {
        // Leaves no core file.
        nix::sys::prctl::set_dumpable(false).unwrap();
        // A shell may have started this program with some of them ignored.
        if !FORBIDDEN.contains(&signal) {
            let deadly = Arc::new(AtomicBool::new(true));
            register_conditional_default(signal, deadly).unwrap();
        }
        // Rust's handler for an overflowing stack outlives one SIGSEGV that
        // has another cause.
        for _ in 0..2 {
            raise(Signal::try_from(signal).unwrap()).unwrap();
        }
    }
    for (signal, code) in [
        (Signal::SIGTERM, -15),
        (Signal::SIGKILL, -9),
        (Signal::SIGHUP, -1),
        (Signal::SIGSEGV, -11),
        (Signal::SIGABRT, -6),
        (Signal::SIGUSR1, -10),
        (Signal::SIGQUIT, -3),
        (Signal::SIGINT, -2),
    ] {
        assert_eq!(exit_code_of(die_by, (signal as i32,)), Some(code));
    }
}

fn exit_07_leaving_at_once(method: StartMethod) {
    for code in [0, 7, 255] {
        let left = exit_code_of(|code: u8| leave_at_once(code), (code,));
        assert_eq!(left, Some(code.into()));
    }
    let output = program("lost_text", method).output().unwrap();
    assert_eq!(output.stdout, b"a whole line\n");
}

fn lost_text() -> ExitCode {
    fn target() {
        println!("a whole line");
        print!("a part of one");
        leave_at_once(0);
    }
    let code = exit_code_of(target, ());
    std::io::stdout().flush().unwrap();
    ExitCode::from(u8::from(code != Some(0)))
}

fn exit_16_without_join(_: StartMethod) {
    let mut process = Process::new(|| ExitCode::from(2), ());
    process.start().unwrap();
    eventually("the exit code", || process.exitcode().is_some());
    assert_eq!(process.exitcode(), Some(2));
}
