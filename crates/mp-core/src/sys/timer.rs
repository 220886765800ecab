//! Timers of the kernel, which send a signal to this process.

#![allow(unsafe_code, reason = "timer_create and timer_settime")]

use std::ffi::c_int;
use std::io;
use std::time::Duration;

/// What a timer counts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// The time that passes.
    Monotonic,
    /// The time that all threads of this process compute.
    ProcessCpu,
}

/// Sends a signal to this process once, when a time has passed.
///
/// The timer lives as long as the process. A process that is forked has none of
/// its parent's timers, and a program that is executed has none either.
///
/// # Errors
///
/// `EAGAIN` if the system has no memory for the timer, or the user too many.
pub(crate) fn signal_after(
    clock: Clock,
    time: Duration,
    signal: c_int,
) -> io::Result<()> {
    let clock = match clock {
        Clock::Monotonic => libc::CLOCK_MONOTONIC,
        Clock::ProcessCpu => libc::CLOCK_PROCESS_CPUTIME_ID,
    };
    // SAFETY: all zeroes are a valid `sigevent`.
    let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
    event.sigev_notify = libc::SIGEV_SIGNAL;
    event.sigev_signo = signal;
    let mut timer: libc::timer_t = std::ptr::null_mut();
    // SAFETY: the event and the place for the timer live as long as the call.
    if unsafe { libc::timer_create(clock, &raw mut event, &raw mut timer) } != 0
    {
        return Err(io::Error::last_os_error());
    }
    // A time of nought would disarm the timer.
    let time = time.max(Duration::from_nanos(1));
    // SAFETY: all zeroes are a valid setting: no repetition.
    let mut setting: libc::itimerspec = unsafe { std::mem::zeroed() };
    setting.it_value = libc::timespec {
        tv_sec: libc::time_t::try_from(time.as_secs())
            .unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(time.subsec_nanos()),
    };
    // SAFETY: the timer has just been made; a null pointer asks for no answer.
    match unsafe {
        libc::timer_settime(timer, 0, &raw const setting, std::ptr::null_mut())
    } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
