//! What can be asked of a process and done with it, whatever it runs.
//!
//! CPython: the rest of `BaseProcess` in `multiprocessing/process.py`.

use std::fmt;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::Result;
use crate::error::{Cause, or_panic};
use crate::process::family;
use crate::process::handle::Handle;
use crate::process::limits::Limits;
use crate::process::popen::{Exit, Sentinel};
use crate::process::process::Process;
use crate::process::start_method::StartMethod;

impl<T> Process<T> {
    /// Gives it a name. An empty one stands for the default, such as
    /// `Process-1`.
    ///
    /// Python: `Process(name=…)`.
    pub fn with_name(self, name: &str) -> Self {
        self.set_name(name);
        self
    }

    /// Says whether it is a daemon.
    ///
    /// Python: `Process(daemon=…)`.
    ///
    /// # Panics
    ///
    /// If it has been started; see [`set_daemon`](Self::set_daemon).
    #[track_caller]
    pub fn with_daemon(self, daemon: bool) -> Self {
        or_panic(self.set_daemon(daemon));
        self
    }

    /// Says what the process may use. The limits are set in the child, before
    /// its target begins.
    ///
    /// This and [`with_timeout`](Self::with_timeout) keep one task from harming
    /// the others. They are no sandbox.
    ///
    /// # Examples
    ///
    /// At [`Limits`].
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.rules.limits = limits;
        self
    }

    /// Says how long the target may take, counted from when it begins.
    ///
    /// When the time is over the child is sent SIGTERM, and SIGCONT in case it
    /// is stopped, and SIGKILL a second later if it lives on; its own children
    /// are not. A timer of the kernel does that, whether or not anybody waits
    /// for the child, and no thread is needed for it. A program that the target
    /// executes in its place is not bound by it. In the child this takes the
    /// last real-time signal, `SIGRTMAX`. Where all threads of the child block
    /// that too, only SIGKILL comes, and the result says that it was killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> mp_core::Result<()> {
    /// # mp_core::init();
    /// use std::thread::sleep;
    /// use std::time::Duration;
    ///
    /// use mp_core::{ErrorKind, Process};
    ///
    /// let mut process =
    ///     Process::returning(|| sleep(Duration::from_secs(60)), ())
    ///         .with_timeout(Duration::from_millis(50));
    /// process.start()?;
    /// let error = process.result().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TimedOut);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.rules.timeout = Some(timeout);
        self
    }

    /// How the process was started. None before that, and for the process that
    /// the program was started as.
    ///
    /// A program that [chooses no start method](crate::start_method) starts
    /// some of its processes by fork and others by forkserver: this tells them
    /// apart.
    pub fn start_method(&self) -> Option<StartMethod> {
        self.handle.start_method()
    }

    /// The name. It means nothing to the system.
    pub fn name(&self) -> String {
        self.handle.name()
    }

    /// Changes the name. A child that has been started keeps the one it has.
    pub fn set_name(&self, name: &str) {
        self.handle.set_name(name);
    }

    /// Whether it is a daemon: a process that does not keep the program from
    /// ending, and is terminated when it does.
    ///
    /// A new process is one if the process that makes it is one, which the main
    /// process is not.
    ///
    /// # Differences from Python
    ///
    /// A daemon dies with its parent however that dies, also by SIGKILL.
    pub fn daemon(&self) -> bool {
        self.handle.daemon()
    }

    /// Changes whether it is a daemon.
    ///
    /// # Errors
    ///
    /// If it has been started or closed.
    pub fn set_daemon(&self, daemon: bool) -> Result<()> {
        self.handle.set_daemon(daemon)
    }

    /// The system's id of the process. None before the start and after
    /// [`close`](Self::close).
    pub fn pid(&self) -> Option<u32> {
        self.handle.pid().and_then(|pid| u32::try_from(pid).ok())
    }

    /// Whether the process is running.
    ///
    /// Python: `process.is_alive()`. A child that has ended is reaped.
    ///
    /// # Differences from Python
    ///
    /// Of a process that is neither a child, nor this one, nor its parent, and
    /// of a closed one, it is false. Python raises an exception.
    pub fn is_alive(&self) -> bool {
        self.observe(Handle::is_running)
    }

    /// How the process ended: none before that; 0; 1 after an error or a panic;
    /// the code that it exited with; minus the signal's number if a signal
    /// ended it. None, too, after [`close`](Self::close), and if the code was
    /// lost, which [`join`](Self::join) tells.
    pub fn exitcode(&self) -> Option<i32> {
        match self.observe(Handle::poll) {
            Ok(Some(Exit::Code(code))) => Some(code),
            _ => None,
        }
    }

    /// Waits until the process has ended.
    ///
    /// Python: `process.join()`. It can be called again.
    ///
    /// # Errors
    ///
    /// It was not started, is closed, or is neither a child nor the parent of
    /// this process. Or it has ended, but something else took its exit code:
    /// another piece of the program that waits for any child, or the system,
    /// since the program ignores SIGCHLD.
    pub fn join(&self) -> Result<()> {
        self.join_within(None).map(|_| ())
    }

    /// Waits until the process has ended, but not for longer than `timeout`.
    /// Whether it has.
    ///
    /// Python: `process.join(timeout)`.
    ///
    /// # Differences from Python
    ///
    /// A grandchild that lives on makes no difference. In Python, under fork
    /// and spawn, it makes this wait for the whole time.
    ///
    /// # Errors
    ///
    /// Those of [`join`](Self::join).
    pub fn join_timeout(&self, timeout: Duration) -> Result<bool> {
        self.join_within(Some(timeout))
    }

    /// Asks the process to end, by SIGTERM. Does nothing if it has ended.
    ///
    /// # Errors
    ///
    /// It was not started, is closed, or is not a child of this process; or it
    /// has become another user's.
    pub fn terminate(&self) -> Result<()> {
        self.handle.signal(Signal::SIGTERM as i32)
    }

    /// Ends the process, by SIGKILL. Does nothing if it has ended.
    ///
    /// # Errors
    ///
    /// Those of [`terminate`](Self::terminate).
    pub fn kill(&self) -> Result<()> {
        self.handle.signal(Signal::SIGKILL as i32)
    }

    /// Interrupts the process as the keyboard does, by SIGINT.
    ///
    /// Python: `process.interrupt()`, from 3.14 on.
    ///
    /// # Errors
    ///
    /// Those of [`terminate`](Self::terminate).
    pub fn interrupt(&self) -> Result<()> {
        self.handle.signal(Signal::SIGINT as i32)
    }

    /// What becomes ready when the process has ended.
    ///
    /// # Errors
    ///
    /// It was not started, is closed, or is not a child of this process.
    pub fn sentinel(&self) -> Result<Sentinel> {
        self.handle
            .popen(Cause::NotStarted, Cause::SentinelOfOther)
            .map(|popen| popen.sentinel())
    }

    fn join_within(&self, timeout: Option<Duration>) -> Result<bool> {
        self.observe(|handle| handle.wait(timeout))
    }

    /// Asks about the process. One that is seen to have ended is no child any
    /// more.
    pub(super) fn observe<R>(&self, ask: impl FnOnce(&Handle) -> R) -> R {
        let answer = ask(&self.handle);
        if self.handle.has_ended() {
            family::remove_child(&self.handle);
        }
        answer
    }
}

impl<T> fmt::Display for Process<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.observe(|handle| fmt::Display::fmt(handle, f))
    }
}

/// As [`Display`](fmt::Display).
impl<T> fmt::Debug for Process<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
