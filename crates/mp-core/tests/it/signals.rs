//! What children and the server make of signals: the behaviours SIG-05 and -06.

use std::fs::{self};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mp_core::{Context, StartMethod};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, getpgrp, setpgid};
use signal_hook::flag;

use crate::observe::{Gate, eventually, forkserver, passes};
use crate::support::{exit_code_of, program};

crate::cases! {
    each_method: [
        sig_05_ignored_signals,
        sig_05_interrupts_are_as_in_the_parent,
    ],
    once: [sig_05_handled_signals, sig_06_interrupt_of_the_whole_group],
    programs: [
        ignoring,
        handling,
        interrupted_group,
    ],
}

/// Handles a signal from now on. Whether it came.
pub(crate) fn handle(signal: Signal) -> Arc<AtomicBool> {
    let came = Arc::new(AtomicBool::new(false));
    flag::register(signal as i32, came.clone()).unwrap();
    came
}

/// Whether this process ignores a signal, or handles it.
fn disposition(kind: &str, signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(kind)).unwrap();
    let mask = u64::from_str_radix(line.trim_start_matches(':').trim(), 16);
    mask.unwrap() & 1 << (signal as i32 - 1) != 0
}

fn is_ignored(signal: Signal) -> bool {
    disposition("SigIgn", signal)
}

fn is_handled(signal: Signal) -> bool {
    disposition("SigCgt", signal)
}

/// A program that was started with two signals ignored.
fn ignoring() -> ExitCode {
    fn look() {
        assert!(is_ignored(Signal::SIGUSR1));
        assert!(is_ignored(Signal::SIGINT));
        assert!(!is_ignored(Signal::SIGUSR2));
    }
    look();
    assert_eq!(exit_code_of(look, ()), Some(0));
    ExitCode::SUCCESS
}

/// The server got them ignored, as any program that this one starts.
fn sig_05_ignored_signals(method: StartMethod) {
    let inner = program("ignoring", method);
    let variables = inner.get_envs();
    let status = Command::new("/bin/sh")
        .args(["-c", "trap '' USR1 INT; exec \"$0\""])
        .arg(std::env::current_exe().unwrap())
        .envs(variables.filter_map(|(name, value)| Some((name, value?))))
        .status();
    assert!(status.unwrap().success());
}

/// The server itself ignores interrupts.
fn sig_05_interrupts_are_as_in_the_parent(_: StartMethod) {
    let compare = |ignored| assert_eq!(is_ignored(Signal::SIGINT), ignored);
    let ignored = is_ignored(Signal::SIGINT);
    assert_eq!(exit_code_of(compare, (ignored,)), Some(0));
}

fn handling() -> ExitCode {
    let compare = |handled| assert_eq!(is_handled(Signal::SIGUSR1), handled);
    let check = |method, handled| {
        let mut process = Context::new(method).process(compare, (handled,));
        process.start().unwrap();
        process.join().unwrap();
        assert_eq!(process.exitcode(), Some(0), "{method}");
    };
    check(StartMethod::ForkServer, false);
    let _came = handle(Signal::SIGUSR1);
    check(StartMethod::Fork, true);
    check(StartMethod::Spawn, false);
    // The server was there before.
    check(StartMethod::ForkServer, false);
    ExitCode::SUCCESS
}

fn sig_05_handled_signals() {
    passes("handling", StartMethod::Fork, &[]);
}

/// As from the keyboard, which interrupts all processes of the terminal.
fn interrupted_group() -> ExitCode {
    setpgid(Pid::from_raw(0), Pid::from_raw(0)).unwrap();
    let came = handle(Signal::SIGINT);
    let gate = Gate::new();
    let child = gate.start();
    let server = forkserver();
    assert!(server.is_some());
    killpg(getpgrp(), Signal::SIGINT).unwrap();
    eventually("it came", || came.load(Ordering::Relaxed));
    // The child lets it end itself, as any program does.
    child.join().unwrap();
    assert_eq!(child.exitcode(), Some(-2));
    assert_eq!(exit_code_of(|| (), ()), Some(0));
    assert_eq!(forkserver(), server);
    ExitCode::SUCCESS
}

fn sig_06_interrupt_of_the_whole_group() {
    passes("interrupted_group", StartMethod::ForkServer, &[]);
}
