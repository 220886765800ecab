//! Descriptors that are on their way to other processes.
//!
//! The kernel lets a user have as many on their way as a process of theirs may
//! have open, and refuses more. A new process takes its own when it has come to
//! `init`. Many that are slow to come there can use all of them up.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long processes may take to fetch what was sent to them.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pauses between two attempts.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(50);

/// Sends descriptors, and waits if too many others are on their way.
///
/// # Errors
///
/// `ETOOMANYREFS` if that has not changed after ten seconds.
pub(crate) fn patiently<T>(
    mut send: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    let end = Instant::now() + PATIENCE;
    let mut pause = SHORTEST;
    loop {
        match send() {
            Err(error) if is_full(&error) && Instant::now() < end => {
                sleep(pause);
                pause = LONGEST.min(pause * 2);
            }
            result => return result,
        }
    }
}

/// Whether it is too many descriptors on their way that an error is about.
pub(crate) fn is_full(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ETOOMANYREFS)
}
