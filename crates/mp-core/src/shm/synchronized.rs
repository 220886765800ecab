//! Data in shared memory that can be reached only while its mutex is held.

#![allow(unsafe_code, reason = "references to what a mutex guards")]

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use bytemuck::Pod;
use nix::errno::Errno;

use super::heap::Block;
use super::held;
use super::mutex_block::MutexBlock;
use crate::sys::fork::current_generation;
use crate::sys::mutex::{Acquired, Kind, RobustMutex};

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
        match self.mutex().lock() {
            Ok(acquired) => self.guard(acquired),
            Err(errno) => held_already(errno),
        }
    }

    /// Locks if the lock is free. None if it is not.
    #[inline]
    pub fn try_lock(&self) -> Option<Guard<'_, T>> {
        let acquired = self.mutex().try_lock().ok().flatten()?;
        Some(self.guard(acquired))
    }

    /// Waits for the lock, but not for longer than `timeout`. None if it was
    /// not free by then.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock), at once.
    #[track_caller]
    pub fn lock_timeout(&self, timeout: Duration) -> Option<Guard<'_, T>> {
        match self.mutex().lock_timeout(timeout) {
            Ok(acquired) => acquired.map(|acquired| self.guard(acquired)),
            Err(errno) => held_already(errno),
        }
    }

    #[inline]
    fn mutex(&self) -> &RobustMutex {
        self.block.mutex()
    }

    /// Where the first item stands.
    #[inline]
    fn first(&self) -> *mut T::Item {
        // SAFETY: the block is large enough for this and the items behind it,
        // which both constructors see to.
        unsafe { self.block.start().add(Self::OFFSET) }.cast().as_ptr()
    }

    #[inline]
    fn guard(&self, acquired: Acquired) -> Guard<'_, T> {
        held::one_more();
        Guard {
            mutex: self.mutex(),
            data: T::from_first(self.first(), self.count),
            acquired,
            generation: current_generation(),
        }
    }
}

#[cold]
#[track_caller]
fn held_already(errno: Errno) -> ! {
    panic!(
        "this thread already holds the lock of the shared data and would wait \
         for ever ({errno}): use the guard that it has"
    )
}

impl<T: ?Sized> Clone for Synchronized<T> {
    fn clone(&self) -> Self {
        Self { block: self.block.clone(), ..*self }
    }
}

/// Shows the data, or that they are locked.
impl<T: Data + fmt::Debug + ?Sized> fmt::Debug for Synchronized<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.try_lock() {
            Some(data) => data.fmt(f),
            None => f.write_str("<locked>"),
        }
    }
}

/// Access to shared data, until it is dropped.
///
/// Do not leak it and fork: the child would have a copy of a reference to the
/// data, and not the lock.
///
/// It belongs to the thread that locked the data, and cannot be sent to
/// another:
///
/// ```compile_fail,E0277
/// let value = mp_core::Value::new(0);
/// let guard = value.lock();
/// std::thread::scope(|scope| {
///     scope.spawn(move || drop(guard));
/// });
/// ```
#[must_use = "dropping the guard releases the lock"]
pub struct Guard<'a, T: ?Sized> {
    mutex: &'a RobustMutex,
    data: *mut T,
    acquired: Acquired,
    /// Of the process that locked the data. A copy of the process has a copy
    /// of the guard, but not the lock.
    generation: u64,
}

impl<T: ?Sized> Guard<'_, T> {
    /// Whether the one who held the lock before died holding it, and may have
    /// left the data half changed. This is said once, to the next holder.
    pub fn owner_died(&self) -> bool {
        self.acquired == Acquired::OwnerDied
    }

    #[inline]
    fn is_ours(&self) -> bool {
        self.generation == current_generation()
    }

    #[inline]
    #[track_caller]
    fn check(&self) {
        assert!(self.is_ours(), "the lock is held by the parent process");
    }
}

impl<T: ?Sized> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        self.check();
        // SAFETY: `first` is in bounds and aligned; any bytes are valid
        // plain data; the memory stays mapped as long as what `mutex` borrows;
        // and the mutex, held as long as `self`, keeps everybody else away.
        unsafe { &*self.data }
    }
}

impl<T: ?Sized> DerefMut for Guard<'_, T> {
    #[inline]
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        self.check();
        // SAFETY: as in `deref`, and `self` is borrowed exclusively.
        unsafe { &mut *self.data }
    }
}

impl<T: ?Sized> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // In a forked child, which has a copy of the guard, the mutex is the
        // parent's, or has been locked here anew.
        if self.is_ours() {
            let _ = self.mutex.unlock();
            held::one_less();
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        (**self).fmt(f)
    }
}
