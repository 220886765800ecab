//! The standard streams of a process and of its children.
//!
//! CPython: `_flush_std_streams` and `_close_stdin` in
//! `multiprocessing/util.py`. Children have an empty standard input: they do
//! not compete with their parent for its own.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use nix::unistd::dup2_stdin;

use crate::sys::fd::open;
use crate::sys::fork::is_single_threaded_now;
use crate::sys::lock::lock;
use crate::sys::private_fd::PrivateFd;

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
