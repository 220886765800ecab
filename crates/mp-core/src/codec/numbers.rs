//! Sequences of numbers, which are bytes already.
//!
//! Serde describes a `Vec<f64>` number by number. Here it is written and read in
//! one piece, in the very form that the single numbers have.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeSeed;

use crate::sys::same_type::{cast, convert, is};

const SLICE: usize = size_of::<&[u8]>();
const VEC: usize = size_of::<Vec<u8>>();

/// The numbers of a `Vec` or a slice, owned or not, and how many they are.
/// None if the value is something else.
#[inline]
pub(crate) fn of<T: ?Sized>(value: &T) -> Option<(usize, &[u8])> {
    // Most values are told apart by this alone.
    if !matches!(size_of_val(value), SLICE | VEC) {
        return None;
    }
    macro_rules! any_of {
        ($($number:ty)*) => {$(
            if let Some(numbers) = cast::<T, Vec<$number>>(value) {
                return Some((numbers.len(), bytemuck::cast_slice(numbers)));
            }
            if let Some(numbers) = cast::<T, Box<[$number]>>(value) {
                return Some((numbers.len(), bytemuck::cast_slice(numbers)));
            }
            if let Some(numbers) = cast::<T, Arc<[$number]>>(value) {
                return Some((numbers.len(), bytemuck::cast_slice(numbers)));
            }
            if let Some(numbers) = cast::<T, &[$number]>(value) {
                return Some((numbers.len(), bytemuck::cast_slice(numbers)));
            }
        )*};
    }
    any_of!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64);
    None
}

/// How many bytes one of the numbers takes, if a `Vec` or a slice of numbers is
/// wanted, and nothing is done with it on the way.
#[inline]
pub(crate) fn wanted<'de, S: DeserializeSeed<'de>>(_seed: &S) -> Option<usize> {
    if !matches!(size_of::<S::Value>(), SLICE | VEC) {
        return None;
    }
    macro_rules! any_of {
        ($($number:ty)*) => {$(
            if is_plain::<S, Vec<$number>>()
                || is_plain::<S, Box<[$number]>>()
                || is_plain::<S, Arc<[$number]>>()
            {
                return Some(size_of::<$number>());
            }
        )*};
    }
    any_of!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64);
    None
}

/// Whether this seed stands for nothing but a value of type `V`.
fn is_plain<'de, S: DeserializeSeed<'de>, V: 'static>() -> bool {
    is::<S, PhantomData<V>>()
}

/// The numbers that are [`wanted`], from their bytes: a multiple of the size of
/// one.
#[inline]
pub(crate) fn from<V>(bytes: &[u8]) -> Option<V> {
    macro_rules! any_of {
        ($($number:ty)*) => {$(
            if is::<V, Vec<$number>>() {
                return convert(copied::<$number>(bytes));
            }
            if is::<V, Arc<[$number]>>() {
                return convert(shared::<$number>(bytes));
            }
            if is::<V, Box<[$number]>>() {
                return convert(copied::<$number>(bytes).into_boxed_slice());
            }
        )*};
    }
    any_of!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64);
    None
}

/// In one piece if they stand where such numbers can stand.
fn shared<N: bytemuck::Pod>(bytes: &[u8]) -> Arc<[N]> {
    if let Ok(numbers) = bytemuck::try_cast_slice(bytes) {
        return Arc::from(numbers);
    }
    let numbers = bytes.chunks_exact(size_of::<N>());
    numbers.map(bytemuck::pod_read_unaligned).collect()
}

fn copied<N: bytemuck::Pod>(bytes: &[u8]) -> Vec<N> {
    bytemuck::pod_collect_to_vec(bytes)
}
