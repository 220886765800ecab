//! Saying which process failed, and why.
//!
//! A panic is reported by the program's panic hook. In a child another one is
//! put before it, which says first which process it is.

use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, TryLockError};
use std::thread;

use crate::process::{family, giving};
use crate::sys::lock::lock;

type PanicHook = Box<dyn Fn(&PanicHookInfo) + Send + Sync>;

/// Whether this process announces its panics: whether it is a child.
static ANNOUNCES: AtomicBool = AtomicBool::new(false);

/// Whether the announcing hook is there, or in another one that was put before
/// it.
static IN_PLACE: AtomicBool = AtomicBool::new(false);

/// Held while the hook is put in its place, and for the time of a fork.
///
/// To change the hook is to wait for every thread that is just reporting a
/// panic. A thread that is copied while it waits would keep its copy from
/// reporting one.
static CHANGING: Mutex<()> = Mutex::new(());

/// The hook of the program that the announcing one was put before first. Not in
/// that one, which so takes no memory: a forked child is cheaper without.
static FIRST: OnceLock<PanicHook> = OnceLock::new();

/// What every announcing hook has, to be dropped with it.
struct InPlace;

impl Drop for InPlace {
    /// The program has set another hook.
    fn drop(&mut self) {
        IN_PLACE.store(false, Ordering::Relaxed);
    }
}

/// Puts the hook that announces panics in its place, if it is not there. In a
/// process that is no child it only passes them on.
///
/// Beside threads this is done before a fork: in the child it would wait for
/// ever for a thread that was just reporting a panic.
pub(crate) fn prepare_hook() {
    // While a panic unwinds (a destructor starts a process), the hook cannot be
    // changed.
    if thread::panicking() {
        return;
    }
    let _changing = lock(&CHANGING);
    if IN_PLACE.swap(true, Ordering::Relaxed) {
        return;
    }
    let in_place = InPlace;
    panic::set_hook(match FIRST.set(panic::take_hook()) {
        Ok(()) => Box::new(move |panic| {
            let _ = &in_place;
            if let Some(report) = FIRST.get() {
                announce(panic, report);
            }
        }),
        Err(report) => Box::new(move |panic| {
            let _ = &in_place;
            announce(panic, &report);
        }),
    });
}

fn announce(panic: &PanicHookInfo, report: &PanicHook) {
    if ANNOUNCES.load(Ordering::Relaxed) {
        if giving::note_panic(panic) {
            return;
        }
        report_failure("");
    }
    report(panic);
}

/// Has this process, a child, announce its panics.
pub(crate) fn announce_panics() {
    ANNOUNCES.store(true, Ordering::Relaxed);
}

/// Writes to standard error which process failed, and why, at once, so that
/// nothing else comes between.
pub(crate) fn report_failure(why: &str) {
    let mut text = format!("Process {}:\n", family::current().name());
    if !why.is_empty() {
        text.push_str(why);
        text.push('\n');
    }
    // There is nobody to tell that nobody can be told.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    if !thread::panicking() {
        return Some(lock(&CHANGING));
    }
    // A thread that reports a panic is one that a change waits for.
    match CHANGING.try_lock() {
        Ok(changing) => Some(changing),
        Err(TryLockError::Poisoned(changing)) => Some(changing.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
