use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use nix::errno::Errno;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::atomic::AtomicInteger;
use super::plain::PlainData;
use crate::error::or_panic;
use crate::shm::heap::Block;
use crate::shm::items::Items;
use crate::shm::reduction::{deserialize_block, serialize_block};
use crate::sys::copy::Word;
use crate::{Error, Result};

/// A value that processes share, without a lock.
///
/// Python: [`multiprocessing.sharedctypes.RawValue`]. A value of 1, 2, 4 or 8
/// bytes is always read and written whole. A larger one is not: whoever reads
/// it while it is written may get part of each.
///
/// Integers have all of Rust's atomic operations, by way of
/// [`atomic`](Self::atomic), which Python has not.
///
/// [`multiprocessing.sharedctypes.RawValue`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.sharedctypes.RawValue
///
/// # Examples
///
/// ```
/// use std::sync::atomic::Ordering;
///
/// let counter = mp_core::RawValue::new(40_i64);
/// counter.atomic().fetch_add(2, Ordering::Relaxed);
/// assert_eq!(counter.get(), 42);
/// ```
pub struct RawValue<T> {
    items: RawArray<T>,
}

// The bound stands on the function, so that rustc explains what is missing in
// `RawValue::<bool>::new(true)` too. One on the impl would hide the function.
impl<T> RawValue<T> {
    /// Makes a shared value.
    ///
    /// # Panics
    ///
    /// If the system has no memory for it; see [`try_new`](Self::try_new).
    #[track_caller]
    pub fn new(value: T) -> Self
    where
        T: PlainData,
    {
        or_panic(Self::try_new(value))
    }
}

impl<T: PlainData> RawValue<T> {
    /// Makes a shared value.
    ///
    /// # Errors
    ///
    /// If the system has no memory for it, or no descriptor.
    pub fn try_new(value: T) -> Result<Self> {
        Ok(Self { items: RawArray::try_from_slice(&[value])? })
    }

    /// The value.
    ///
    /// Python: `value.value`.
    #[inline]
    pub fn get(&self) -> T {
        self.items.read(0)
    }

    /// Changes the value.
    ///
    /// Python: `value.value = …`.
    #[inline]
    pub fn set(&self, value: T) {
        self.items.write(0, value);
    }
}

impl<T: AtomicInteger> RawValue<T> {
    /// The value as an atomic integer.
    #[inline]
    pub fn atomic(&self) -> &T::Atomic {
        &self.items.atomics()[0]
    }
}

/// An array that processes share, without a lock.
///
/// Python: [`multiprocessing.sharedctypes.RawArray`]. Its items are as those
/// of a [`RawValue`]: each is read and written by itself. Many at once are
/// copied by ranges, at the speed of `memcpy`.
///
/// [`multiprocessing.sharedctypes.RawArray`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.sharedctypes.RawArray
///
/// # Examples
///
/// ```
/// let squares = mp_core::RawArray::<u64>::new(10);
/// for (n, _) in (0..).zip(squares.iter()) {
///     squares.set(n, (n * n) as u64);
/// }
/// assert_eq!(squares.get(9), Some(81));
/// assert_eq!(squares.to_vec(2..5), [4, 9, 16]);
/// squares.copy_from_slice(..3, &[7, 8, 9]);
/// squares.fill(3.., 0);
/// ```
pub struct RawArray<T> {
    items: Items<T>,
}

// The bound stands on the function, so that rustc explains what is missing in
// `RawArray::<bool>::new(3)` too. One on the impl would hide the function.
impl<T> RawArray<T> {
    /// Makes an array of `length` items that are zero.
    ///
    /// # Panics
    ///
    /// If the system has no memory for it; see [`try_new`](Self::try_new).
    #[track_caller]
    pub fn new(length: usize) -> Self
    where
        T: PlainData,
    {
        or_panic(Self::try_new(length))
    }
}

impl<T: PlainData> RawArray<T> {
    /// Items are read and written by the largest atomic integer that divides
    /// their size, to which the block and so every item is aligned.
    pub(super) const PART: usize = {
        let size = size_of::<T>();
        if size % 8 == 0 { 8 } else { size & size.wrapping_neg() }
    };

    /// Makes an array of `length` items that are zero.
    ///
    /// # Errors
    ///
    /// If the system has no memory for it, or no descriptor.
    pub fn try_new(length: usize) -> Result<Self> {
        let array = Self::uninitialised(length)?;
        array.fill(.., T::zeroed());
        Ok(array)
    }

    /// Makes an array with a copy of these items.
    ///
    /// # Panics
    ///
    /// If the system has no memory for it; see
    /// [`try_from_slice`](Self::try_from_slice).
    #[track_caller]
    pub fn from_slice(items: &[T]) -> Self {
        or_panic(Self::try_from_slice(items))
    }

    /// Makes an array with a copy of these items.
    ///
    /// # Errors
    ///
    /// If the system has no memory for it, or no descriptor.
    pub fn try_from_slice(items: &[T]) -> Result<Self> {
        let array = Self::uninitialised(items.len())?;
        array.copy_from_slice(.., items);
        Ok(array)
    }

    fn uninitialised(length: usize) -> Result<Self> {
        length
            .checked_mul(size_of::<T>())
            .ok_or(Errno::ENOMEM.into())
            .and_then(Block::new)
            .and_then(|block| {
                Self::of(block, length).ok_or(Errno::ENOMEM.into())
            })
            .map_err(Error::system("make an array in shared memory"))
    }

    /// The items that stand in a block. None if it is too small.
    fn of(block: Block, length: usize) -> Option<Self> {
        Some(Self { items: Items::new(Arc::new(block), length)? })
    }

    /// The number of items.
    #[inline]
    pub fn len(&self) -> usize {
        self.items.count()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`. None if there is none.
    ///
    /// Python: `array[index]`.
    #[inline]
    pub fn get(&self, index: usize) -> Option<T> {
        (index < self.len()).then(|| self.read(index))
    }

    /// Changes the item at `index`.
    ///
    /// Python: `array[index] = …`.
    ///
    /// # Panics
    ///
    /// If there is no such item.
    #[inline]
    #[track_caller]
    pub fn set(&self, index: usize, item: T) {
        assert!(
            index < self.len(),
            "there is no item {index} in an array of {}",
            self.len()
        );
        self.write(index, item);
    }

    /// The items, each as it is when it is its turn.
    ///
    /// # Examples
    ///
    /// ```
    /// let array = mp_core::RawArray::from_slice(&[1, 2, 3, 4, 5]);
    /// assert!(array.iter().skip(1).step_by(2).eq([2, 4]));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = T> {
        Iter { array: self, indices: 0..self.len() }
    }

    #[inline]
    fn read(&self, index: usize) -> T {
        let mut item = T::zeroed();
        self.load(index..index + 1, bytemuck::bytes_of_mut(&mut item));
        item
    }

    #[inline]
    fn write(&self, index: usize, item: T) {
        self.store(index..index + 1, bytemuck::bytes_of(&item));
    }

    #[inline]
    pub(super) fn load(&self, range: Range<usize>, to: &mut [u8]) {
        match Self::PART {
            8 => AtomicU64::load_all(self.parts(range), to),
            4 => AtomicU32::load_all(self.parts(range), to),
            2 => AtomicU16::load_all(self.parts(range), to),
            _ => AtomicU8::load_all(self.parts(range), to),
        }
    }

    #[inline]
    pub(super) fn store(&self, range: Range<usize>, from: &[u8]) {
        match Self::PART {
            8 => AtomicU64::store_all(self.parts(range), from),
            4 => AtomicU32::store_all(self.parts(range), from),
            2 => AtomicU16::store_all(self.parts(range), from),
            _ => AtomicU8::store_all(self.parts(range), from),
        }
    }

    /// The atomic integers that some items consist of.
    #[inline]
    pub(super) fn parts<W: Word>(&self, range: Range<usize>) -> &[W] {
        let count = size_of::<T>() / size_of::<W>();
        &self.items.parts()[range.start * count..range.end * count]
    }
}

impl<T: AtomicInteger> RawArray<T> {
    /// The items as atomic integers.
    #[inline]
    pub fn atomics(&self) -> &[T::Atomic] {
        self.items.parts()
    }
}

/// An iterator that skips items without reading them.
struct Iter<'a, T> {
    array: &'a RawArray<T>,
    indices: Range<usize>,
}

impl<T: PlainData> Iterator for Iter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.indices.next().map(|index| self.array.read(index))
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<T> {
        self.indices.nth(n).map(|index| self.array.read(index))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.indices.size_hint()
    }
}

impl<T> Clone for RawValue<T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone() }
    }
}

impl<T> Clone for RawArray<T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone() }
    }
}

impl<T: PlainData + fmt::Debug> fmt::Debug for RawValue<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("RawValue").field(&self.get()).finish()
    }
}

impl<T: PlainData + fmt::Debug> fmt::Debug for RawArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: PlainData> Serialize for RawValue<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize_block(self.items.items.block(), 1, "RawValue", to)
    }
}

impl<T: PlainData> Serialize for RawArray<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize_block(self.items.block(), self.len(), "RawArray", to)
    }
}

impl<'de, T: PlainData> Deserialize<'de> for RawValue<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self { items: RawArray::arrive("RawValue", from)? })
    }
}

impl<'de, T: PlainData> Deserialize<'de> for RawArray<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::arrive("RawArray", from)
    }
}

impl<T: PlainData> RawArray<T> {
    /// The items of a `what` that came from another process.
    fn arrive<'de, D: Deserializer<'de>>(
        what: &'static str,
        from: D,
    ) -> Result<Self, D::Error> {
        let (block, length) = deserialize_block(what, from)?;
        Self::of(block, length)
            .ok_or_else(|| D::Error::custom("the array is too short"))
    }
}
