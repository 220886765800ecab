//! Values and arrays that processes share.
//!
//! CPython: `multiprocessing/sharedctypes.py`. Python names the type of a
//! shared value by a code; in Rust it is the type of the value.
//!
//! | Python | Rust |
//! |---|---|
//! | `'b'`, `'B'` | `i8`, `u8` |
//! | `'h'`, `'H'` | `i16`, `u16` |
//! | `'i'`, `'I'` | `i32`, `u32` |
//! | `'l'`, `'L'`, `'q'`, `'Q'` | `i64`, `u64` |
//! | `'f'`, `'d'` | `f32`, `f64` |
//! | `'c'` (in an array: a byte string) | `u8` |
//! | `'u'` (a wide character) | `u32` |
//! | `ctypes.c_bool` | `u8`, which is 0 or 1 |
//! | a `ctypes.Structure` | a `#[repr(C)]` struct with bytemuck's [`Pod`] |
//!
//! [`PlainData`] says what can be shared, and what to use instead of what
//! cannot.
//!
//! There are three kinds of shared objects, by who may use them at a time:
//!
//! | | |
//! |---|---|
//! | [`Value`], [`Array`] | one process at a time, under a lock |
//! | [`ChunkedArray`] | one process at a time for each chunk, under its lock |
//! | [`RawValue`], [`RawArray`] | all at any time: items are copied in and out, and integers have atomic operations |
//!
//! [`Pod`]: bytemuck::Pod

mod array;
mod atomic;
mod chunk;
mod chunk_places;
mod chunked;
mod plain;
mod raw;
mod slices;
mod value;

pub use array::Array;
pub use atomic::AtomicInteger;
pub use chunk::Chunk;
pub use chunked::ChunkedArray;
pub use plain::PlainData;
pub use raw::{RawArray, RawValue};
pub use value::Value;
