//! Why a process ends, said by signal handlers: one word in a file that another
//! process reads.

#![allow(unsafe_code, reason = "signal handlers")]

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicI32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::getpid;

/// Why a process ended, as far as it could still say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastWord {
    /// It has had the time that it was given.
    TimedOut = 1,
    /// There was no memory for it within its limit.
    OutOfMemory = 2,
}

impl LastWord {
    /// What a word in the file means.
    pub(crate) fn from_word(word: u32) -> Option<Self> {
        [Self::TimedOut, Self::OutOfMemory]
            .into_iter()
            .find(|last| *last as u32 == word)
    }
}

/// Where the word goes in the file.
pub(crate) const OFFSET: u32 = 16;

/// The file, and the process whose it is: a copy of the process may have
/// something else under that number.
static FILE: AtomicI32 = AtomicI32::new(-1);
static OWNER: AtomicI32 = AtomicI32::new(0);

/// Says where the word of this process goes. The descriptor stays open for the
/// life of the process.
pub(crate) fn go_to(file: BorrowedFd) {
    FILE.store(file.as_raw_fd(), Ordering::Relaxed);
    OWNER.store(getpid().as_raw(), Ordering::Relaxed);
}

fn say(word: LastWord) {
    let file = FILE.load(Ordering::Relaxed);
    if file == -1 || OWNER.load(Ordering::Relaxed) != getpid().as_raw() {
        return;
    }
    let word = (word as u32).to_ne_bytes();
    // SAFETY: the bytes are there for the time of the call, which a signal
    // handler may make.
    unsafe {
        libc::pwrite(file, word.as_ptr().cast(), word.len(), OFFSET.into())
    };
}

/// The signal of a timer that ends this process: the last real-time signal,
/// which programs hardly use.
pub(crate) fn time_over_signal() -> c_int {
    libc::SIGRTMAX()
}

/// Makes [`time_over_signal`] end this process by SIGTERM, with a last word.
pub(crate) fn end_when_time_is_over() -> io::Result<()> {
    let signal = time_over_signal();
    handle(signal, time_is_over, libc::SA_RESTART)?;
    // The thread that started the process may have blocked it.
    // SAFETY: all zeroes are a set to be written over.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set lives as long as the call.
    unsafe { libc::sigemptyset(&raw mut set) };
    // SAFETY: as above, and the signal exists.
    unsafe { libc::sigaddset(&raw mut set, signal) };
    // SAFETY: as above; a null pointer asks for no answer.
    let failed = unsafe {
        libc::pthread_sigmask(
            libc::SIG_UNBLOCK,
            &raw const set,
            std::ptr::null_mut(),
        )
    };
    if failed == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(failed)) }
}

/// Makes an abort for lack of memory leave a last word. What the program has
/// for aborts itself stays in its place.
pub(crate) fn tell_lack_of_memory() -> io::Result<()> {
    // SAFETY: all zeroes are a valid `sigaction` to be written over.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: a null new action only asks for the old one.
    unsafe {
        libc::sigaction(libc::SIGABRT, std::ptr::null(), &raw mut before)
    };
    if before.sa_sigaction == libc::SIG_DFL {
        handle(libc::SIGABRT, aborted, libc::SA_RESETHAND)?;
    }
    Ok(())
}

fn handle(
    signal: c_int,
    handler: extern "C" fn(c_int),
    flags: c_int,
) -> io::Result<()> {
    // SAFETY: all zeroes are a valid `sigaction`, with an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as libc::sighandler_t;
    action.sa_flags = flags;
    // SAFETY: both handlers live as long as the program, and call only what a
    // handler may call: getpid, pwrite, kill, and loads of atomic numbers.
    match unsafe {
        libc::sigaction(signal, &raw const action, std::ptr::null_mut())
    } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

extern "C" fn time_is_over(_signal: c_int) {
    say(LastWord::TimedOut);
    // Both calls are among those that a handler may make.
    let _ = kill(getpid(), Signal::SIGTERM);
}

/// An allocation that fails sets `errno`, and nothing that succeeds after it
/// changes that: it is how Rust's own end of a process for lack of memory, which
/// is an abort, differs from others.
extern "C" fn aborted(_signal: c_int) {
    if io::Error::last_os_error().raw_os_error() == Some(libc::ENOMEM) {
        say(LastWord::OutOfMemory);
    }
    // The abort goes on: it resets what the signal does, and sends it again.
}
