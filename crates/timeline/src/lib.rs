//! Watches a program from outside and draws what its processes did.
//!
//! Nothing is built into the program, so any program can be watched, in any
//! language. Two things are looked at:
//!
//! - its standard output, which is a socket that says which process wrote
//!   what, so that each line has an author and a time;
//! - `/proc`, a thousand times a second: which processes there are, and in
//!   which system call each of them waits, if it does. Waiting for a lock is
//!   one call, sleeping is another.
//!
//! So a time is exact to about a millisecond, and what is shorter may be
//! missed. [`record`] makes a [`Recording`]; [`svg::draw`] and
//! [`trace::write`] show it.

mod output;
mod proc;
mod record;
mod recording;
pub mod svg;
pub mod trace;

pub use proc::State;
pub use record::record;
pub use recording::{Line, Process, Recording, Span};
