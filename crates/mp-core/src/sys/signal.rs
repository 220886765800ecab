//! Dispositions of signals.

#![allow(unsafe_code, reason = "sigaction")]

use nix::sys::signal::{SigAction, SigHandler, SigSet, Signal};

fn set(signal: Signal, handler: SigHandler) {
    let action = SigAction::new(
        handler,
        nix::sys::signal::SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: only ever called with the two dispositions that run no code.
    // It cannot fail for a signal that may be ignored.
    let _ = unsafe { nix::sys::signal::sigaction(signal, &action) };
}

/// Writing to a pipe without a reader is an error, as Rust sets it before main.
pub(crate) fn ignore_broken_pipes() {
    set(Signal::SIGPIPE, SigHandler::SigIgn);
}

/// The forkserver outlives an interrupt from the keyboard: who started it
/// decides. Returns whether it was ignored before.
pub(crate) fn ignore_interrupt() -> bool {
    let before = disposition(Signal::SIGINT);
    set(Signal::SIGINT, SigHandler::SigIgn);
    before == libc::SIG_IGN
}

/// The default again, for the forkserver's children.
pub(crate) fn default_interrupt() {
    set(Signal::SIGINT, SigHandler::SigDfl);
}

fn disposition(signal: Signal) -> libc::sighandler_t {
    // SAFETY: all zeroes are a valid `sigaction` to be written over.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: a null new action only asks for the old one.
    unsafe {
        libc::sigaction(signal as i32, std::ptr::null(), &raw mut action)
    };
    action.sa_sigaction
}
