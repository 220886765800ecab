//! The three ways to start a child.
//!
//! CPython: `multiprocessing/popen_*.py`. They differ in how the child is made,
//! and in nothing after that.

pub(crate) mod fork;
pub(crate) mod forkserver;
pub(crate) mod spawn;
