use std::fmt;
use std::ops::Deref;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::plain::PlainData;
use crate::error::or_panic;
use crate::shm::reduction::{deserialize_block, serialize_block};
use crate::{Error, Result, Synchronized};

/// A value that processes share, with a lock of its own.
///
/// Python: [`multiprocessing.Value`]; see the
/// [table of types](crate::sharedctypes). A clone is another handle to the same
/// value. The type is any plain data: numbers, arrays of them, and structs for
/// which bytemuck's [`Pod`](bytemuck::Pod) is derived.
///
/// [`lock`](Synchronized::lock) gives access to the value for as long as one
/// likes, [`get`](Self::get) and [`set`](Self::set) for one reading or writing.
///
/// [`multiprocessing.Value`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Value
///
/// # Differences from Python
///
/// - `*value.lock() += 1` loses nothing: others wait meanwhile. In Python
///   `value.value += 1` does.
/// - If a process dies while it holds the lock, the next one gets it, and
///   [is told](crate::Guard::owner_died).
/// - The lock is not reentrant: as long as a thread has a guard, it uses that.
/// - When the maker drops its handle, a child that has one keeps the value: its
///   memory is used for nothing else before that child has ended.
///
/// # Examples
///
/// ```
/// use mp_core::{Process, Value};
///
/// fn count(total: Value<i64>) {
///     for _ in 0..1000 {
///         *total.lock() += 1;
///     }
/// }
///
/// fn main() -> mp_core::Result<()> {
///     mp_core::init();
///     let total = Value::new(0);
///     let mut processes: Vec<_> =
///         (0..2).map(|_| Process::new(count, (total.clone(),))).collect();
///     for process in &mut processes {
///         process.start()?;
///     }
///     for process in &mut processes {
///         process.join()?;
///     }
///     assert_eq!(total.get(), 2000);
///     Ok(())
/// }
/// ```
///
/// What refers to memory of one process cannot be shared, nor can a `bool` or a
/// tuple; see [`PlainData`](crate::PlainData) for what to use in their place:
///
/// ```compile_fail,E0277
/// mp_core::Value::new(String::from("not plain data"));
/// ```
pub struct Value<T> {
    item: Synchronized<T>,
}

// The bound stands on the function, so that rustc explains what is missing in
// `Value::<bool>::new(true)` too. One on the impl would hide the function.
impl<T> Value<T> {
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

impl<T: PlainData> Value<T> {
    /// Makes a shared value.
    ///
    /// # Errors
    ///
    /// If the system has no memory for it, or no descriptor.
    pub fn try_new(value: T) -> Result<Self> {
        let item = Synchronized::new(1, |items| items.fill(value))
            .map_err(Error::system("make a value in shared memory"))?;
        Ok(Self { item })
    }

    /// The value, read under its lock.
    ///
    /// Python: `value.value`. If the one who held the lock before died holding
    /// it, that is not told here, and not again: use `lock` where it matters.
    ///
    /// # Panics
    ///
    /// If this thread holds the lock.
    #[track_caller]
    pub fn get(&self) -> T {
        *self.lock()
    }

    /// Changes the value, under its lock.
    ///
    /// Python: `value.value = …`. Of a holder that died, as [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// If this thread holds the lock.
    #[track_caller]
    pub fn set(&self, value: T) {
        *self.lock() = value;
    }
}

impl<T> Deref for Value<T> {
    type Target = Synchronized<T>;

    fn deref(&self) -> &Synchronized<T> {
        &self.item
    }
}

impl<T> Clone for Value<T> {
    fn clone(&self) -> Self {
        Self { item: self.item.clone() }
    }
}

impl<T: PlainData + Default> Default for Value<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: PlainData + fmt::Debug> fmt::Debug for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("Value").field(&self.item).finish()
    }
}

impl<T: PlainData> Serialize for Value<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize_block(self.block(), 1, "Value", to)
    }
}

impl<'de, T: PlainData> Deserialize<'de> for Value<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (block, _) = deserialize_block("Value", from)?;
        let item = Synchronized::attach(block, 1)
            .ok_or_else(|| D::Error::custom("the value is too short"))?;
        Ok(Self { item })
    }
}
