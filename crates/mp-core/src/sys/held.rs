//! No thread ends with a guard of shared data, unless the process does.
//!
//! The kernel frees the lock of a thread that ends. But a reference that came
//! from a forgotten guard may live on in another thread, and the next holder
//! would get a second one to the same data.

use std::cell::Cell;

use nix::unistd::{getpid, gettid};

thread_local! {
    /// How many guards this thread has, and whether its end is watched.
    static HELD: Cell<u32> = const { Cell::new(0) };
    static WATCH: Watch = const { Watch };
}

const WATCHED: u32 = 1 << 31;

struct Watch;

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

#[cold]
fn watch() {
    // At the very end of a thread it cannot be watched any more.
    let _ = WATCH.try_with(|_| ());
}

impl Drop for Watch {
    fn drop(&mut self) {
        if HELD.get() != WATCHED && gettid() != getpid() {
            eprintln!("a thread ended with a guard of shared data: aborting");
            std::process::abort();
        }
    }
}
