//! The one environment variable that tells a new process that it is a child.

#![allow(unsafe_code, reason = "changes the environment")]

use super::fork::is_single_threaded;

/// Reads a variable, and takes it out of the environment, so that programs
/// started from here do not see it. Beside other threads it stays: it means
/// nothing to any process but this.
pub(crate) fn take(name: &str) -> Option<std::ffi::OsString> {
    let value = std::env::var_os(name)?;
    if is_single_threaded().unwrap_or(false) {
        // SAFETY: no other thread is there to read the environment.
        unsafe { std::env::remove_var(name) };
    }
    Some(value)
}
