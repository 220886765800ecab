//! Descriptors that a copy of the process does not keep.
//!
//! Close-on-exec keeps a descriptor from programs that are executed. A forked
//! child executes nothing: what it must not have, it has to close itself. That
//! is the first thing that a copy does, whoever made it.

#![allow(unsafe_code, reason = "closes a descriptor by hand")]

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;

use nix::errno::Errno;

use super::fork::{PRIVATE, generation};
use super::lock::lock;

/// A descriptor that belongs to this process alone, not to its copies.
#[derive(Debug)]
pub(crate) struct PrivateFd {
    fd: ManuallyDrop<OwnedFd>,
    generation: u64,
}

/// Held while one is closed, and for the time of a fork: so that none is left
/// open in the copy because it was just being closed here.
static CLOSING: Mutex<()> = Mutex::new(());

impl PrivateFd {
    pub(crate) fn new(fd: OwnedFd) -> Self {
        let generation = generation();
        PRIVATE.insert(fd.as_raw_fd());
        Self { fd: ManuallyDrop::new(fd), generation }
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
            let _closing = lock(&CLOSING);
            PRIVATE.remove(self.fd.as_raw_fd());
            // SAFETY: `self.fd` is not used again.
            unsafe { ManuallyDrop::drop(&mut self.fd) };
        }
    }
}

/// Closes the parent's private descriptors, first thing in a child that this
/// crate forks. In any other copy of the process it is done already.
pub(crate) fn close_inherited() {
    PRIVATE.close_all();
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
    lock(&CLOSING)
}
