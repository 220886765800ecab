//! The standard input of children.
//!
//! CPython: `_close_stdin` in `multiprocessing/util.py`. It is empty: they do
//! not compete with their parent for its own.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex};

use nix::unistd::dup2_stdin;

use crate::sys::fd::open;
use crate::sys::lock::lock;
use crate::sys::private_fd::PrivateFd;

const NULL: &str = "/dev/null";

/// What this process keeps open for the children that it forks. Opening it is
/// among the dearest things that a forked child could do.
static EMPTY: Mutex<Option<Arc<PrivateFd>>> = Mutex::new(None);

/// An empty input for a child that is to be forked, if there is one.
pub(crate) fn empty_stdin() -> Option<Arc<PrivateFd>> {
    let mut empty = lock(&EMPTY);
    if empty.as_ref().is_none_or(|empty| empty.get().is_err()) {
        *empty = open(NULL).ok().map(|fd| Arc::new(PrivateFd::new(fd)));
    }
    empty.clone()
}

/// Gives this process, a child, an empty input.
///
/// As in Python, a system that has none is no reason not to run.
pub(crate) fn detach_stdin() {
    if let Ok(empty) = open(NULL) {
        replace_stdin(empty.as_fd());
    }
}

pub(crate) fn replace_stdin(empty: BorrowedFd) {
    // What is open can be given this number, whatever it was before.
    let _ = dup2_stdin(empty);
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&EMPTY)
}
