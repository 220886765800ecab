//! The life of a child, from its first step to its last.
//!
//! CPython: `_bootstrap` in `multiprocessing/process.py`.

use std::io;
use std::mem;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{self, AssertUnwindSafe};

use crate::Result;
use crate::process::birth::{Birth, Ties};
use crate::process::preparation::Delivery;
pub(crate) use crate::process::report::report_failure;
use crate::process::result_file::ResultFile;
use crate::process::rules::Rules;
use crate::process::target::Ended;
use crate::process::{
    exit, family, giving, parent_sentinel, report, start_method, stdout,
};
use crate::shm::{heap, reduction};
use crate::sys::entry::Entry;

/// Runs what was sent. The result is the exit code.
pub(crate) fn run(delivery: Delivery, forked: bool) -> i32 {
    let opened = match prepare(delivery) {
        Ok(opened) => opened,
        Err(error) => {
            report_failure(&format!("Error: {error}"));
            return 1;
        }
    };
    report::prepare_hook();
    heap::inherit(opened.claims);
    reduction::arrive(opened.places, opened.arenas);
    let (entry, arguments) = (opened.entry, opened.arguments);
    bootstrap(opened.birth, opened.ties, forked, || entry.run(arguments))
}

/// Gives up what cannot be received. The result is the exit code.
pub(crate) fn refuse(error: &io::Error) -> i32 {
    report_failure(&format!(
        "Error: cannot receive what the parent sent: {error}"
    ));
    1
}

fn prepare(delivery: Delivery) -> Result<crate::process::preparation::Opened> {
    let mut opened = delivery.open()?;
    // Taken, so that it is closed before the body runs.
    if let Some(directory) = opened.directory.take() {
        nix::unistd::fchdir(&directory).map_err(crate::Error::system(
            "change to the working directory of the parent",
        ))?;
    }
    Ok(opened)
}

/// Becomes the child and runs its body. The result is the exit code.
pub(crate) fn bootstrap(
    birth: Birth,
    ties: Ties,
    forked: bool,
    body: impl FnOnce() -> Ended,
) -> i32 {
    start_method::inherit(birth.method, birth.method_chosen);
    let bound = birth
        .daemon
        .then(|| parent_sentinel::die_with(ties.parent_sentinel.as_fd()));
    let rules = birth.rules.clone();
    family::adopt(birth, ties.parent_sentinel);
    if let Some(Err(error)) = bound {
        report_failure(&format!("Error: cannot be a daemon: {error}"));
        return 1;
    }
    report::announce_panics();
    let ready = exit::watch_exit_of_child(forked)
        .and_then(|()| prepare_result(ties.result, &rules))
        .and_then(|()| rules.apply());
    let code = match ready {
        Ok(()) => guarded(body),
        Err(error) => {
            fail(&format!("Error: {error}"));
            1
        }
    };
    exit::exit_function();
    stdout::flush_at_end();
    code
}

fn prepare_result(file: Option<OwnedFd>, rules: &Rules) -> Result<()> {
    giving::prepare(file.map(ResultFile::of), rules.quiet_panics)
        .map_err(crate::Error::system("open the file for the result"))
}

/// Says why the target gave nothing, to whoever waits for its result too.
fn fail(why: &str) {
    giving::fail(why.strip_prefix("Error: ").unwrap_or(why));
    report_failure(why);
}

/// Runs the body. A panic has been reported when it arrives here.
fn guarded(body: impl FnOnce() -> Ended) -> i32 {
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => {
            fail(&failure);
            1
        }
        Err(payload) => {
            giving::confirm_panic();
            // Dropping it could panic again.
            mem::forget(payload);
            1
        }
    }
}

/// Does once, in a server, what its children would each do again: they get a
/// copy of what is done.
pub(crate) fn warm_up() {
    report::prepare_hook();
    reduction::arrive(Vec::new(), Vec::new());
    let _ = Entry::at(0);
    stdout::flush_before_start();
}
