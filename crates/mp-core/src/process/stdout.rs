//! Writing out what standard output holds back.
//!
//! CPython: `_flush_std_streams` in `multiprocessing/util.py`. It is done
//! before a start, so that what was printed before comes first, and must not be
//! in the memory that a fork copies.
//!
//! A reader that went away, or a stream that is closed, is no reason to fail:
//! there is nobody to tell.

use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::sys::fork::{generation, is_single_threaded_now};

/// How long a start waits for a thread that keeps standard output.
const BEFORE_A_START: Duration = Duration::from_millis(100);

/// How long the end of a process waits for it.
const AT_THE_END: Duration = Duration::from_secs(1);

/// In which process somebody waits for a thread that keeps standard output, so
/// that the next need not: its generation and one, or zero.
static WAITING: AtomicU64 = AtomicU64::new(0);

/// Writes out what standard output holds back, before a start that copies
/// nothing.
pub(crate) fn flush_before_start() {
    flush_within(BEFORE_A_START);
}

/// The same at the end of a child, which may have left threads behind.
pub(crate) fn flush_at_end() {
    flush_within(AT_THE_END);
}

/// Writes it out, whatever that takes.
///
/// A stream that does not block is waited for when it is full, as the others
/// wait by themselves: what is left would be printed twice after a fork.
pub(crate) fn flush(stdout: &mut (impl Write + AsFd)) {
    while let Err(error) = stdout.flush() {
        if error.kind() != ErrorKind::WouldBlock {
            return;
        }
        let room = PollFd::new(stdout.as_fd(), PollFlags::POLLOUT);
        // A signal may come in between. Then it is only tried again.
        let _ = poll(&mut [room], PollTimeout::NONE);
    }
}

/// Writes it out, but does not wait for ever for a thread that keeps standard
/// output for life. There is no way to try, but for a thread of its own.
fn flush_within(patience: Duration) {
    if is_single_threaded_now().unwrap_or(false) {
        flush(&mut io::stdout().lock());
        return;
    }
    let here = generation() + 1;
    if WAITING.load(Ordering::SeqCst) == here {
        return;
    }
    let (done, flushed) = mpsc::channel();
    let work = move || {
        flush(&mut io::stdout().lock());
        let _ = done.send(());
        // In this order: see below.
        WAITING.store(0, Ordering::SeqCst);
    };
    let Ok(thread) = thread::Builder::new().spawn(work) else { return };
    if flushed.recv_timeout(patience).is_err() {
        WAITING.store(here, Ordering::SeqCst);
        if flushed.try_recv().is_err() {
            // It is still waiting, and takes the note away when it is done.
            return;
        }
        WAITING.store(0, Ordering::SeqCst);
    }
    // It must not make the next fork wait.
    let _ = thread.join();
}
