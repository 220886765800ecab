//! What a child is born with, apart from what it is to run.

use std::os::fd::OwnedFd;

use serde::{Deserialize, Serialize};

use crate::process::rules::Rules;
use crate::process::start_method::StartMethod;

/// What a child is told of itself and of its parent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Birth {
    pub(crate) type_name: String,
    pub(crate) name: String,
    pub(crate) identity: Vec<u32>,
    pub(crate) daemon: bool,
    pub(crate) method: StartMethod,
    /// Whether the method was chosen, by the program or for this process.
    pub(crate) method_chosen: bool,
    pub(crate) parent_pid: libc::pid_t,
    pub(crate) parent_name: String,
    pub(crate) rules: Rules,
}

/// The descriptors that tie a child to its parent.
#[derive(Debug)]
pub(crate) struct Ties {
    /// Hangs up when the parent ends.
    pub(crate) parent_sentinel: OwnedFd,
    /// The file for the result, if one is asked for.
    pub(crate) result: Option<OwnedFd>,
}
