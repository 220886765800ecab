//! What cases wait for: steps that other processes take, and their state.

use std::ops::Deref;
use std::sync::atomic::Ordering;

use mp_core::{Process, RawValue, Target};
use serde::{Deserialize, Serialize};

use crate::observe::{eventually, state};

/// A number that processes count up, and wait for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Steps(RawValue<u32>);

impl Steps {
    pub(crate) fn new() -> Self {
        Self(RawValue::new(0))
    }

    pub(crate) fn take(&self) {
        self.0.atomic().fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.atomic().load(Ordering::SeqCst)
    }

    /// Waits until as many steps have been taken.
    pub(crate) fn wait(&self, count: u32) {
        eventually("a step", || self.count() >= count);
    }
}

/// Does nothing until somebody ends this process.
pub(crate) fn wait_to_be_killed() -> ! {
    loop {
        std::thread::park();
    }
}

/// A started process. A case that fails leaves none behind.
pub(crate) struct Running(Process);

impl Running {
    /// Waits for a process that must do all that it has to.
    pub(crate) fn finish(&self) {
        self.join().unwrap();
        assert_eq!(self.exitcode(), Some(0), "{}", self.0);
    }

    /// Ends the process by SIGKILL.
    pub(crate) fn destroy(&self) {
        self.kill().unwrap();
        self.join().unwrap();
        assert_eq!(self.exitcode(), Some(-9), "{}", self.0);
    }

    /// Waits until the process, which was about to wait, does.
    pub(crate) fn until_blocked(&self) {
        let pid = self.pid().unwrap();
        eventually("to be blocked", || state(pid) == Some('S'));
    }
}

impl From<Process> for Running {
    fn from(mut process: Process) -> Self {
        process.start().unwrap();
        Self(process)
    }
}

impl Deref for Running {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.kill();
        let _ = self.join();
    }
}

/// Starts a process.
pub(crate) fn start<F, Args>(target: F, args: Args) -> Running
where
    F: Target<Args>,
    Args: Serialize + Deserialize<'static> + Send + 'static,
{
    Process::new(target, args).into()
}

/// Starts a process, which must do all that it has to, and waits for it.
pub(crate) fn run<F, Args>(target: F, args: Args)
where
    F: Target<Args>,
    Args: Serialize + Deserialize<'static> + Send + 'static,
{
    start(target, args).finish();
}
