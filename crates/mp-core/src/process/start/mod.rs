//! The three ways to start a child.
//!
//! CPython: `multiprocessing/popen_*.py`. They differ in how the child is made,
//! and in nothing after that.

pub(crate) mod fork;
pub(crate) mod forkserver;
pub(crate) mod spawn;

use std::io;

use crate::Error;
use crate::error::Cause;
use crate::process::preparation::Preparation;
use crate::sys::in_flight;

/// The error of a start that the system refused.
fn failed(
    what: &'static str,
    preparation: &Preparation,
) -> impl FnOnce(io::Error) -> Error {
    move |source| {
        let name = preparation.name();
        if !in_flight::is_full(&source) {
            return Error::system_of(what, name)(source);
        }
        let method = preparation.method().name();
        Cause::InFlight { name: name.to_owned(), method, source }.into()
    }
}
