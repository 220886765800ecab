//! Dying with the parent.
//!
//! Every process keeps the writing end of a pipe to itself, and its children
//! get the reading end. The kernel closes the writing end with the process,
//! however that ends. `PR_SET_PDEATHSIG`, made for this, follows the *thread*
//! that made the child instead, and so takes children from a living process.

#![allow(unsafe_code, reason = "fcntl with F_SETSIG")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// `F_SETSIG` of `<linux/fcntl.h>`, which the libc crate has not.
const F_SETSIG: i32 = 10;

/// Makes the kernel kill this process when the last writing end of the pipe is
/// closed. If it has been closed already, nothing happens: look after this.
///
/// The setting belongs to the open pipe end, not to the descriptor: the caller
/// shares it with no other process.
pub(crate) fn kill_on_hang_up(pipe: BorrowedFd) -> io::Result<()> {
    let pid = nix::unistd::getpid().as_raw();
    set(pipe, libc::F_SETOWN, pid)?;
    set(pipe, F_SETSIG, libc::SIGKILL)?;
    set(pipe, libc::F_SETFL, libc::O_ASYNC)
}

fn set(fd: BorrowedFd, command: i32, argument: i32) -> io::Result<()> {
    // SAFETY: the three commands take a number and touch no memory.
    match unsafe { libc::fcntl(fd.as_raw_fd(), command, argument) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
