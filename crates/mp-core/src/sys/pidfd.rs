//! Processes as descriptors: no id that another process may have by now.

#![allow(unsafe_code, reason = "system calls without a safe wrapper")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;

use super::fd::beyond_std_streams;

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// With this exit code; minus the signal's number if a signal ended it.
    Code(i32),
    /// It ended, and something else took its exit code: the program ignores
    /// SIGCHLD, or waits for children that are not its own.
    Unknown,
}

/// A descriptor of a child that has not been waited for.
pub(crate) fn open(pid: libc::pid_t) -> io::Result<OwnedFd> {
    // SAFETY: takes two numbers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if fd == -1 {
        return Err(io::Error::last_os_error());
    }
    let fd = i32::try_from(fd).expect("a descriptor fits its type");
    // SAFETY: the call made the descriptor (close-on-exec) for us alone.
    beyond_std_streams(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sends a signal. `ESRCH` if the process has been waited for.
pub(crate) fn send_signal(pidfd: BorrowedFd, signal: i32) -> io::Result<()> {
    // SAFETY: a null record makes the kernel fill it in as kill(2) would.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    if sent == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The oldest child that has ended and that nobody has reaped yet. It stays
/// so.
pub(crate) fn ended_child() -> Option<libc::pid_t> {
    // SAFETY: all zeroes are a valid `siginfo_t` to be written over.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: `info` is a valid place for the answer.
    let done = unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, options) };
    // SAFETY: waitid filled the record in, or left the zeroes.
    let pid = unsafe { info.si_pid() };
    (done == 0 && pid != 0).then_some(pid)
}

/// Reaps the child if it has ended. Does not block.
pub(crate) fn try_wait(pidfd: impl AsFd) -> io::Result<Option<Exit>> {
    // Not nix's `waitid`, which loses a death by a real-time signal.
    // SAFETY: all zeroes are a valid `siginfo_t` to be written over.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let number = pidfd.as_fd().as_raw_fd();
    let number = libc::id_t::try_from(number).map_err(|_| Errno::EBADF)?;
    loop {
        // SAFETY: `info` is a valid place for the answer.
        let done = unsafe {
            libc::waitid(
                libc::P_PIDFD,
                number,
                &raw mut info,
                libc::WEXITED | libc::WNOHANG,
            )
        };
        if done == 0 {
            break;
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::ECHILD) => return Ok(Some(Exit::Unknown)),
            _ => return Err(error),
        }
    }
    // SAFETY: waitid filled the record in, or left the zeroes.
    let pid = unsafe { info.si_pid() };
    if pid == 0 {
        return Ok(None);
    }
    // SAFETY: as above.
    let status = unsafe { info.si_status() };
    Ok(Some(Exit::Code(match info.si_code {
        libc::CLD_EXITED => status,
        _ => -status,
    })))
}
