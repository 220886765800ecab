use std::fmt;
use std::ops::Deref;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::plain::PlainData;
use crate::error::or_panic;
use crate::shm::reduction::{deserialize_block, serialize_block};
use crate::{Error, Result, Synchronized};

/// An array that processes share, with a lock of its own.
///
/// Python: [`multiprocessing.Array`]; see the
/// [table of types](crate::sharedctypes). Its length does not change. A clone
/// is another handle to the same array. Where several processes are to work on
/// parts of it at the same time, use a [`ChunkedArray`](crate::ChunkedArray).
///
/// [`multiprocessing.Array`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Array
///
/// # Differences from Python
///
/// - Those of [`Value`](crate::Value).
/// - The guard is a slice: `array.lock()[1..4].copy_from_slice(&[7, 8, 9])` is
///   Python's `array[1:4] = [7, 8, 9]`.
///
/// # Examples
///
/// ```
/// use mp_core::{Array, Process};
///
/// fn double(numbers: Array<i32>) {
///     for number in numbers.lock().iter_mut() {
///         *number *= 2;
///     }
/// }
///
/// fn main() -> mp_core::Result<()> {
///     mp_core::init();
///     let numbers = Array::from_slice(&[1, 2, 3]);
///     let mut process = Process::new(double, (numbers.clone(),));
///     process.start()?;
///     process.join()?;
///     assert_eq!(*numbers.lock(), [2, 4, 6]);
///     Ok(())
/// }
/// ```
pub struct Array<T> {
    items: Synchronized<[T]>,
}

// The bound stands on the function, so that rustc explains what is missing in
// `Array::<bool>::new(3)` too. One on the impl would hide the function.
impl<T> Array<T> {
    /// Makes an array of `length` items that are zero.
    ///
    /// Python: `Array('i', length)`.
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

impl<T: PlainData> Array<T> {
    /// Makes an array of `length` items that are zero.
    ///
    /// # Errors
    ///
    /// If the system has no memory for it, or no descriptor.
    pub fn try_new(length: usize) -> Result<Self> {
        Self::filled(length, bytemuck::fill_zeroes)
    }

    /// Makes an array with a copy of these items.
    ///
    /// Python: `Array('i', items)`.
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
        Self::filled(items.len(), |array| array.copy_from_slice(items))
    }

    fn filled(length: usize, fill: impl FnOnce(&mut [T])) -> Result<Self> {
        let items = Synchronized::new(length, fill)
            .map_err(Error::system("make an array in shared memory"))?;
        Ok(Self { items })
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.count()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`, read under the lock. None if there is none.
    ///
    /// Python: `array[index]`. If the one who held the lock before died holding
    /// it, that is not told here, and not again: use `lock` where it matters.
    ///
    /// # Panics
    ///
    /// If this thread holds the lock.
    #[track_caller]
    pub fn get(&self, index: usize) -> Option<T> {
        self.lock().get(index).copied()
    }

    /// Changes the item at `index`, under the lock.
    ///
    /// Python: `array[index] = …`. Of a holder that died, as [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// If there is no such item, or this thread holds the lock.
    #[track_caller]
    pub fn set(&self, index: usize, item: T) {
        self.lock()[index] = item;
    }
}

impl<T> Deref for Array<T> {
    type Target = Synchronized<[T]>;

    fn deref(&self) -> &Synchronized<[T]> {
        &self.items
    }
}

impl<T> Clone for Array<T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone() }
    }
}

impl<T: PlainData + fmt::Debug> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("Array").field(&self.items).finish()
    }
}

impl<T: PlainData> Serialize for Array<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize_block(self.block(), self.len(), "Array", to)
    }
}

impl<'de, T: PlainData> Deserialize<'de> for Array<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (block, length) = deserialize_block("Array", from)?;
        let items = Synchronized::attach(block, length)
            .ok_or_else(|| D::Error::custom("the array is too short"))?;
        Ok(Self { items })
    }
}
