//! Starting by forkserver: the child is a copy of a helper process.
//!
//! CPython: `multiprocessing/popen_forkserver.py`.

use nix::errno::Errno;

use super::failed;
use crate::Result;
use crate::error::Cause;
use crate::process::forkserver::client;
use crate::process::popen::Popen;
use crate::process::preparation::Preparation;

pub(crate) fn start(preparation: &Preparation) -> Result<Popen> {
    client::request(preparation).map_err(|error| {
        let name = preparation.name();
        if error.raw_os_error() == Some(Errno::EBUSY as i32) {
            Cause::ServerThreads { name: name.to_owned() }.into()
        } else {
            failed("start by forkserver", preparation)(error)
        }
    })
}
