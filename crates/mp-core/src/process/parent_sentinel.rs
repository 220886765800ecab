//! How a process learns that its parent has ended.
//!
//! A process keeps the writing end of a pipe and gives the reading end to its
//! children. It hangs up when the process ends, whatever ended it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::time::Duration;

use crate::connection::wait::wait_one;
use crate::sys::exit::exit_now;
use crate::sys::fd;
use crate::sys::fork::generation;
use crate::sys::lock::lock;
use crate::sys::parent_death;
use crate::sys::private_fd::PrivateFd;

/// The pipe of this process.
struct Pipe {
    generation: u64,
    reader: PrivateFd,
    /// Held, never written to.
    _writer: PrivateFd,
}

static PIPE: Mutex<Option<Pipe>> = Mutex::new(None);

/// The end that a new child gets.
///
/// A daemon needs one that was opened for it alone, since it asks the kernel
/// for a signal when that end hangs up.
pub(crate) fn for_child(daemon: bool) -> io::Result<OwnedFd> {
    let mut pipe = lock(&PIPE);
    if pipe.as_ref().is_none_or(|pipe| pipe.generation != generation()) {
        let (reader, writer) = fd::pipe()?;
        *pipe = Some(Pipe {
            generation: generation(),
            reader: PrivateFd::new(reader),
            _writer: PrivateFd::new(writer),
        });
    }
    let Some(pipe) = &*pipe else { unreachable!("it was made above") };
    let reader = pipe.reader.get()?;
    if daemon { reopen(reader) } else { reader.try_clone_to_owned() }
}

fn reopen(pipe: BorrowedFd) -> io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    // Without O_NONBLOCK this would wait for nobody either: there is a writer.
    fd::open(&path)
}

/// Binds this process, a daemon, to the life of its parent.
pub(crate) fn die_with(parent: BorrowedFd) -> io::Result<()> {
    parent_death::kill_on_hang_up(parent)?;
    if has_ended(parent, Some(Duration::ZERO))? {
        // It ended before the kernel knew that we want to know.
        exit_now(1);
    }
    Ok(())
}

/// Waits until the parent at the other end has ended. False if it has not in
/// that time.
pub(crate) fn has_ended(
    parent: impl AsFd,
    timeout: Option<Duration>,
) -> io::Result<bool> {
    wait_one(parent, timeout)
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&PIPE)
}
