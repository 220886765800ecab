//! The standard streams of a process and of its children.
//!
//! CPython: `_flush_std_streams` and `_close_stdin` in
//! `multiprocessing/util.py`. Children have an empty standard input: they do
//! not compete with their parent for its own.

use std::io::{self, Write};
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use nix::unistd::dup2_stdin;

use crate::sys::fd::open;
use crate::sys::fork::{generation, is_single_threaded_now};
use crate::sys::lock::lock;

/// Writes out what standard output holds back, unless another thread could be
/// keeping it: one that holds it for life would be waited for for ever.
/// Whether it was done.
///
/// A reader that went away, or a stream that is closed, is no reason to fail:
/// there is nobody to tell.
pub(crate) fn flush_if_alone() -> bool {
    let alone = is_single_threaded_now().unwrap_or(false);
    if alone {
        let _ = io::stdout().flush();
    }
    alone
}

/// The same at the end of a child, which may have left threads behind: a thread
/// of its own tries, and is not waited for for long.
pub(crate) fn flush_at_end() {
    const PATIENCE: Duration = Duration::from_secs(1);
    if flush_if_alone() {
        return;
    }
    let (done, flushed) = mpsc::channel();
    let flush = move || {
        let _ = io::stdout().flush();
        let _ = done.send(());
    };
    if thread::Builder::new().spawn(flush).is_ok() {
        let _ = flushed.recv_timeout(PATIENCE);
    }
}

const NULL: &str = "/dev/null";

/// What this process keeps open for the children that it forks. Opening it is
/// among the dearest things that a forked child could do.
static EMPTY: Mutex<Option<Empty>> = Mutex::new(None);

struct Empty {
    fd: OwnedFd,
    /// In which process it was opened. A copy of that may have closed it, and
    /// got another descriptor under the same number.
    generation: u64,
}

/// Opens an empty input for a child that is to be forked. If it cannot, the
/// child tries again: it has more descriptors left than its parent.
pub(crate) fn prepare_empty_stdin() {
    let generation = generation();
    let mut empty = lock(&EMPTY);
    if empty.as_ref().is_none_or(|empty| empty.generation != generation) {
        let new = open(NULL).ok().map(|fd| Empty { fd, generation });
        mem::forget(mem::replace(&mut *empty, new));
    }
}

/// Gives this process, a child, an empty input.
///
/// As in Python, a system that has none is no reason not to run.
pub(crate) fn detach_stdin() {
    let empty = lock(&EMPTY).take().map(|empty| empty.fd);
    if let Some(empty) = empty.or_else(|| open(NULL).ok()) {
        // What is open can be given this number, whatever it was before.
        let _ = dup2_stdin(empty);
    }
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&EMPTY)
}
