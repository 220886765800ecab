//! What processes say to each other.
//!
//! CPython: `multiprocessing/connection.py`.

pub(crate) mod wait;
