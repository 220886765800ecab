//! Starting by spawn: the child is a new process of the same program.
//!
//! CPython: `multiprocessing/popen_spawn_posix.py`.

use std::io;
use std::os::fd::AsFd;

use super::failed;
use crate::Result;
use crate::process::exec::execute;
use crate::process::popen::Popen;
use crate::process::preparation::Preparation;
use crate::sys::private_fd::Reserved;
use crate::sys::socket;

pub(crate) fn start(preparation: &Preparation) -> Result<Popen> {
    spawn(preparation).map_err(failed("spawn", preparation))
}

fn spawn(preparation: &Preparation) -> io::Result<Popen> {
    let (ours, theirs) = socket::pair()?;
    let place = Reserved::new(&ours)?;
    let pid = execute(&theirs)?;
    let popen = place.replace(|| Popen::of(pid))?;
    // Not before there is a handle: a start that fails has run nothing. It
    // waits in the socket until the child takes it, so this waits for nobody.
    popen.hand(preparation, ours.as_fd())?;
    Ok(popen)
}
