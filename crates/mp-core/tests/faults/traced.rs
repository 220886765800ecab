//! System calls that fail, and not before other processes had the time to go
//! on: a tracer sees to that.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mp_core::{Process, RawArray, StartMethod};
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use signal_hook::low_level;

use crate::observe::{await_permission, children};
use crate::support::{program, silence};

crate::cases! {
    each_method: [failed_start_has_run_nothing],
    once: [large_objects_are_made_between_signals],
    programs: [start_once, share_much],
}

/// So long that a target that can run has run.
const LONG_ENOUGH: Duration = Duration::from_millis(300);

/// The exit codes of a program that starts one process.
const STARTED: i32 = 0;
const REFUSED: i32 = 1;
const LEFT_BEHIND: i32 = 2;

/// Starts a process whose target makes a file.
fn start_once() -> ExitCode {
    fn target(file: PathBuf) {
        std::fs::write(file, "").unwrap();
    }
    silence();
    let file = PathBuf::from(std::env::args().nth(1).unwrap());
    println!("ready");
    await_permission();
    let mut process = Process::new(target, (file,));
    let code = match process.start() {
        Ok(()) => STARTED,
        Err(_) if children().is_empty() => REFUSED,
        Err(_) => LEFT_BEHIND,
    };
    // Whatever there is must not be waited for under the tracer.
    low_level::exit(code)
}

/// Where no descriptor can be had for a child, it is killed and reaped, though
/// a signal comes in between. It has not begun with its target then, however
/// far it could have come.
fn failed_start_has_run_nothing(method: StartMethod) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("target");
    let mut command = program("start_once", method);
    let mut interrupted = false;
    let code = run_traced(command.arg(&file), |call, _| match call {
        libc::SYS_pidfd_open => {
            let start = Instant::now();
            while !file.exists() && start.elapsed() < LONG_ENOUGH {
                sleep(Duration::from_millis(1));
            }
            Some(libc::EPERM)
        }
        libc::SYS_wait4 if !interrupted => {
            interrupted = true;
            Some(libc::EINTR)
        }
        _ => None,
    });
    assert_eq!(code, REFUSED);
    assert!(!file.exists(), "a start that failed has run its target");
}

/// Makes a large object.
fn share_much() -> ExitCode {
    println!("ready");
    await_permission();
    let large = RawArray::<[u8; 4096]>::new(1 << 12);
    large.set(large.len() - 1, [7; 4096]);
    low_level::exit(0)
}

/// Some kernels begin anew with a piece of memory when a signal comes. If
/// signals keep coming, only a piece that takes less time is ever done.
fn large_objects_are_made_between_signals() {
    const BETWEEN_SIGNALS: u64 = 1 << 20;
    let mut calls = 0;
    let mut command = program("share_much", StartMethod::Fork);
    let code = run_traced(&mut command, |call, length| {
        if call != libc::SYS_fallocate {
            return None;
        }
        calls += 1;
        assert!(calls < 1000, "this never ends");
        (length > BETWEEN_SIGNALS).then_some(libc::EINTR)
    });
    assert_eq!(code, 0);
    assert!(calls > 16, "{calls}");
}

/// Runs a program that says when it is ready. From then on its system calls
/// fail for which `refuse` has an error. It is told the number of the call and
/// its fourth argument. The exit code.
#[expect(clippy::zombie_processes, reason = "the tracer reaps it")]
fn run_traced(
    program: &mut Command,
    refuse: impl FnMut(i64, u64) -> Option<i32>,
) -> i32 {
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options).unwrap();
    ptrace::interrupt(pid).unwrap();
    drop(child.stdin.take());
    trace(pid, refuse)
}

fn trace(pid: Pid, mut refuse: impl FnMut(i64, u64) -> Option<i32>) -> i32 {
    let mut refused = None;
    loop {
        match waitpid(pid, None).unwrap() {
            WaitStatus::Exited(_, code) => return code,
            WaitStatus::PtraceSyscall(_) => {
                let mut registers = ptrace::getregs(pid).unwrap();
                if let Some(error) = refused.take() {
                    registers.rax = word(-i64::from(error));
                    ptrace::setregs(pid, registers).unwrap();
                } else if let Some(call) = entered(&registers) {
                    refused = refuse(call, registers.r10);
                    if refused.is_some() {
                        // There is no such call.
                        registers.orig_rax = u64::MAX;
                        ptrace::setregs(pid, registers).unwrap();
                    }
                }
                ptrace::syscall(pid, None).unwrap();
            }
            WaitStatus::Stopped(_, signal) => {
                ptrace::syscall(pid, signal).unwrap();
            }
            _ => ptrace::syscall(pid, None).unwrap(),
        }
    }
}

/// The system call that a process is about to make.
fn entered(registers: &libc::user_regs_struct) -> Option<i64> {
    let no_answer = word(-i64::from(libc::ENOSYS));
    let call = i64::from_ne_bytes(registers.orig_rax.to_ne_bytes());
    (registers.rax == no_answer).then_some(call)
}

/// A number as it stands in a register.
fn word(number: i64) -> u64 {
    u64::from_ne_bytes(number.to_ne_bytes())
}
