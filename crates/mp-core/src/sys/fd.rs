//! Descriptors that stay clear of the standard streams.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::fcntl::{self, OFlag};
use nix::sys::stat::Mode;
use nix::unistd::pipe2;

/// The descriptor, under a number that is no standard stream's.
///
/// A program that closed a stream has freed its number. What is then printed
/// must not be written to a descriptor of the crate's.
pub(crate) fn beyond_std_streams(fd: OwnedFd) -> io::Result<OwnedFd> {
    // A clone gets a number from 3 on.
    if fd.as_raw_fd() > libc::STDERR_FILENO { Ok(fd) } else { fd.try_clone() }
}

/// Opens a file for reading, under a number that is no standard stream's.
pub(crate) fn open(path: &str) -> io::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    beyond_std_streams(fcntl::open(path, flags, Mode::empty())?)
}

/// A pipe: the reading end, and the writing end.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
    Ok((beyond_std_streams(reader)?, beyond_std_streams(writer)?))
}
