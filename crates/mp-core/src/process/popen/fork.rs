//! Starting by fork: the child is a copy of this process.
//!
//! CPython: `multiprocessing/popen_fork.py`.

use nix::errno::Errno;

use super::Popen;
use crate::error::ErrorKind;
use crate::process::handle::Birth;
use crate::process::target::Body;
use crate::process::{child, exit, lifeline, stdin};
use crate::shm::heap;
use crate::sys::fork::{ForkWithThreads, fork, thread_count};
use crate::sys::private_fd::{Reserved, close_inherited};
use crate::{Error, Result};

pub(crate) fn start(
    birth: Birth,
    body: &mut impl Body,
    permit: Option<ForkWithThreads>,
) -> Result<Popen> {
    let name = birth.name.clone();
    let failed = |error| Error::system_of("fork", &name)(error);
    let prepared = lifeline::for_child(birth.daemon)
        .and_then(|lifeline| Ok((Reserved::new(&lifeline)?, lifeline)));
    let (place, lifeline) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return Err(failed(error)),
    };
    let input = stdin::empty();
    let input = input.as_ref().and_then(|input| input.get().ok());
    let mut in_child = Some(lifeline);
    let forked = fork(permit, exit::hold_locks, || {
        let replaced = input.map(stdin::replace);
        close_inherited();
        // There are free descriptors now, if there were none.
        if replaced.is_none() {
            stdin::detach();
        }
        heap::after_fork();
        match in_child.take() {
            Some(lifeline) => {
                child::bootstrap(birth, lifeline, true, || body.run_forked())
            }
            None => 1,
        }
    });
    match forked.and_then(|pid| place.replace(|| Popen::of(pid))) {
        Ok(popen) => Ok(popen),
        Err(error) if error.raw_os_error() == Some(Errno::EBUSY as i32) => {
            let threads = thread_count()
                .map_or("an unknown number".into(), |count| count.to_string());
            Err(ErrorKind::Threads { name, threads }.into())
        }
        Err(error) => Err(failed(error)),
    }
}
