//! What happens at the end of a process.
//!
//! CPython: the `atexit` module, and `Finalize` in `multiprocessing/util.py`.
//! Whoever needs something done then registers it here; nobody is named.

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

use crate::sys::exit::{exit_now, on_process_exit};
use crate::sys::fork::generation;
use crate::sys::lock::lock;
use crate::{Error, Result};

type Hook = Box<dyn FnOnce() + Send>;

/// Work of this crate for the end of a process.
///
/// It runs when the user's hooks have run, the highest priority first.
#[derive(Debug)]
pub(crate) struct Finalizer {
    pub(crate) priority: i32,
    pub(crate) work: fn(),
}

impl Finalizer {
    /// Has the work done at the end of this process, once, however often this
    /// is called.
    ///
    /// # Errors
    ///
    /// If there is no memory for the registration.
    pub(crate) fn register(&'static self) -> Result<()> {
        let mut at_exit = at_exit()?;
        let place = at_exit
            .finalizers
            .partition_point(|other| other.priority < self.priority);
        let mut same = at_exit.finalizers[place..]
            .iter()
            .take_while(|other| other.priority == self.priority);
        if !same.any(|other| std::ptr::eq(*other, self)) {
            at_exit.finalizers.insert(place, self);
        }
        Ok(())
    }
}

/// What is to be done at the end of one process.
struct AtExit {
    generation: u64,
    /// Whether the process is a copy of another, so that what was registered
    /// with the C library before is not its own.
    forked: bool,
    watched: bool,
    hooks: Vec<Hook>,
    /// The lowest priority first.
    finalizers: Vec<&'static Finalizer>,
}

impl AtExit {
    const fn new(generation: u64, forked: bool) -> Self {
        Self {
            generation,
            forked,
            watched: false,
            hooks: Vec::new(),
            finalizers: Vec::new(),
        }
    }
}

static AT_EXIT: Mutex<AtExit> = Mutex::new(AtExit::new(0, false));

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
/// A function must not call [`std::process::exit`]: the process is exiting
/// already, and the standard library aborts one that does so anew. In a child
/// whose target has returned or failed it works, since the functions run before
/// the child exits: it ends with that code, and the other functions run.
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
pub fn atexit(hook: impl FnOnce() + Send + 'static) -> Result<()> {
    at_exit()?.hooks.push(Box::new(hook));
    Ok(())
}

/// Sees to it that the exit of this process, of this very one and not of a copy
/// of it, passes through [`exit_function`].
pub(crate) fn watch_exit() -> Result<()> {
    at_exit().map(drop)
}

/// The same, first thing in a child.
pub(crate) fn watch_exit_of_child(forked: bool) -> Result<()> {
    begin(&mut lock(&AT_EXIT), forked);
    watch_exit()
}

/// Forgets what another process has registered.
fn begin(at_exit: &mut AtExit, forked: bool) {
    // What the hooks hold (a directory to be removed, say) is the parent's:
    // dropping it is its work too.
    mem::forget(mem::replace(at_exit, AtExit::new(generation(), forked)));
}

fn at_exit() -> Result<impl std::ops::DerefMut<Target = AtExit>> {
    let mut at_exit = lock(&AT_EXIT);
    if at_exit.generation != generation() {
        begin(&mut at_exit, false);
    }
    if !at_exit.watched {
        on_process_exit(leave)
            .map_err(Error::system("register an exit handler"))?;
        at_exit.watched = true;
    }
    Ok(at_exit)
}

/// The exit handler of the process that registered it.
///
/// In a forked child it is the last that runs: what was registered before it is
/// the parent's work.
fn leave(code: i32) {
    let forked = {
        let at_exit = lock(&AT_EXIT);
        if at_exit.generation != generation() {
            return;
        }
        at_exit.forked
    };
    exit_function();
    if forked {
        exit_now(code);
    }
}

/// All that a process does before it ends: the user's hooks, then the crate's
/// own work.
///
/// Standard output is not its concern: `exit` has flushed it before, and by
/// then another thread may hold its lock for ever.
pub(crate) fn exit_function() {
    // One at a time: a hook may register another.
    while let Some(work) = next() {
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(work)) {
            // The panic has been reported. Dropping it could panic again.
            mem::forget(payload);
        }
    }
}

fn next() -> Option<Hook> {
    let mut at_exit = lock(&AT_EXIT);
    if at_exit.generation != generation() {
        return None;
    }
    at_exit.hooks.pop().or_else(|| {
        let finalizer = at_exit.finalizers.pop()?;
        Some(Box::new(finalizer.work))
    })
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&AT_EXIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    static DONE: Mutex<Vec<i32>> = Mutex::new(Vec::new());
    static LOW: Finalizer =
        Finalizer { priority: -5, work: || lock(&DONE).push(-5) };
    static HIGH: Finalizer =
        Finalizer { priority: 10, work: || lock(&DONE).push(10) };

    #[test]
    fn finalizers_run_once_after_the_hooks_and_by_priority() {
        LOW.register().unwrap();
        HIGH.register().unwrap();
        LOW.register().unwrap();
        atexit(|| lock(&DONE).push(0)).unwrap();
        exit_function();
        assert_eq!(*lock(&DONE), [0, 10, -5]);
    }
}
