//! Leaving the process.

#![allow(unsafe_code, reason = "on_exit and _exit")]

use std::ffi::{c_int, c_void};
use std::io;
use std::mem;

unsafe extern "C" {
    // glibc's, and not in the libc crate: as atexit(3), but the handler is
    // told the exit code.
    fn on_exit(
        handler: extern "C" fn(c_int, *mut c_void),
        argument: *mut c_void,
    ) -> c_int;
}

/// Runs `handler` with the exit code when the process exits, before whatever
/// was registered for the exit earlier.
///
/// # Errors
///
/// If there is no memory for the registration.
pub(crate) fn on_process_exit(handler: fn(i32)) -> io::Result<()> {
    // SAFETY: `call` undoes the cast of the pointer, and both functions live
    // as long as the program.
    match unsafe { on_exit(call, handler as *mut c_void) } {
        0 => Ok(()),
        _ => Err(io::ErrorKind::OutOfMemory.into()),
    }
}

extern "C" fn call(code: c_int, handler: *mut c_void) {
    // SAFETY: `on_process_exit` made the pointer from a `fn(i32)`.
    let handler: fn(i32) = unsafe { mem::transmute(handler) };
    // A panic that leaves an `extern "C"` function aborts, which is right:
    // there is nobody left to catch it.
    handler(code);
}

/// Ends the process at once: no handlers, no destructors, nothing flushed.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: _exit has no preconditions.
    unsafe { libc::_exit(code) }
}
