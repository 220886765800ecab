//! The mutex of the C library, shared between processes and robust.
//!
//! The kernel knows which robust mutexes a thread holds. When the thread ends,
//! however it ends, the kernel frees them, wakes a waiter, and leaves a mark
//! by which the next owner learns it. Ownership is the kernel's thread id,
//! which, unlike Rust's `ThreadId`, is another one in a forked child.

#![allow(unsafe_code, reason = "pthread mutexes")]

use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::time::{ClockId, clock_gettime};

use super::memory::Shared;

unsafe extern "C" {
    // glibc 2.30, and not in the libc crate: as pthread_mutex_timedlock(3),
    // but on the clock that nobody sets.
    fn pthread_mutex_clocklock(
        mutex: *mut libc::pthread_mutex_t,
        clock: libc::clockid_t,
        deadline: *const libc::timespec,
    ) -> c_int;
}

/// How long a waiter sleeps until it looks for itself.
///
/// Whoever unlocks marks the mutex as free, and then wakes a waiter. If it is
/// killed in between, the kernel wakes one in its place; but not if another
/// thread has taken the mutex meanwhile, which in turn knows of no waiter.
const LOOK: Duration = Duration::from_secs(1);

/// The kernel counts time in 63 bits of nanoseconds: 292 years. This is past
/// the end of any process, and not past the end of the count.
const LONGEST: Duration = Duration::from_secs(1 << 32);

/// What a second acquisition by the thread that holds the mutex does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// It is an error, `EDEADLK`.
    ErrorCheck,
    /// It counts.
    Recursive,
}

/// How the mutex came to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acquired {
    /// The one before released it, or there was none.
    Clean,
    /// The one before died holding it.
    OwnerDied,
}

/// A mutex in memory that processes share.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct RobustMutex(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: the functions of pthread_mutex(3) may be called from any thread.
unsafe impl Sync for RobustMutex {}
// SAFETY: pthread mutexes made with PTHREAD_PROCESS_SHARED are meant for memory
// that other processes change. All zeroes are a valid (unused) one.
unsafe impl Shared for RobustMutex {}

impl RobustMutex {
    /// Makes it a free mutex. Nobody may be using it: the heap, which hands the
    /// memory out, sees to that, and `reclaim` for it.
    pub(crate) fn init(&self, kind: Kind) {
        let kind = match kind {
            Kind::ErrorCheck => libc::PTHREAD_MUTEX_ERRORCHECK,
            Kind::Recursive => libc::PTHREAD_MUTEX_RECURSIVE,
        };
        let mut attributes = MaybeUninit::uninit();
        let attributes = attributes.as_mut_ptr();
        // None of these fails on Linux: the values are valid ones, and no
        // memory is taken.
        // SAFETY: the attributes are initialised first, and live to the end of
        // this function.
        let failed = unsafe { libc::pthread_mutexattr_init(attributes) }
            // SAFETY: as above.
            | unsafe { libc::pthread_mutexattr_settype(attributes, kind) }
            // SAFETY: as above.
            | unsafe {
                libc::pthread_mutexattr_setpshared(
                    attributes,
                    libc::PTHREAD_PROCESS_SHARED,
                )
            }
            // SAFETY: as above.
            | unsafe {
                libc::pthread_mutexattr_setrobust(
                    attributes,
                    libc::PTHREAD_MUTEX_ROBUST,
                )
            }
            // SAFETY: the pointer is valid; the caller sees to it that the
            // mutex is not in use.
            | unsafe { libc::pthread_mutex_init(self.0.get(), attributes) };
        debug_assert_eq!(failed, 0);
    }

    /// Waits for the mutex.
    ///
    /// # Errors
    ///
    /// `EDEADLK` if this thread holds it ([`Kind::ErrorCheck`]), `EAGAIN` if it
    /// holds it too often already ([`Kind::Recursive`]).
    #[inline]
    pub(crate) fn lock(&self) -> Result<Acquired, Errno> {
        match self.try_lock()? {
            Some(acquired) => Ok(acquired),
            None => self.wait(),
        }
    }

    #[cold]
    fn wait(&self) -> Result<Acquired, Errno> {
        loop {
            let look = now()?.saturating_add(LOOK);
            if let Some(acquired) = self.wait_until(look)? {
                return Ok(acquired);
            }
        }
    }

    /// Takes the mutex if it is free. None if it is not.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    #[inline]
    pub(crate) fn try_lock(&self) -> Result<Option<Acquired>, Errno> {
        // SAFETY: as in `wait_until`.
        match unsafe { libc::pthread_mutex_trylock(self.0.get()) } {
            0 => Ok(Some(Acquired::Clean)),
            libc::EBUSY => Ok(None),
            code => self.recover(code).map(Some),
        }
    }

    /// Waits for the mutex for a time. None if it was not free by then.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    pub(crate) fn lock_timeout(
        &self,
        timeout: Duration,
    ) -> Result<Option<Acquired>, Errno> {
        // To read the clock takes longer than to lock.
        if let Some(acquired) = self.try_lock()? {
            return Ok(Some(acquired));
        }
        let end = now()?.saturating_add(timeout.min(LONGEST));
        loop {
            let look = now()?.saturating_add(LOOK);
            let acquired = self.wait_until(end.min(look))?;
            if acquired.is_some() || end <= look {
                return Ok(acquired);
            }
        }
    }

    /// Waits for the mutex until a monotonic time.
    fn wait_until(&self, until: Duration) -> Result<Option<Acquired>, Errno> {
        let deadline = libc::timespec {
            tv_sec: libc::time_t::try_from(until.as_secs())
                .unwrap_or(libc::time_t::MAX),
            tv_nsec: libc::c_long::from(until.subsec_nanos()),
        };
        // SAFETY: `init` made it a mutex before anyone else could reach it; the
        // deadline is a valid time.
        let code = unsafe {
            pthread_mutex_clocklock(
                self.0.get(),
                libc::CLOCK_MONOTONIC,
                &raw const deadline,
            )
        };
        match code {
            0 => Ok(Some(Acquired::Clean)),
            libc::ETIMEDOUT => Ok(None),
            code => self.recover(code).map(Some),
        }
    }

    /// Lets go of the mutex, or of one level of it.
    ///
    /// # Errors
    ///
    /// `EPERM` if this thread does not hold it.
    #[inline]
    pub(crate) fn unlock(&self) -> Result<(), Errno> {
        // SAFETY: as in `wait_until`; a mutex that is robust checks who unlocks
        // it.
        match unsafe { libc::pthread_mutex_unlock(self.0.get()) } {
            0 => Ok(()),
            code => Err(Errno::from_raw(code)),
        }
    }

    /// The id of the thread that holds it, if one does, as far as one can know
    /// without holding it.
    ///
    /// The kernel has to find the owner of a robust futex, so the form of the
    /// futex word is part of its interface: the thread id in the low bits, and
    /// none if the owner died. It is the first word of glibc's mutex.
    pub(crate) fn owner(&self) -> Option<libc::pid_t> {
        // SAFETY: the word is aligned, stays as long as `self`, and is changed
        // only by atomic operations, here and in other processes.
        let word = unsafe { AtomicU32::from_ptr(self.0.get().cast()) };
        let tid = word.load(Ordering::Relaxed) & libc::FUTEX_TID_MASK;
        libc::pid_t::try_from(tid).ok().filter(|&tid| tid != 0)
    }

    /// How often its owner holds it, as far as one can know without holding it.
    ///
    /// The second word of glibc's mutex, which is part of its binary interface
    /// by way of the static initialisers.
    pub(crate) fn depth(&self) -> u32 {
        // SAFETY: as in `owner`; the mutex is larger than two words.
        let word = unsafe { self.0.get().cast::<u32>().add(1) };
        // SAFETY: as in `owner`. The owner writes it as a whole word.
        unsafe { AtomicU32::from_ptr(word) }.load(Ordering::Relaxed)
    }

    #[cold]
    fn recover(&self, code: c_int) -> Result<Acquired, Errno> {
        if code != libc::EOWNERDEAD {
            return Err(Errno::from_raw(code));
        }
        // Without this the mutex would be of no use to anyone ever after.
        // SAFETY: as in `wait_until`; this thread has just become the owner.
        unsafe { libc::pthread_mutex_consistent(self.0.get()) };
        Ok(Acquired::OwnerDied)
    }
}

fn now() -> Result<Duration, Errno> {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use nix::unistd::{Pid, gettid};

    use super::*;

    fn is_asleep(thread: Pid) -> bool {
        let path = format!("/proc/self/task/{thread}/stat");
        let stat = std::fs::read_to_string(path).unwrap();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
    }

    #[test]
    fn a_waiter_that_nobody_wakes_wakes_up() {
        // SAFETY: all zeroes are a mutex (`Shared`).
        let mutex: &RobustMutex = &unsafe { std::mem::zeroed() };
        mutex.init(Kind::ErrorCheck);
        thread::scope(|scope| {
            let (held, holding) = channel();
            let (about_to_wait, waiting) = channel();
            // Unlocks as far as one that is killed before it wakes the waiter.
            scope.spawn(move || {
                mutex.lock().unwrap();
                held.send(()).unwrap();
                let waiter = waiting.recv().unwrap();
                // SAFETY: as in `owner`.
                let word = unsafe { AtomicU32::from_ptr(mutex.0.get().cast()) };
                while word.load(Ordering::Relaxed) & libc::FUTEX_WAITERS == 0
                    || !is_asleep(waiter)
                {
                    thread::yield_now();
                }
                word.store(0, Ordering::Release);
            });
            holding.recv().unwrap();
            scope.spawn(move || {
                about_to_wait.send(gettid()).unwrap();
                assert_eq!(mutex.lock(), Ok(Acquired::Clean));
                mutex.unlock().unwrap();
            });
            // Takes it in between, and knows of no waiter.
            while mutex.try_lock() != Ok(Some(Acquired::Clean)) {
                thread::yield_now();
            }
            mutex.unlock().unwrap();
        });
        assert_eq!(mutex.try_lock(), Ok(Some(Acquired::Clean)));
        mutex.unlock().unwrap();
    }
}
