//! Starting by fork: the child is a copy of this process.
//!
//! CPython: `multiprocessing/popen_fork.py`.

use std::io::{self, Write};

use nix::errno::Errno;

use crate::error::Cause;
use crate::process::birth::{Birth, Ties};
use crate::process::body::Body;
use crate::process::forkserver::client;
use crate::process::popen::Popen;
use crate::process::{
    bootstrap, exit, family, parent_sentinel, start_method, stdio,
};
use crate::shm::heap;
use crate::sys::fork::{ForkWithThreads, fork, thread_count};
use crate::sys::private_fd::{self, Reserved, close_inherited};
use crate::{Error, Result};

pub(crate) fn start(
    birth: Birth,
    ties: Ties,
    body: &mut impl Body,
    permit: Option<ForkWithThreads>,
) -> Result<Popen> {
    let name = birth.name.clone();
    let failed = |error| Error::system_of("fork", &name)(error);
    let place = match Reserved::new(&ties.parent_sentinel) {
        Ok(place) => place,
        Err(error) => return Err(failed(error)),
    };
    let input = stdio::empty_stdin();
    let input = input.as_ref().and_then(|input| input.get().ok());
    let mut in_child = Some(ties);
    let forked = fork(permit, hold_locks, || {
        let replaced = input.map(stdio::replace_stdin);
        close_inherited();
        // There are free descriptors now, if there were none.
        if replaced.is_none() {
            stdio::detach_stdin();
        }
        heap::after_fork();
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
    let mut stdout = io::stdout().lock();
    // Whatever other threads have printed by now: the copy would print it too.
    let _ = stdout.flush();
    Ok((
        stdout,
        io::stderr().lock(),
        client::hold(),
        exit::hold(),
        start_method::hold(),
        family::hold(),
        parent_sentinel::hold(),
        stdio::hold(),
        heap::hold()?,
        private_fd::hold(),
    ))
}
