//! Data in shared memory that can be reached only while its mutex is held.

#![allow(unsafe_code, reason = "data behind a mutex")]

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use bytemuck::Pod;
use nix::errno::Errno;

use super::guard::{Guard, Guarded};
use super::heap::Block;
use super::mutex_block::MutexBlock;
use crate::sys::mutex::{Kind, RobustMutex};

/// Shared data with the lock that guards it: what
/// [`Value`](crate::Value) and [`Array`](crate::Array) have in common.
///
/// Python: `multiprocessing.sharedctypes.Synchronized`.
pub struct Synchronized<T: ?Sized> {
    block: Arc<MutexBlock>,
    count: usize,
    data: PhantomData<Box<T>>,
}

/// What can be guarded: one item of plain data, or a slice of them.
pub trait Data: sealed::Data {}

impl<T: Pod> Data for T {}
impl<T: Pod> Data for [T] {}

mod sealed {
    use super::{Pod, ptr};

    pub trait Data {
        type Item: Pod;

        /// The data that begin with an item.
        fn from_first(first: *mut Self::Item, count: usize) -> *mut Self;
    }

    impl<T: Pod> Data for T {
        type Item = T;

        fn from_first(first: *mut T, _one: usize) -> *mut T {
            first
        }
    }

    impl<T: Pod> Data for [T] {
        type Item = T;

        fn from_first(first: *mut T, count: usize) -> *mut [T] {
            ptr::slice_from_raw_parts_mut(first, count)
        }
    }
}

impl<T: Data + ?Sized> Synchronized<T> {
    /// Where the data begin in the block: behind the mutex, aligned.
    const OFFSET: usize = {
        let align = align_of::<T::Item>();
        assert!(align <= Block::ALIGN, "the item has too large an alignment");
        size_of::<RobustMutex>().next_multiple_of(align)
    };

    /// Makes a free mutex and `count` items behind it, which `fill` writes.
    pub(crate) fn new(
        count: usize,
        fill: impl FnOnce(&mut [T::Item]),
    ) -> io::Result<Self> {
        let size = Self::size(count).ok_or(Errno::ENOMEM)?;
        let block = Arc::new(MutexBlock::new(size, Kind::ErrorCheck)?);
        let made = Self { block, count, data: PhantomData };
        // SAFETY: in bounds and aligned (`first`), any bytes are valid plain
        // data, and nobody else knows of the block yet.
        fill(unsafe { std::slice::from_raw_parts_mut(made.first(), count) });
        Ok(made)
    }

    /// The same data, in a block that came from another process. None if the
    /// block is too small for them.
    pub(crate) fn attach(block: Block, count: usize) -> Option<Self> {
        if Self::size(count)? > block.length() {
            return None;
        }
        let block = Arc::new(MutexBlock::attach(block));
        Some(Self { block, count, data: PhantomData })
    }

    fn size(count: usize) -> Option<usize> {
        count.checked_mul(size_of::<T::Item>())?.checked_add(Self::OFFSET)
    }

    pub(crate) fn block(&self) -> &Arc<MutexBlock> {
        &self.block
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Waits for the lock, and gives access to the data.
    ///
    /// Python: `with value.get_lock():`. If the one who held the lock died
    /// without releasing it, the lock is acquired all the same, and the guard
    /// [says so](Guard::owner_died).
    ///
    /// # Panics
    ///
    /// If this thread holds the lock already: it would wait for ever.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> Guard<'_, T> {
        self.guarded().lock()
    }

    /// Locks if the lock is free. None if it is not.
    #[inline]
    pub fn try_lock(&self) -> Option<Guard<'_, T>> {
        self.guarded().try_lock()
    }

    /// Waits for the lock, but not for longer than `timeout`. None if it was
    /// not free by then.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock), at once.
    #[track_caller]
    pub fn lock_timeout(&self, timeout: Duration) -> Option<Guard<'_, T>> {
        self.guarded().lock_timeout(timeout)
    }

    /// Where the first item stands.
    #[inline]
    fn first(&self) -> *mut T::Item {
        // SAFETY: the block is large enough for this and the items behind it,
        // which both constructors see to.
        unsafe { self.block.start().add(Self::OFFSET) }.cast().as_ptr()
    }

    #[inline]
    fn guarded(&self) -> Guarded<'_, T> {
        let data = T::from_first(self.first(), self.count);
        // SAFETY: `first` is in bounds and aligned, any bytes are valid plain
        // data, the memory stays mapped as long as the block is borrowed, and
        // nobody reaches the data without the mutex before them.
        unsafe { Guarded::new(self.block.mutex(), data) }
    }
}

impl<T: ?Sized> Clone for Synchronized<T> {
    fn clone(&self) -> Self {
        Self { block: self.block.clone(), ..*self }
    }
}

/// Shows the data, or that they are locked.
impl<T: Data + fmt::Debug + ?Sized> fmt::Debug for Synchronized<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.guarded().fmt(f)
    }
}
