//! The one environment variable that tells a new process that it is a child.

#![allow(unsafe_code, reason = "changes the environment")]

/// Takes a variable out of the environment, so that programs started from here
/// do not see it.
pub(crate) fn take(name: &str) -> Option<std::ffi::OsString> {
    let value = std::env::var_os(name)?;
    // SAFETY: called from `init`, which takes over a child before the program
    // has begun: at the top of `main`, or before it, where there is one thread.
    unsafe { std::env::remove_var(name) };
    Some(value)
}
