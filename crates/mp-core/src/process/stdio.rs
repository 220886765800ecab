//! The standard input of children.
//!
//! CPython: `_close_stdin` in `multiprocessing/util.py`. It is empty: they do
//! not compete with their parent for its own.

use std::mem;
use std::os::fd::OwnedFd;
use std::sync::Mutex;

use nix::unistd::dup2_stdin;

use crate::sys::fd::open;
use crate::sys::fork::generation;
use crate::sys::lock::lock;

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
