use std::fmt;
use std::ops::Range;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::plain::PlainData;
use crate::shm::chunks::Chunks;
use crate::shm::guard::Guarded;
use crate::shm::reduction::{Extent, deserialize_extent, serialize_block};
use crate::{Guard, Result};

/// A chunk of a [`ChunkedArray`](crate::ChunkedArray), with the lock that guards it.
///
/// It goes to a process as any shared object does, and a clone is another
/// handle to the same chunk. A chunk keeps the memory of the whole array.
///
/// # Examples
///
/// ```
/// let array = mp_core::ChunkedArray::from_slice(&[1, 2, 3, 4, 5], 2);
/// let [one, two, three] = [0, 1, 2].map(|n| array.chunk(n).unwrap());
/// let mut guard = one.lock();
/// guard[1] = 7;
/// // Each has a lock of its own.
/// assert_eq!(*two.lock(), [3, 4]);
/// assert_eq!((three.index(), three.range(), three.len()), (2, 4..5, 1));
/// assert_eq!(format!("{array:?}"), "ChunkedArray([<locked>, [3, 4], [5]])");
/// ```
pub struct Chunk<T> {
    chunks: Chunks<T>,
    index: usize,
}

impl<T: PlainData> Chunk<T> {
    pub(super) fn of(chunks: Chunks<T>, index: usize) -> Self {
        Self { chunks, index }
    }

    /// The place of the chunk among the chunks.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The places of its items among those of the array.
    pub fn range(&self) -> Range<usize> {
        self.chunks.range(self.index)
    }

    /// The number of items in it.
    pub fn len(&self) -> usize {
        self.range().len()
    }

    /// Whether there are no items in it: never.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits for the lock of this chunk, and gives access to its items.
    ///
    /// If the one who held the lock died without releasing it, the lock is
    /// acquired all the same, and the guard [says so](Guard::owner_died).
    ///
    /// # Panics
    ///
    /// If this thread holds the lock already, or that of the whole array: it
    /// would wait for ever.
    #[track_caller]
    pub fn lock(&self) -> Guard<'_, [T]> {
        self.guarded().lock()
    }

    /// Locks if the lock is free. None if it is not.
    pub fn try_lock(&self) -> Option<Guard<'_, [T]>> {
        self.guarded().try_lock()
    }

    /// Waits for the lock, but not for longer than `timeout`. None if it was
    /// not free by then.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock), at once.
    #[track_caller]
    pub fn lock_timeout(&self, timeout: Duration) -> Option<Guard<'_, [T]>> {
        self.guarded().lock_timeout(timeout)
    }

    fn guarded(&self) -> Guarded<'_, [T]> {
        self.chunks.chunk(self.index)
    }
}

impl<T> Clone for Chunk<T> {
    fn clone(&self) -> Self {
        Self { chunks: self.chunks.clone(), index: self.index }
    }
}

/// Shows the items, or that they are locked.
impl<T: PlainData + fmt::Debug> fmt::Debug for Chunk<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("Chunk").field(&self.guarded()).finish()
    }
}

impl<T: PlainData> Serialize for Chunk<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (Sent(&self.chunks), self.index).serialize(to)
    }
}

impl<'de, T: PlainData> Deserialize<'de> for Chunk<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (Arrived(chunks), index) =
            <(Arrived<T>, usize)>::deserialize(from)?;
        let count = chunks.count();
        if index >= count {
            let text =
                format!("there is no chunk {index} in an array of {count}");
            return Err(D::Error::custom(text));
        }
        Ok(Self { chunks, index })
    }
}

/// All chunks, on the way to another process.
struct Sent<'a, T>(&'a Chunks<T>);

impl<T: PlainData> Serialize for Sent<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize_chunks(self.0, to)
    }
}

/// The same, in that process.
struct Arrived<T>(Chunks<T>);

impl<'de, T: PlainData> Deserialize<'de> for Arrived<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        deserialize_chunks(from).map(Self)
    }
}

/// Serializes an array in chunks. How long it and its chunks are goes where no
/// program can change it: others lock by the same lengths.
pub(super) fn serialize_chunks<T: PlainData, S: Serializer>(
    chunks: &Chunks<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    let extent = Extent {
        count: chunks.length(),
        item_size: size_of::<T>(),
        chunk_length: chunks.chunk_length(),
    };
    serialize_block(chunks.block(), extent, "ChunkedArray", to)
}

/// What [`serialize_chunks`] sent.
pub(super) fn deserialize_chunks<'de, T: PlainData, D: Deserializer<'de>>(
    from: D,
) -> Result<Chunks<T>, D::Error> {
    let (block, extent) = deserialize_extent("ChunkedArray", from)?;
    // Items of another size would make other bytes a chunk than those that the
    // others lock with its lock.
    if extent.item_size != size_of::<T>() {
        return Err(D::Error::custom("the items are of another size"));
    }
    Chunks::attach(block, extent.count, extent.chunk_length)
        .ok_or_else(|| D::Error::custom("the array is too short"))
}
