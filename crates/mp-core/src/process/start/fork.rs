//! Starting by fork: the child is a copy of this process.
//!
//! CPython: `multiprocessing/popen_fork.py`.

use std::io;

use nix::errno::Errno;

use crate::error::Cause;
use crate::process::birth::{Birth, Ties};
use crate::process::body::Body;
use crate::process::forkserver::client;
use crate::process::popen::Popen;
use crate::process::{
    bootstrap, exit, family, handle, parent_sentinel, report, start_method,
    stdio, stdout,
};
use crate::shm::heap;
use crate::sys::entry::Entry;
use crate::sys::fork::{ForkWithThreads, fork, thread_count};
use crate::sys::private_fd::{self, close_inherited};
use crate::{Error, Result};

pub(crate) fn start(
    birth: Birth,
    ties: Ties,
    body: &mut impl Body,
    permit: Option<ForkWithThreads>,
) -> Result<Popen> {
    let name = birth.name.clone();
    let failed = |error| Error::system_of("fork", &name)(error);
    let place = match Popen::reserve() {
        Ok(place) => place,
        Err(error) => return Err(failed(error)),
    };
    let input = stdio::empty_stdin();
    let input = input.as_ref().and_then(|input| input.get().ok());
    if permit.is_some() {
        // What a thread could be doing now would stay half done in the child.
        report::prepare_hook();
        Entry::find_image();
    }
    let mut in_child = Some(ties);
    let forked = fork(permit, hold_locks, || {
        let replaced = input.map(stdio::replace_stdin);
        close_inherited();
        // There are free descriptors now, if there were none.
        if replaced.is_none() {
            stdio::detach_stdin();
        }
        heap::after_fork();
        if permit.is_none() {
            report::prepare_hook();
        }
        match in_child.take() {
            Some(ties) => {
                bootstrap::bootstrap(birth, ties, true, || body.run_forked())
            }
            None => 1,
        }
    });
    match forked.and_then(|pid| place.replace(|| Popen::of(pid))) {
        Ok(popen) => Ok(popen),
        Err(error) if error.raw_os_error() == Some(Errno::EBUSY as i32) => {
            let threads = thread_count()
                .map_or("an unknown number".into(), |count| count.to_string());
            Err(Cause::Threads { name, threads }.into())
        }
        Err(error) => Err(failed(error)),
    }
}

/// Holds all locks that the crate has for itself, in the order in which they
/// are nested elsewhere, and those of the standard streams.
fn hold_locks() -> io::Result<impl Sized> {
    // First: a thread that reports a panic may want any of the others.
    let hook = report::hold();
    // Standard output before standard error, as a thread does that locks the
    // one and reports errors meanwhile. For one that does it the other way
    // there is no cure: they cannot be tried.
    let mut stdout = io::stdout().lock();
    // Whatever other threads have printed by now: the copy would print it too.
    stdout::flush(&mut stdout);
    Ok((
        hook,
        stdout,
        io::stderr().lock(),
        client::hold(),
        exit::hold(),
        start_method::hold(),
        family::hold(),
        handle::hold(),
        parent_sentinel::hold(),
        stdio::hold(),
        heap::hold()?,
        private_fd::hold(),
    ))
}
