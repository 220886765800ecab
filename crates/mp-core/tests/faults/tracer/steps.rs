//! Single instructions of a traced process.

use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::registers::{c_library, instruction, next_call};
use super::{Mark, Pace};

/// Where a walk has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walked {
    /// At the instruction that was meant.
    There,
    /// At the mark that ends it.
    End,
    /// The process has died on its way.
    Lost,
}

/// Lets a process execute one instruction. Whether it can execute another.
fn step(pid: Pid) -> bool {
    let mut signal = None;
    loop {
        if ptrace::step(pid, signal).is_err() {
            return false;
        }
        match waitpid(pid, Some(WaitPidFlag::__WALL)) {
            Ok(WaitStatus::Stopped(_, Signal::SIGTRAP)) => return true,
            Ok(WaitStatus::Stopped(_, sent)) => signal = Some(sent),
            Ok(WaitStatus::PtraceEvent(..)) => signal = None,
            _ => return false,
        }
    }
}

/// Lets a process execute a number of instructions. Whether it lives.
pub(super) fn go(pid: Pid, count: u32) -> bool {
    (0..count).all(|_| step(pid))
}

/// Lets a process go as far as its next system call, and counts instructions.
pub(super) fn count_to_call(pid: Pid) -> u32 {
    let mut count = 0;
    while next_call(pid).is_none() && step(pid) {
        count += 1;
    }
    count
}

/// Lets a process go a distance: past so many of the instructions that the pace
/// counts.
pub(super) fn walk(pid: Pid, pace: Pace, distance: u32) -> Walked {
    let library = c_library(pid).unwrap_or_default();
    let (mut in_library, mut elsewhere, mut passed) = (0, 0, 0);
    loop {
        let Some(address) = instruction(pid) else { return Walked::Lost };
        let is_in_library = library.contains(&address);
        if is_in_library && is_at_end(pid) {
            return Walked::End;
        }
        let (count, every) = if is_in_library {
            (&mut in_library, pace.in_c_library)
        } else {
            (&mut elsewhere, pace.elsewhere)
        };
        if *count % every == 0 {
            if passed == distance {
                return Walked::There;
            }
            passed += 1;
        }
        *count += 1;
        if !step(pid) {
            return Walked::Lost;
        }
    }
}

/// Whether the next thing that a process does is to set the mark for the end.
fn is_at_end(pid: Pid) -> bool {
    next_call(pid).is_some_and(|call| {
        Mark::from_call(call.number, call.argument) == Some(Mark::End)
    })
}
