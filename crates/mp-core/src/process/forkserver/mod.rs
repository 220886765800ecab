//! The forkserver: a fresh process of the program, which forks children on
//! request.
//!
//! CPython: `multiprocessing/forkserver.py`. The server has come as far as
//! [`init`](crate::init) and no further. What it forks are children not of
//! itself but of the process that asks; so they, and what becomes of them, do
//! not depend on the server.
//!
//! It forks children ahead, which wait for their preparation data. A start so
//! costs what it takes to send that, and the next child is forked while this
//! one runs.

pub(crate) mod client;
mod order;
pub(crate) mod server;
