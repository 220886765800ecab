//! Data in shared memory that stand in one piece and are locked in chunks.

#![allow(unsafe_code, reason = "data behind several mutexes")]

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut, Range};
use std::ptr;
use std::sync::Arc;

use bytemuck::Pod;
use nix::errno::Errno;
use nix::unistd::gettid;

use super::guard::{Guard, Guarded, held_already};
use super::heap::Block;
use super::mutex_block::MutexBlock;
use crate::sys::mutex::Kind;

/// The most chunks that there may be.
///
/// When a thread dies, the kernel frees 2048 of the mutexes that it held, and
/// leaves the others locked for ever. So a thread may hold all of an array, and
/// as many other locks.
pub(crate) const MOST_CHUNKS: usize = 1024;

/// Items of plain data, one after the other, with a mutex for every so many.
///
/// The mutexes stand at the beginning of the block, the items behind them.
pub(crate) struct Chunks<T> {
    block: Arc<MutexBlock>,
    length: usize,
    chunk_length: usize,
    data: PhantomData<Box<[T]>>,
}

/// How many chunks so many items make. None if there would be too many, or no
/// items in them.
pub(crate) fn count(length: usize, chunk_length: usize) -> Option<usize> {
    match (length, chunk_length) {
        (0, _) => Some(0),
        (_, 0) => None,
        _ => Some(length.div_ceil(chunk_length)),
    }
    .filter(|&count| count <= MOST_CHUNKS)
}

impl<T: Pod> Chunks<T> {
    /// Makes free mutexes and `length` items behind them, which `fill` writes.
    ///
    /// # Errors
    ///
    /// `EINVAL` if there is no such [`count`]; else if the system has not the
    /// memory or the descriptors.
    pub(crate) fn new(
        length: usize,
        chunk_length: usize,
        fill: impl FnOnce(&mut [T]),
    ) -> io::Result<Self> {
        let count = count(length, chunk_length).ok_or(Errno::EINVAL)?;
        let size = Self::size(count, length).ok_or(Errno::ENOMEM)?;
        let block = MutexBlock::with_many(count, size, Kind::ErrorCheck)?;
        let made = Self::of(block, length, chunk_length);
        // SAFETY: in bounds and aligned (`items`), any bytes are valid plain
        // data, and nobody else knows of the block yet.
        fill(unsafe { &mut *made.items(0..length) });
        Ok(made)
    }

    /// The same data, in a block that came from another process. None if the
    /// block is too small for them, or there is no such [`count`].
    pub(crate) fn attach(
        block: Block,
        length: usize,
        chunk_length: usize,
    ) -> Option<Self> {
        let count = count(length, chunk_length)?;
        if Self::size(count, length)? > block.length() {
            return None;
        }
        let block = MutexBlock::attach_many(count, block);
        Some(Self::of(block, length, chunk_length))
    }

    fn of(block: MutexBlock, length: usize, chunk_length: usize) -> Self {
        let block = Arc::new(block);
        Self { block, length, chunk_length, data: PhantomData }
    }

    /// How many bytes so many mutexes and items take.
    fn size(count: usize, length: usize) -> Option<usize> {
        let items = length.checked_mul(size_of::<T>())?;
        Self::offset(count).checked_add(items)
    }

    /// Where the items begin in the block.
    fn offset(count: usize) -> usize {
        const { assert!(align_of::<T>() <= MutexBlock::STRIDE) }
        count * MutexBlock::STRIDE
    }

    pub(crate) fn block(&self) -> &Arc<MutexBlock> {
        &self.block
    }

    /// The number of items.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// The number of items in each chunk, but that the last may have fewer.
    pub(crate) fn chunk_length(&self) -> usize {
        self.chunk_length
    }

    /// The number of chunks.
    pub(crate) fn count(&self) -> usize {
        self.block.count()
    }

    /// Where the items of a chunk stand among all.
    pub(crate) fn range(&self, index: usize) -> Range<usize> {
        let start = (index * self.chunk_length).min(self.length);
        start..self.length.min(start.saturating_add(self.chunk_length))
    }

    /// A chunk, with its mutex.
    ///
    /// # Panics
    ///
    /// If there is no such chunk.
    pub(crate) fn chunk(&self, index: usize) -> Guarded<'_, [T]> {
        let mutex = self.block.nth(index);
        let data = self.items(self.range(index));
        // SAFETY: in bounds and aligned (`items`), any bytes are valid plain
        // data, and the memory stays mapped as long as the block is borrowed.
        // Nobody reaches the items without this mutex: whoever has the block
        // sees chunks of as many bytes, since their size goes from process to
        // process where no program can change it (`Extent`), and whoever
        // reaches several chunks at once holds all their mutexes.
        unsafe { Guarded::new(mutex, data) }
    }

    /// All items, when `lock` has locked each chunk, the first one first: so
    /// two who do this do not wait for each other. None if `lock` gives none.
    ///
    /// # Panics
    ///
    /// If this thread holds a chunk already.
    pub(crate) fn lock_all<'a>(
        &'a self,
        mut lock: impl FnMut(Guarded<'a, [T]>) -> Option<Guard<'a, [T]>>,
    ) -> Option<ChunkedGuard<'a, T>> {
        let chunks = (0..self.count()).map(|index| lock(self.chunk(index)));
        let chunks = chunks.collect::<Option<_>>()?;
        Some(ChunkedGuard { chunks, data: self.items(0..self.length) })
    }

    /// Refuses to wait for a chunk that this thread holds.
    ///
    /// # Panics
    ///
    /// If it holds one.
    #[track_caller]
    pub(crate) fn refuse_if_held(&self) {
        let thread = Some(gettid().as_raw());
        if (0..self.count()).any(|n| self.block.nth(n).owner() == thread) {
            held_already(Errno::EDEADLK);
        }
    }

    /// Where some of the items stand.
    fn items(&self, range: Range<usize>) -> *mut [T] {
        let offset = Self::offset(self.count());
        // SAFETY: the block is large enough for this and the items behind it,
        // which both constructors see to.
        let first = unsafe { self.block.start().add(offset) }.cast::<T>();
        assert!(range.start <= range.end && range.end <= self.length);
        // SAFETY: as above.
        let first = unsafe { first.add(range.start) };
        ptr::slice_from_raw_parts_mut(first.as_ptr(), range.len())
    }
}

impl<T> Clone for Chunks<T> {
    fn clone(&self) -> Self {
        Self { block: self.block.clone(), ..*self }
    }
}

/// Access to all chunks of a [`ChunkedArray`](crate::ChunkedArray), until it is
/// dropped.
///
/// It is a slice of all items. As a [`Guard`], it belongs to the thread that
/// locked them.
#[must_use = "dropping the guard releases the locks"]
pub struct ChunkedGuard<'a, T> {
    chunks: Vec<Guard<'a, [T]>>,
    data: *mut [T],
}

impl<T> ChunkedGuard<'_, T> {
    /// Whether the one who held a chunk before died holding it, and may have
    /// left it half changed. This is said once, to the next holder.
    pub fn owner_died(&self) -> bool {
        self.abandoned().next().is_some()
    }

    /// The chunks whose holders died holding them, by their indices.
    pub fn abandoned(&self) -> impl Iterator<Item = usize> {
        let chunks = self.chunks.iter().enumerate();
        chunks.filter(|(_, chunk)| chunk.owner_died()).map(|(index, _)| index)
    }

    fn check(&self) {
        self.chunks.iter().take(1).for_each(Guard::check);
    }
}

impl<T> Deref for ChunkedGuard<'_, T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.check();
        // SAFETY: what holds for each chunk (`Chunks::chunk`) holds for all of
        // them together: they are held as long as `self` lives, and stand one
        // behind the other.
        unsafe { &*self.data }
    }
}

impl<T> DerefMut for ChunkedGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.check();
        // SAFETY: as in `deref`, and `self` is borrowed exclusively.
        unsafe { &mut *self.data }
    }
}

impl<T: fmt::Debug> fmt::Debug for ChunkedGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        (**self).fmt(f)
    }
}
