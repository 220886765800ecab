//! Compares what the programs of this workspace print with what Python prints
//! when it runs their twins.
//!
//! A program's expected transcript stands beside its source. It is text to
//! read, with placeholders such as `[main]` or `[seconds]` for what differs
//! from run to run. `programs.txt` says which process prints each line, and
//! with that in which orders the lines may come. A run passes if its lines
//! are the expected ones, in an order that is allowed, with one reading of
//! the placeholders for all of them.
//!
//! [`check()`] runs the programs and compares, [`record()`] writes the expected
//! transcripts, and [`compare()`] compares one transcript.

mod arrange;
mod attempt;
mod check;
mod compare;
mod line;
mod mark;
mod names;
mod order;
mod program;
mod record;
mod rules;
mod subject;
mod terminal;

pub use attempt::show;
pub use check::{Plan, Tally, check};
pub use compare::{Difference, Expected, Transcript, compare};
pub use program::{Kind, Program, root};
pub use record::record;
pub use subject::{Method, Python, Rust, Subject};
pub use terminal::{Cue, End, Run, run};
