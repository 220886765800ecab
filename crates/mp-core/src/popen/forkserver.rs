//! Starting by forkserver: the child is a copy of a helper process.
//!
//! CPython: `multiprocessing/popen_forkserver.py`.

use super::Popen;
use crate::letter::Letter;
use crate::sys::private_fd::Reserved;
use crate::{Error, Result, forkserver};

pub(crate) fn start(letter: &Letter) -> Result<Popen> {
    let started = Reserved::new(letter.lifeline()).and_then(|place| {
        let pid = forkserver::request(letter)?;
        Popen::of(pid, place)
    });
    started.map_err(Error::system_of("start by forkserver", letter.name()))
}
