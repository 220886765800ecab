//! What processes wait for each other with.
//!
//! CPython: `multiprocessing/synchronize.py`.

pub(crate) mod lock;
pub(crate) mod owner;
