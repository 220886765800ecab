//! What happens at the end of a process.
//!
//! CPython: `multiprocessing/util.py`, and the `atexit` module.

use std::io::{self, Write};
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::process::{family, forkserver, lifeline, start_method, stdin};
use crate::shm::heap;
use crate::sys::exit::{exit_now, on_process_exit};
use crate::sys::fork::{generation, is_single_threaded_now};
use crate::sys::lock::lock;
use crate::sys::private_fd;

/// How long a daemon that was told to end may take to do so.
const DAEMON_GRACE: Duration = Duration::from_secs(5);

type Hook = Box<dyn FnOnce() + Send>;

/// What is to be done at the end of one process.
struct AtExit {
    generation: u64,
    registered: bool,
    hooks: Vec<Hook>,
}

static AT_EXIT: Mutex<AtExit> =
    Mutex::new(AtExit { generation: 0, registered: false, hooks: Vec::new() });

/// Runs a function when this process ends by itself.
///
/// Python: [`atexit.register`]. The functions run in the reverse order of their
/// registration, each once: in the main process when `main` returns or the
/// process exits, and in a child when its target has returned, failed or
/// exited. They do not run in a process that a signal ends.
///
/// A function that was registered before a fork belongs to the parent, and does
/// not run in the child.
///
/// [`atexit.register`]: https://docs.python.org/3/library/atexit.html#atexit.register
///
/// # Errors
///
/// If there is no memory for the registration.
///
/// # Examples
///
/// ```
/// mp_core::atexit(|| println!("the last line"))?;
/// # Ok::<(), mp_core::Error>(())
/// ```
pub fn atexit(hook: impl FnOnce() + Send + 'static) -> crate::Result<()> {
    watch_exit()?;
    lock(&AT_EXIT).hooks.push(Box::new(hook));
    Ok(())
}

/// Sees to it that the exit of this process, of this very one and not of a copy
/// of it, passes through [`exit_function`].
pub(crate) fn watch_exit() -> crate::Result<()> {
    let mut at_exit = lock(&AT_EXIT);
    if at_exit.generation != generation() {
        // What they hold (a directory to be removed, say) is the parent's:
        // dropping it is its work too.
        mem::forget(mem::take(&mut at_exit.hooks));
        *at_exit = AtExit {
            generation: generation(),
            registered: false,
            hooks: Vec::new(),
        };
    }
    if !at_exit.registered {
        on_process_exit(leave)
            .map_err(crate::Error::system("register an exit handler"))?;
        at_exit.registered = true;
    }
    Ok(())
}

/// The exit handler of the process that registered it.
///
/// In a forked child it is the last that runs: what was registered before it is
/// the parent's work.
fn leave(code: i32) {
    if lock(&AT_EXIT).generation != generation() {
        return;
    }
    exit_function();
    if family::is_forked() {
        exit_now(code);
    }
}

/// All that a process does before it ends: its hooks, then its children.
///
/// Standard output is not its concern: `exit` has flushed it before, and by
/// then another thread may hold its lock for ever.
pub(crate) fn exit_function() {
    run_hooks();
    settle_children();
    forkserver::shut_down();
}

fn run_hooks() {
    // One at a time: a hook may register another.
    while let Some(hook) = next_hook() {
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(hook)) {
            // The panic has been reported. Dropping it could panic again.
            mem::forget(payload);
        }
    }
}

fn next_hook() -> Option<Hook> {
    let mut at_exit = lock(&AT_EXIT);
    if at_exit.generation == generation() { at_exit.hooks.pop() } else { None }
}

/// Daemons are told to end before the others are waited for, so that a child
/// that works for long keeps no daemon alive.
fn settle_children() {
    let (daemons, others): (Vec<_>, Vec<_>) =
        family::children().into_iter().partition(|child| child.daemon());
    // What cannot be signalled or waited for has ended already.
    for daemon in &daemons {
        let _ = daemon.signal(Signal::SIGTERM as i32);
    }
    for child in &others {
        let _ = child.wait(None);
    }
    for daemon in &daemons {
        if matches!(daemon.wait(Some(DAEMON_GRACE)), Ok(false)) {
            let _ = daemon.signal(Signal::SIGKILL as i32);
            let _ = daemon.wait(None);
        }
    }
}

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

/// Holds all locks that the crate has for itself, in the order in which they
/// are nested elsewhere, and those of the standard streams.
pub(crate) fn hold_locks() -> io::Result<impl Sized> {
    let mut stdout = io::stdout().lock();
    // Whatever other threads have printed by now: the copy would print it too.
    let _ = stdout.flush();
    Ok((
        stdout,
        io::stderr().lock(),
        lock(&AT_EXIT),
        start_method::hold(),
        forkserver::hold(),
        family::hold(),
        lifeline::hold(),
        stdin::hold(),
        heap::hold()?,
        private_fd::hold(),
    ))
}
