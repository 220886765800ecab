//! Access to data for as long as the mutex that guards them is held.

#![allow(unsafe_code, reason = "references to what a mutex guards")]

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use nix::errno::Errno;

use super::held;
use crate::sys::fork::current_generation;
use crate::sys::mutex::{Acquired, RobustMutex};

/// Data, and the mutex that guards them.
pub(crate) struct Guarded<'a, T: ?Sized> {
    mutex: &'a RobustMutex,
    data: *mut T,
}

impl<'a, T: ?Sized> Guarded<'a, T> {
    /// # Safety
    ///
    /// As long as `'a` lasts, the data can be read and written, any bytes in
    /// them are valid, and nobody reaches them without holding the mutex.
    #[inline]
    pub(crate) unsafe fn new(mutex: &'a RobustMutex, data: *mut T) -> Self {
        Self { mutex, data }
    }

    /// Waits for the mutex.
    ///
    /// # Panics
    ///
    /// If this thread holds it already.
    #[inline]
    #[track_caller]
    pub(crate) fn lock(self) -> Guard<'a, T> {
        match self.mutex.lock() {
            Ok(acquired) => self.guard(acquired),
            Err(errno) => held_already(errno),
        }
    }

    /// Takes the mutex if it is free. None if it is not.
    #[inline]
    pub(crate) fn try_lock(self) -> Option<Guard<'a, T>> {
        let acquired = self.mutex.try_lock().ok().flatten()?;
        Some(self.guard(acquired))
    }

    /// Waits for the mutex for a time. None if it was not free by then.
    ///
    /// # Panics
    ///
    /// If this thread holds it already.
    #[track_caller]
    pub(crate) fn lock_timeout(
        self,
        timeout: Duration,
    ) -> Option<Guard<'a, T>> {
        match self.mutex.lock_timeout(timeout) {
            Ok(acquired) => acquired.map(|acquired| self.guard(acquired)),
            Err(errno) => held_already(errno),
        }
    }

    #[inline]
    fn guard(self, acquired: Acquired) -> Guard<'a, T> {
        held::one_more();
        let generation = current_generation();
        Guard { mutex: self.mutex, data: self.data, acquired, generation }
    }
}

/// Shows the data, or that they are locked.
impl<T: ?Sized + fmt::Debug> fmt::Debug for Guarded<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (Self { ..*self }).try_lock() {
            Some(data) => data.fmt(f),
            None => f.write_str("<locked>"),
        }
    }
}

#[cold]
#[track_caller]
pub(crate) fn held_already(errno: Errno) -> ! {
    panic!(
        "this thread already holds the lock of the shared data and would wait \
         for ever ({errno}): use the guard that it has"
    )
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

    /// Refuses a copy of the guard in a copy of the process.
    #[inline]
    #[track_caller]
    pub(crate) fn check(&self) {
        assert!(self.is_ours(), "the lock is held by the parent process");
    }
}

impl<T: ?Sized> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        self.check();
        // SAFETY: the contract of `Guarded`; the mutex is held as long as
        // `self` lives.
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
