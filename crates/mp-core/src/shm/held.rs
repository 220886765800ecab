//! No thread ends with a guard of shared data, unless the process does.
//!
//! The kernel frees the lock of a thread that ends. But a reference that came
//! from a forgotten guard may live on in another thread, and the next holder
//! would get a second one to the same data.

#![allow(unsafe_code, reason = "a key of the C library, for its destructor")]

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::unistd::{getpid, gettid};

thread_local! {
    /// How many guards this thread has, and whether its end is watched.
    static HELD: Cell<u32> = const { Cell::new(0) };
}

const WATCHED: u32 = 1 << 31;

/// Counts a guard that is made.
#[inline]
pub(crate) fn one_more() {
    HELD.with(|held| {
        if held.get() & WATCHED == 0 {
            watch();
            held.set(held.get() | WATCHED);
        }
        held.set(held.get() + 1);
    });
}

/// Counts a guard that is dropped.
#[inline]
pub(crate) fn one_less() {
    HELD.with(|held| held.set(held.get() - 1));
}

/// Has the end of this thread looked at, after all that Rust drops then: such
/// a destructor may drop a guard, or make one.
#[cold]
fn watch() {
    let key = key();
    // SAFETY: the key exists, and the value is only a mark that is not null.
    let failed =
        unsafe { libc::pthread_setspecific(key, ptr::dangling::<u8>().cast()) };
    assert_eq!(failed, 0, "the system has no memory for a thread's end");
}

/// The key by which the C library has the end of a thread looked at.
///
/// Not in a `OnceLock`: a copy of the process that is made while a thread makes
/// the key would wait for that thread for ever.
fn key() -> libc::pthread_key_t {
    const NONE: libc::pthread_key_t = libc::pthread_key_t::MAX;
    static KEY: AtomicU32 = AtomicU32::new(NONE);
    let known = KEY.load(Ordering::Acquire);
    if known != NONE {
        return known;
    }
    let mut key = 0;
    // SAFETY: writes the key to the place given; the function lives as long as
    // the program.
    let failed = unsafe { libc::pthread_key_create(&raw mut key, Some(look)) };
    assert_eq!(failed, 0, "the system has no key for a thread's end");
    match KEY.compare_exchange(NONE, key, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => key,
        Err(other) => {
            // SAFETY: nobody but this call has seen the key.
            unsafe { libc::pthread_key_delete(key) };
            other
        }
    }
}

extern "C" fn look(_mark: *mut c_void) {
    if HELD.get() != WATCHED && gettid() != getpid() {
        eprintln!("a thread ended with a guard of shared data: aborting");
        std::process::abort();
    }
}
