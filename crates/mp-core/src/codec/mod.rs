//! Values to bytes and back, as serde describes them, for a process of the same
//! program.
//!
//! The form is that of the machine: numbers have their own size and order of
//! bytes, and what has a length begins with it. So what a `Vec` of numbers holds
//! is written and read in one piece, at the speed of `memcpy`. Nothing says what
//! a value is: both sides have the same type, since they are one program.

pub(crate) mod error;
pub(crate) mod numbers;
pub(crate) mod read;
pub(crate) mod sink;
pub(crate) mod write;

#[cfg(test)]
mod tests;
