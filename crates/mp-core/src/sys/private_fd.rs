//! Descriptors that a forked child does not keep.
//!
//! Close-on-exec keeps a descriptor from programs that are executed. A forked
//! child executes nothing: what it must not have, it has to close itself.

#![allow(unsafe_code, reason = "closes descriptors by number")]

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Mutex;

use nix::errno::Errno;

use super::fork::generation;
use super::lock::lock;

/// A descriptor that belongs to this process alone, not to its copies.
#[derive(Debug)]
pub(crate) struct PrivateFd {
    fd: ManuallyDrop<OwnedFd>,
    generation: u64,
}

/// The private descriptors of one process.
struct Open {
    generation: u64,
    /// In ascending order.
    fds: Vec<RawFd>,
}

static OPEN: Mutex<Open> = Mutex::new(Open { generation: 0, fds: Vec::new() });

impl PrivateFd {
    pub(crate) fn new(fd: OwnedFd) -> Self {
        let mut open = lock(&OPEN);
        // In a copy of a process that something else made, nobody has closed
        // the parent's, and the numbers may be used for anything by now.
        if open.generation != generation() {
            open.generation = generation();
            open.fds.clear();
        }
        let number = fd.as_raw_fd();
        let place = open.fds.partition_point(|&other| other < number);
        open.fds.insert(place, number);
        Self { fd: ManuallyDrop::new(fd), generation: generation() }
    }

    /// The descriptor, or `EBADF` in a process that was forked since.
    pub(crate) fn get(&self) -> io::Result<BorrowedFd<'_>> {
        if self.generation == generation() {
            Ok(self.fd.as_fd())
        } else {
            Err(Errno::EBADF.into())
        }
    }
}

impl Drop for PrivateFd {
    fn drop(&mut self) {
        // In a copy of the process it was closed when the copy began, and the
        // number may be somebody else's by now.
        if self.generation == generation() {
            // Until the descriptor is closed, so that no fork comes between.
            let mut open = lock(&OPEN);
            if let Ok(place) = open.fds.binary_search(&self.fd.as_raw_fd()) {
                open.fds.remove(place);
            }
            // SAFETY: `self.fd` is not used again.
            unsafe { ManuallyDrop::drop(&mut self.fd) };
        }
    }
}

/// Closes the parent's private descriptors, first thing in a forked child.
pub(crate) fn close_inherited() {
    // They stay in the list until the child has some of its own.
    let open = lock(&OPEN);
    // The parent of many children has one for each: mostly all in a row.
    for row in open.fds.chunk_by(|one, next| one + 1 == *next) {
        let (first, last) = (row[0], row[row.len() - 1]);
        // SAFETY: each number is that of a `PrivateFd` of the parent, whose
        // copy here neither gives it out nor closes it, its generation being
        // old.
        let done =
            unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
        if done == -1 {
            // The kernel is too old for that, or a filter forbids it.
            for fd in first..=last {
                // SAFETY: as above.
                drop(unsafe { OwnedFd::from_raw_fd(fd) });
            }
        }
    }
}

/// A free place in the table of descriptors, held until one is needed.
///
/// A child that was made and then cannot be given a descriptor would have to be
/// killed. The place is taken first, while an error still costs nothing.
#[derive(Debug)]
pub(crate) struct Reserved(PrivateFd);

impl Reserved {
    /// Takes the place with a copy of any descriptor.
    pub(crate) fn new(any: impl AsFd) -> io::Result<Self> {
        any.as_fd().try_clone_to_owned().map(Self::of)
    }

    /// The place that a descriptor has now.
    pub(crate) fn of(fd: OwnedFd) -> Self {
        Self(PrivateFd::new(fd))
    }

    /// Frees the place and fills it at once.
    pub(crate) fn replace<T>(self, open: impl FnOnce() -> T) -> T {
        drop(self.0);
        open()
    }
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&OPEN)
}
