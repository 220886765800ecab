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
//! | a `ctypes.Structure` | a `#[repr(C)]` struct with bytemuck's [`Pod`] |
//!
//! [`Pod`] is derived, also [without a dependency](crate#types-of-your-own) on
//! bytemuck.
//!
//! [`Pod`]: bytemuck::Pod

mod array;
mod atomic;
mod chunk;
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
