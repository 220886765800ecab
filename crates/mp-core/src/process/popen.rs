//! A child that was started, whichever way.
//!
//! CPython: `multiprocessing/popen_*.py`. The three ways differ in how the
//! child is made, and in nothing after that: it is always a child of this
//! process, and one descriptor stands for it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, getpid};

use crate::connection::wait::wait_one;
use crate::process::preparation::Preparation;
use crate::sys::fd::pipe;
use crate::sys::lock::lock;
use crate::sys::memory::retry;
use crate::sys::pidfd;
pub(crate) use crate::sys::pidfd::Exit;
use crate::sys::private_fd::{PrivateFd, Reserved};

/// A child.
#[derive(Debug)]
pub(crate) struct Popen {
    pid: libc::pid_t,
    pidfd: Arc<PrivateFd>,
    /// Once it was seen. Not in the mutex, so that a copy of this process can
    /// ask for it, whatever another thread was doing when that was made.
    exit: OnceLock<Exit>,
    /// Held while one looks, so that one thread takes the exit code.
    looking: Mutex<()>,
}

impl Popen {
    /// Takes charge of a child that was just made.
    ///
    /// # Errors
    ///
    /// If it cannot get a descriptor. There is then no child any more.
    pub(crate) fn of(pid: libc::pid_t) -> io::Result<Self> {
        match pidfd::open(pid) {
            Ok(pidfd) => Ok(Self::new(pid, pidfd, OnceLock::new())),
            // It has ended, and something else has reaped it already.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {
                let (hung_up, _) = pipe()?;
                Ok(Self::new(pid, hung_up, Exit::Unknown.into()))
            }
            Err(error) => {
                // Nobody has waited for it, so the id is still its own.
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                let _ = retry(|| waitpid(Pid::from_raw(pid), None));
                Err(error)
            }
        }
    }

    /// Takes a place for the descriptor of a child that is to be forked.
    ///
    /// A forked child begins at once. So whether there can be a descriptor for
    /// it is found out before, with one of this process.
    ///
    /// # Errors
    ///
    /// If no descriptor of a process can be had.
    pub(crate) fn reserve() -> io::Result<Reserved> {
        pidfd::open(getpid().as_raw()).map(Reserved::of)
    }

    /// Gives the child what it is to run. If that fails there is no child any
    /// more.
    pub(crate) fn hand(
        &self,
        preparation: &Preparation,
        socket: BorrowedFd,
    ) -> io::Result<()> {
        let sent = preparation.send(socket);
        if sent.is_err() {
            let _ = self.signal(Signal::SIGKILL as i32);
            let _ = self.wait(None);
        }
        sent
    }

    fn new(pid: libc::pid_t, pidfd: OwnedFd, exit: OnceLock<Exit>) -> Self {
        let pidfd = Arc::new(PrivateFd::new(pidfd));
        Self { pid, pidfd, exit, looking: Mutex::new(()) }
    }

    pub(crate) fn pid(&self) -> libc::pid_t {
        self.pid
    }

    /// How the child ended, if it has; it is reaped then.
    pub(crate) fn poll(&self) -> io::Result<Option<Exit>> {
        let _looking = lock(&self.looking);
        if self.exit.get().is_none() {
            if let Some(exit) = pidfd::try_wait(self.pidfd.get()?)? {
                return Ok(Some(*self.exit.get_or_init(|| exit)));
            }
        }
        Ok(self.exit.get().copied())
    }

    /// Whether it was seen to have ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.exit.get().is_some()
    }

    /// Waits for the child to end. None if it did not in time.
    pub(crate) fn wait(
        &self,
        timeout: Option<Duration>,
    ) -> io::Result<Option<Exit>> {
        let end = timeout.and_then(|time| Instant::now().checked_add(time));
        loop {
            if let Some(exit) = self.exit.get() {
                return Ok(Some(*exit));
            }
            let left =
                end.map(|end| end.saturating_duration_since(Instant::now()));
            // Not under the lock: others may ask meanwhile.
            if !wait_one(self.pidfd.get()?, left)? {
                return Ok(None);
            }
            if let Some(exit) = self.poll()? {
                return Ok(Some(exit));
            }
            // It has ended, but a debugger has not let go of it yet.
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            thread::yield_now();
        }
    }

    /// Sends a signal, unless the child has been reaped.
    pub(crate) fn signal(&self, signal: i32) -> io::Result<()> {
        if self.has_ended() {
            return Ok(());
        }
        match pidfd::send_signal(self.pidfd.get()?, signal) {
            // Something else reaped it.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            sent => sent,
        }
    }

    pub(crate) fn sentinel(&self) -> Sentinel {
        Sentinel { pidfd: self.pidfd.clone() }
    }
}

/// Becomes ready to be read when a process has ended.
///
/// Python: [`Process.sentinel`]. Give it to [`wait`](crate::wait), or to
/// whatever waits for descriptors: poll, epoll, an event loop. It stays ready.
/// It holds a descriptor of its own, and can outlive the process object.
///
/// [`Process.sentinel`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.sentinel
#[derive(Clone, Debug)]
pub struct Sentinel {
    pidfd: Arc<PrivateFd>,
}

/// # Panics
///
/// In a forked child: the sentinel belongs to its parent.
impl AsFd for Sentinel {
    #[track_caller]
    fn as_fd(&self) -> BorrowedFd<'_> {
        let Ok(fd) = self.pidfd.get() else {
            panic!("the sentinel belongs to the parent process")
        };
        fd
    }
}

/// What event loops ask for, such as tokio's `AsyncFd`.
///
/// # Panics
///
/// As [`as_fd`](AsFd::as_fd).
impl AsRawFd for Sentinel {
    #[track_caller]
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
