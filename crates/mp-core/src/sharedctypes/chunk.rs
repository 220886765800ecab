use std::fmt;
use std::ops::Range;
use std::time::Duration;

use super::plain::PlainData;
use crate::Guard;
use crate::shm::chunks::Chunks;
use crate::shm::guard::Guarded;

/// A chunk of a [`ChunkedArray`](crate::ChunkedArray), with the lock that guards it.
///
/// It can be an argument of a process, as any shared object can. A clone is
/// another handle to the same chunk. A handle keeps the memory of the whole
/// array.
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

    pub(super) fn chunks(&self) -> &Chunks<T> {
        &self.chunks
    }

    /// Which chunk of the array it is, counted from zero.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Which items of the array are in it.
    pub fn range(&self) -> Range<usize> {
        self.chunks.range(self.index)
    }

    /// The number of items in it.
    pub fn len(&self) -> usize {
        self.range().len()
    }

    /// Whether there are no items in it. A chunk always has some.
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
