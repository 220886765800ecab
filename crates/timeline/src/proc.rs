//! What `/proc` says of a process.

use std::fs;

use libc::{
    SYS_clock_nanosleep, SYS_futex, SYS_futex_waitv, SYS_nanosleep, c_long,
};

const LOCK_CALLS: [c_long; 2] = [SYS_futex, SYS_futex_waitv];
const SLEEP_CALLS: [c_long; 2] = [SYS_nanosleep, SYS_clock_nanosleep];

/// What a process is doing, or rather its main thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// It is on a processor, or ready to be.
    Runs,
    /// It has asked to be left alone for a time.
    Sleeps,
    /// It waits for a lock that another holds.
    WaitsForLock,
    /// It waits for something else: a process, a file, a message.
    Waits,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Runs, Self::Sleeps, Self::WaitsForLock, Self::Waits];

    /// What it is called, in a command and in a picture's classes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Sleeps => "sleeps",
            Self::WaitsForLock => "lock",
            Self::Waits => "waits",
        }
    }

    /// What it is, in words.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Sleeps => "sleeps",
            Self::WaitsForLock => "waits for a lock",
            Self::Waits => "waits for something else",
        }
    }
}

/// The state of a process. None if it has ended.
pub(crate) fn state(pid: i32) -> Option<State> {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in brackets, and may have any characters in it.
    let (_, behind_name) = status.rsplit_once(") ")?;
    match behind_name.chars().next()? {
        'Z' | 'X' => return None,
        'R' => return Some(State::Runs),
        _ => {}
    }
    let call = fs::read_to_string(format!("/proc/{pid}/syscall")).ok();
    Some(call.map_or(State::Waits, |call| of_call(&call)))
}

fn of_call(call: &str) -> State {
    let number = call.split_whitespace().next().unwrap_or_default();
    if number == "running" {
        return State::Runs;
    }
    match number.parse::<c_long>() {
        Ok(call) if LOCK_CALLS.contains(&call) => State::WaitsForLock,
        Ok(call) if SLEEP_CALLS.contains(&call) => State::Sleeps,
        _ => State::Waits,
    }
}

/// The children of all threads of a process.
pub(crate) fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| {
            fs::read_to_string(thread.path().join("children")).ok()
        })
        .flat_map(|children| {
            let pids: Vec<_> =
                children.split(' ').flat_map(str::parse).collect();
            pids
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_call_is_a_state() {
        assert_eq!(of_call("running\n"), State::Runs);
        let sleeps = format!("{SYS_clock_nanosleep} 0x0 0x0 0x7f 0x0\n");
        assert_eq!(of_call(&sleeps), State::Sleeps);
        let waits = format!("{SYS_futex} 0x7f00 0x80 0x2\n");
        assert_eq!(of_call(&waits), State::WaitsForLock);
        assert_eq!(of_call("7 0x1 0x2\n"), State::Waits);
        assert_eq!(of_call("-1 0x7ffd 0x7f8f\n"), State::Waits);
    }

    #[test]
    fn this_process_runs_and_one_that_never_was_does_not() {
        let this = i32::try_from(std::process::id()).unwrap();
        assert!(state(this).is_some());
        assert_eq!(state(i32::MAX), None);
    }
}
