//! Starting by spawn: the child is a new process of the same program.
//!
//! CPython: `multiprocessing/popen_spawn_posix.py`.

use std::io;
use std::os::fd::AsFd;

use crate::process::exec::execute;
use crate::process::popen::Popen;
use crate::process::preparation::Preparation;
use crate::sys::private_fd::Reserved;
use crate::sys::socket;
use crate::{Error, Result};

pub(crate) fn start(preparation: &Preparation) -> Result<Popen> {
    spawn(preparation).map_err(Error::system_of("spawn", preparation.name()))
}

fn spawn(preparation: &Preparation) -> io::Result<Popen> {
    let (ours, theirs) = socket::pair()?;
    // It waits in the socket until the child takes it: starting does not wait
    // for the child, and a child that never comes is nobody's concern.
    preparation.send(ours.as_fd())?;
    let place = Reserved::new(&ours)?;
    let pid = execute(&theirs)?;
    place.replace(|| Popen::of(pid))
}
