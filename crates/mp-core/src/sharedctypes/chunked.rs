use std::fmt;
use std::time::{Duration, Instant};

use super::chunk::Chunk;
use super::plain::PlainData;
use crate::error::{Cause, or_panic};
use crate::shm::chunks::{self, Chunks, MOST_CHUNKS};
use crate::shm::guard::Guarded;
use crate::{ChunkedGuard, Error, Result};

/// An array that processes share, in chunks that each have a lock of their own.
///
/// Several processes work on one array at the same time, each on its chunk, in
/// place and as a slice; and whoever locks all chunks has the whole array as
/// one slice. A clone is another handle to the same array.
///
/// Python has no such type. There one makes an [`Array`](crate::Array) without
/// a lock, and a `Lock` for each part of it, and keeps to one's part.
///
/// The chunks are those of [`slice::chunks`]: all have the same length, except
/// that the last may be shorter. There are at most 1024: of the locks that a
/// process holds when it is killed, the kernel frees no more than 2048.
///
/// # Examples
///
/// ```
/// use mp_core::{Chunk, ChunkedArray, Process};
///
/// fn square(chunk: Chunk<u64>) {
///     for number in chunk.lock().iter_mut() {
///         *number *= *number;
///     }
/// }
///
/// fn main() -> mp_core::Result<()> {
///     mp_core::init();
///     let numbers = ChunkedArray::from_slice(&[1, 2, 3, 4, 5], 2);
///     let mut processes: Vec<_> = numbers
///         .chunks()
///         .map(|chunk| Process::new(square, (chunk,)))
///         .collect();
///     for process in &mut processes {
///         process.start()?;
///     }
///     for process in &processes {
///         process.join()?;
///     }
///     assert_eq!(*numbers.lock(), [1, 4, 9, 16, 25]);
///     Ok(())
/// }
/// ```
///
/// A chunk for each processor:
///
/// ```
/// # let items = [0.0; 1000];
/// let chunk_length = items.len().div_ceil(mp_core::cpu_count());
/// let array = mp_core::ChunkedArray::from_slice(&items, chunk_length);
/// assert!(array.chunks().len() <= mp_core::cpu_count());
/// ```
pub struct ChunkedArray<T> {
    chunks: Chunks<T>,
}

// The bound stands on the function, so that rustc explains what is missing in
// `ChunkedArray::<bool>::new(3, 1)` too. One on the impl would hide the function.
impl<T> ChunkedArray<T> {
    /// Makes an array of `length` items that are zero, in chunks of
    /// `chunk_length` items.
    ///
    /// # Panics
    ///
    /// If the chunks would have no items, there would be more than 1024, or the
    /// system has no memory for the array; see [`try_new`](Self::try_new).
    #[track_caller]
    pub fn new(length: usize, chunk_length: usize) -> Self
    where
        T: PlainData,
    {
        or_panic(Self::try_new(length, chunk_length))
    }
}

impl<T: PlainData> ChunkedArray<T> {
    /// Makes an array of `length` items that are zero, in chunks of
    /// `chunk_length` items.
    ///
    /// # Errors
    ///
    /// If the chunks would have no items, there would be more than 1024, or the
    /// system has no memory for the array, or no descriptor.
    pub fn try_new(length: usize, chunk_length: usize) -> Result<Self> {
        Self::filled(length, chunk_length, bytemuck::fill_zeroes)
    }

    /// Makes an array with a copy of these items, in chunks of `chunk_length`
    /// items.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new); see [`try_from_slice`](Self::try_from_slice).
    #[track_caller]
    pub fn from_slice(items: &[T], chunk_length: usize) -> Self {
        or_panic(Self::try_from_slice(items, chunk_length))
    }

    /// Makes an array with a copy of these items, in chunks of `chunk_length`
    /// items.
    ///
    /// # Errors
    ///
    /// As [`try_new`](Self::try_new).
    pub fn try_from_slice(items: &[T], chunk_length: usize) -> Result<Self> {
        Self::filled(items.len(), chunk_length, |array| {
            array.copy_from_slice(items);
        })
    }

    fn filled(
        length: usize,
        chunk_length: usize,
        fill: impl FnOnce(&mut [T]),
    ) -> Result<Self> {
        if chunks::count(length, chunk_length).is_none() {
            let most = MOST_CHUNKS;
            return Err(Cause::BadChunks { length, chunk_length, most })?;
        }
        let chunks = Chunks::new(length, chunk_length, fill)
            .map_err(Error::system("make an array in shared memory"))?;
        Ok(Self { chunks })
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.chunks.length()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The chunks, from the first to the last: handles to give to processes.
    ///
    /// # Examples
    ///
    /// ```
    /// let array = mp_core::ChunkedArray::<u8>::new(10, 4);
    /// let ranges: Vec<_> = array.chunks().map(|chunk| chunk.range()).collect();
    /// assert_eq!(ranges, [0..4, 4..8, 8..10]);
    /// ```
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = Chunk<T>> {
        (0..self.chunks.count())
            .map(|index| Chunk::of(self.chunks.clone(), index))
    }

    /// The chunk at `index`. None if there is none.
    pub fn chunk(&self, index: usize) -> Option<Chunk<T>> {
        (index < self.chunks.count())
            .then(|| Chunk::of(self.chunks.clone(), index))
    }

    /// Waits for all chunks, and gives access to the whole array.
    ///
    /// If one who held a chunk died without releasing it, the chunk is locked
    /// all the same, and the guard [says so](ChunkedGuard::owner_died). Who
    /// waits here for a later chunk holds the earlier ones already.
    ///
    /// # Panics
    ///
    /// If this thread holds a chunk, or all: it would wait for ever.
    #[track_caller]
    pub fn lock(&self) -> ChunkedGuard<'_, T> {
        self.chunks.refuse_if_held();
        let Some(guard) = self.chunks.lock_all(|chunk| Some(chunk.lock()))
        else {
            unreachable!("each chunk was waited for");
        };
        guard
    }

    /// Locks all chunks if all are free. None if one is not.
    pub fn try_lock(&self) -> Option<ChunkedGuard<'_, T>> {
        self.chunks.lock_all(Guarded::try_lock)
    }

    /// Waits for all chunks, but not for longer than `timeout`. None if one was
    /// not free by then.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock), at once.
    #[track_caller]
    pub fn lock_timeout(
        &self,
        timeout: Duration,
    ) -> Option<ChunkedGuard<'_, T>> {
        self.chunks.refuse_if_held();
        let end = Instant::now().checked_add(timeout);
        self.chunks.lock_all(|chunk| {
            let left = end.map_or(Duration::MAX, |end| {
                end.saturating_duration_since(Instant::now())
            });
            chunk.lock_timeout(left)
        })
    }

    /// The item at `index`, read under the lock of its chunk. None if there is
    /// none.
    ///
    /// Python: `array[index]`. If the one who held the lock before died holding
    /// it, that is not told here, and not again: use `lock` where it matters.
    ///
    /// # Panics
    ///
    /// If this thread holds the chunk.
    #[track_caller]
    pub fn get(&self, index: usize) -> Option<T> {
        if index >= self.len() {
            return None;
        }
        let (chunk, index) = self.place(index);
        Some(self.chunks.chunk(chunk).lock()[index])
    }

    /// Changes the item at `index`, under the lock of its chunk.
    ///
    /// Python: `array[index] = …`. Of a holder that died, as [`get`](Self::get).
    ///
    /// # Panics
    ///
    /// If there is no such item, or this thread holds the chunk.
    #[track_caller]
    pub fn set(&self, index: usize, item: T) {
        assert!(
            index < self.len(),
            "there is no item {index} in an array of {}",
            self.len()
        );
        let (chunk, index) = self.place(index);
        self.chunks.chunk(chunk).lock()[index] = item;
    }

    /// The chunk that an item stands in, and its place there.
    fn place(&self, index: usize) -> (usize, usize) {
        let length = self.chunks.chunk_length();
        (index / length, index % length)
    }
}

impl<T> ChunkedArray<T> {
    pub(super) fn of(chunks: Chunks<T>) -> Self {
        Self { chunks }
    }

    pub(super) fn as_chunks(&self) -> &Chunks<T> {
        &self.chunks
    }
}

impl<T> Clone for ChunkedArray<T> {
    fn clone(&self) -> Self {
        Self { chunks: self.chunks.clone() }
    }
}

/// Shows each chunk, or that it is locked.
impl<T: PlainData + fmt::Debug> fmt::Debug for ChunkedArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let chunks: Vec<_> = (0..self.chunks.count())
            .map(|index| self.chunks.chunk(index))
            .collect();
        f.debug_tuple("ChunkedArray").field(&chunks).finish()
    }
}
