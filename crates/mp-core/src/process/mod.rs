//! Processes: what makes one, what it is to others, and how it ends.
//!
//! CPython: `multiprocessing/process.py` and what stands around it.

pub(crate) mod birth;
pub(crate) mod body;
pub(crate) mod bootstrap;
pub(crate) mod context;
pub(crate) mod control;
pub(crate) mod exec;
pub(crate) mod exit;
pub(crate) mod family;
pub(crate) mod forkserver;
pub(crate) mod giving;
pub(crate) mod handle;
pub(crate) mod init;
pub(crate) mod init_before_main;
pub(crate) mod isolated;
pub(crate) mod launch;
pub(crate) mod limits;
pub(crate) mod outcome;
pub(crate) mod parent_sentinel;
pub(crate) mod popen;
pub(crate) mod preparation;
#[allow(clippy::module_inception, reason = "a reader looks for it there")]
pub(crate) mod process;
pub(crate) mod relatives;
pub(crate) mod report;
pub(crate) mod result_file;
pub(crate) mod returning;
pub(crate) mod rules;
pub(crate) mod start;
pub(crate) mod start_method;
pub(crate) mod stdio;
pub(crate) mod stdout;
pub(crate) mod summons;
pub(crate) mod target;
