//! Waiting for descriptors.
//!
//! CPython: `wait` in `multiprocessing/connection.py`.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use crate::{Error, Result};

/// Waits until one or more of several things are ready, and says which.
///
/// Python: [`multiprocessing.connection.wait`]. The things are whatever has a
/// descriptor: [sentinels](crate::Process::sentinel) of processes, which are
/// ready when the process has ended, sockets and pipes, which are ready when
/// there is something to read or the other end is closed. The result has the
/// places of the ready ones in `objects`, in rising order. It is empty if none
/// was ready in time; with no timeout this waits for as long as it takes.
///
/// [`multiprocessing.connection.wait`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.wait
///
/// # Examples
///
/// ```
/// # fn main() -> mp_core::Result<()> {
/// # mp_core::init();
/// use mp_core::{Process, wait};
///
/// let mut fast = Process::new(|| (), ());
/// fast.start()?;
/// let ready = wait(&[fast.sentinel()?], None)?;
/// assert_eq!(ready, [0]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If the system cannot wait for so many descriptors.
#[track_caller]
pub fn wait<F: AsFd>(
    objects: &[F],
    timeout: Option<Duration>,
) -> Result<Vec<usize>> {
    let mut fds = Vec::with_capacity(objects.len());
    // Not a closure, which would not know the caller's place, in a panic.
    for object in objects {
        fds.push(PollFd::new(object.as_fd(), PollFlags::POLLIN));
    }
    poll(&mut fds, timeout).map_err(Error::system("wait"))?;
    let ready = |fd: &PollFd| fd.revents().is_none_or(|got| !got.is_empty());
    Ok((0..fds.len()).filter(|&place| ready(&fds[place])).collect())
}

/// Waits until one descriptor is ready. False if it was not in time.
pub(crate) fn wait_one(
    object: impl AsFd,
    timeout: Option<Duration>,
) -> io::Result<bool> {
    let fd = PollFd::new(object.as_fd(), PollFlags::POLLIN);
    Ok(poll(&mut [fd], timeout)? > 0)
}

/// poll(2) that a signal does not end early, with a time as long as one likes.
fn poll(
    fds: &mut [PollFd],
    timeout: Option<Duration>,
) -> io::Result<libc::c_int> {
    // None also if the end of the time is beyond what the clock can say.
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        match ppoll(fds, left.map(TimeSpec::from_duration), None) {
            Err(Errno::EINTR) => {}
            ready => return Ok(ready?),
        }
    }
}
