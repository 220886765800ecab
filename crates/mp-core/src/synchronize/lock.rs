//! Locks.
//!
//! CPython: `multiprocessing/synchronize.py`. Where Python has semaphores,
//! these are mutexes that know their owner: a process that is killed while it
//! holds one holds up nobody.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::gettid;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Cause, or_panic};
use crate::shm::mutex_block::MutexBlock;
use crate::shm::reduction::{deserialize_block, serialize_block};
use crate::synchronize::owner;
use crate::sys::fork::current_generation;
use crate::sys::mutex::{Acquired, Kind, RobustMutex};
use crate::{Error, Result};

/// A lock that one thread of one process can hold at a time.
///
/// Python: [`multiprocessing.Lock`]. It guards a section of code, not a value;
/// for a value, use [`Value`](crate::Value), which brings its own lock.
///
/// [`multiprocessing.Lock`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Lock
///
/// # Differences from Python
///
/// - Acquiring gives a guard, which releases the lock when it is dropped.
/// - If its holder dies, the lock is free, and the next holder
///   [is told](LockGuard::owner_died). In Python it stays held for ever.
/// - Acquiring it twice in one thread is an error. In Python that thread waits
///   for itself for ever, or until the timeout.
/// - It can be passed to a child under every start method. Python refuses to
///   pass a lock that was made for fork to a process that is spawned.
/// - Only the thread that holds it can release it. In Python anyone can.
///
/// # Examples
///
/// ```
/// use mp_core::{Lock, Process};
///
/// fn greet(lock: Lock, name: &str) -> mp_core::Result<()> {
///     let _guard = lock.acquire()?;
///     println!("hello");
///     println!("{name}");
///     Ok(())
/// }
///
/// fn main() -> mp_core::Result<()> {
///     mp_core::init();
///     let lock = Lock::new();
///     let mut process = Process::new(greet, (lock.clone(), "world"));
///     process.start()?;
///     process.join()
/// }
/// ```
///
/// A guard cannot go to another thread:
///
/// ```compile_fail,E0277
/// let lock = mp_core::Lock::new();
/// let guard = lock.acquire().unwrap();
/// std::thread::scope(|scope| {
///     scope.spawn(move || drop(guard));
/// });
/// ```
pub type Lock = SemLock<Plain>;

/// A lock that the thread which holds it can acquire again.
///
/// Python: [`multiprocessing.RLock`]. It is free when all its guards are gone.
///
/// [`multiprocessing.RLock`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.RLock
///
/// # Differences from Python
///
/// Those of [`Lock`], but for the one about acquiring it twice.
///
/// # Examples
///
/// ```
/// let lock = mp_core::RLock::new();
/// let outer = lock.acquire()?;
/// let inner = lock.acquire()?;
/// drop(outer);
/// assert!(lock.locked());
/// drop(inner);
/// assert!(!lock.locked());
/// # Ok::<(), mp_core::Error>(())
/// ```
pub type RLock = SemLock<Reentrant>;

/// What [`Lock`] and [`RLock`] have in common.
///
/// Python: `multiprocessing.synchronize.SemLock`, also the base of both. A
/// clone is another handle to the same lock.
pub struct SemLock<K> {
    block: Arc<MutexBlock>,
    kind: PhantomData<fn() -> K>,
}

/// Makes a [`SemLock`] a [`Lock`].
#[derive(Debug)]
pub enum Plain {}

/// Makes a [`SemLock`] an [`RLock`].
#[derive(Debug)]
pub enum Reentrant {}

/// [`Plain`] or [`Reentrant`].
pub trait LockKind: sealed::LockKind {}

mod sealed {
    pub trait LockKind {
        const NAME: &'static str;
        const REENTRANT: bool;
    }
}

impl LockKind for Plain {}

impl sealed::LockKind for Plain {
    const NAME: &'static str = "Lock";
    const REENTRANT: bool = false;
}

impl LockKind for Reentrant {}

impl sealed::LockKind for Reentrant {
    const NAME: &'static str = "RLock";
    const REENTRANT: bool = true;
}

/// How many bytes of shared memory a lock takes.
const LENGTH: usize = size_of::<RobustMutex>();

impl<K: LockKind> SemLock<K> {
    /// Makes a free lock.
    ///
    /// # Panics
    ///
    /// If the system has no memory for it; see [`try_new`](Self::try_new).
    #[allow(
        clippy::new_without_default,
        reason = "it takes something from the system"
    )]
    #[track_caller]
    pub fn new() -> Self {
        or_panic(Self::try_new())
    }

    /// Makes a free lock.
    ///
    /// # Errors
    ///
    /// If the system has no memory for it, or no descriptor.
    pub fn try_new() -> Result<Self> {
        let kind =
            if K::REENTRANT { Kind::Recursive } else { Kind::ErrorCheck };
        let block = MutexBlock::new(LENGTH, kind)
            .map_err(Error::system("make a lock in shared memory"))?;
        Ok(Self::of(block))
    }

    fn of(block: MutexBlock) -> Self {
        Self { block: Arc::new(block), kind: PhantomData }
    }

    /// Waits until the lock is free, and holds it as long as the guard lives.
    ///
    /// Python: `lock.acquire()`, and `with lock:`. If the one who held it died
    /// without releasing it, the lock is acquired all the same, and the guard
    /// [says so](LockGuard::owner_died).
    ///
    /// # Errors
    ///
    /// For a [`Lock`] that this thread holds already, an error that
    /// [is a deadlock](Error::is_deadlock). For an [`RLock`], if this thread
    /// holds it 2³² − 1 times.
    #[inline]
    pub fn acquire(&self) -> Result<LockGuard<'_, K>> {
        match self.mutex().lock() {
            Ok(acquired) => Ok(self.guard(acquired)),
            Err(errno) => Err(refused(errno)),
        }
    }

    /// Acquires the lock if it is free. None if it is not.
    ///
    /// Python: `lock.acquire(block=False)`.
    #[inline]
    pub fn try_acquire(&self) -> Option<LockGuard<'_, K>> {
        let acquired = self.mutex().try_lock().ok().flatten()?;
        Some(self.guard(acquired))
    }

    /// Waits for the lock, but not for longer than `timeout`. None if it was
    /// not free by then.
    ///
    /// Python: `lock.acquire(timeout=…)`. With a timeout of 0 this does not
    /// wait. Any timeout is allowed, [`Duration::MAX`] too.
    ///
    /// # Errors
    ///
    /// Those of [`acquire`](Self::acquire), at once.
    pub fn acquire_timeout(
        &self,
        timeout: Duration,
    ) -> Result<Option<LockGuard<'_, K>>> {
        let acquired = self.mutex().lock_timeout(timeout).map_err(refused)?;
        Ok(acquired.map(|acquired| self.guard(acquired)))
    }

    /// Releases a lock whose guard was [forgotten](LockGuard::forget).
    ///
    /// Python: `lock.release()`. Where there is a guard,
    /// [release that](LockGuard::release) or drop it.
    ///
    /// # Errors
    ///
    /// If the lock is free, or is held by another thread or process.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = mp_core::Lock::new();
    /// lock.acquire()?.forget();
    /// assert!(lock.locked());
    /// lock.release()?;
    /// let error = lock.release().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "semaphore or lock released too many times"
    /// );
    /// # Ok::<(), mp_core::Error>(())
    /// ```
    pub fn release(&self) -> Result<()> {
        // A mutex of a dead holder still has the number of its thread, which may
        // be this one's by now. The word that the kernel changed has not.
        let is_owner = self.mutex().owner() == Some(gettid().as_raw());
        let released =
            if is_owner { self.mutex().unlock() } else { Err(Errno::EPERM) };
        released.map_err(|_| {
            match (K::REENTRANT, self.locked()) {
                (true, _) => Cause::RecursiveNotOwner,
                (false, true) => Cause::NotOwner,
                (false, false) => Cause::OverRelease,
            }
            .into()
        })
    }

    /// Whether some thread of some process holds the lock now.
    ///
    /// Python: `lock.locked()`, from 3.14 on. By the time that the answer is
    /// looked at, it may be another.
    pub fn locked(&self) -> bool {
        self.mutex().owner().is_some()
    }

    #[inline]
    fn mutex(&self) -> &RobustMutex {
        self.block.mutex()
    }

    #[inline]
    fn guard(&self, acquired: Acquired) -> LockGuard<'_, K> {
        LockGuard {
            lock: self,
            mutex: self.mutex(),
            acquired,
            generation: current_generation(),
            of_thread: PhantomData,
        }
    }
}

#[cold]
fn refused(errno: Errno) -> Error {
    match errno {
        Errno::EDEADLK => Cause::Deadlock.into(),
        Errno::EAGAIN => Cause::TooDeep.into(),
        other => Error::system("acquire a lock")(other),
    }
}

impl<K> Clone for SemLock<K> {
    fn clone(&self) -> Self {
        Self { block: self.block.clone(), kind: PhantomData }
    }
}

/// Python's `repr`: who holds the lock, as far as this process can tell, and
/// for an [`RLock`] how many times.
impl<K: LockKind> fmt::Debug for SemLock<K> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let owner = self.mutex().owner().map(owner::owner_name);
        let name = owner.as_ref().map_or("None", |owner| &owner.name);
        if !K::REENTRANT {
            return write!(f, "<Lock(owner={name})>");
        }
        match &owner {
            None => write!(f, "<RLock(None, 0)>"),
            Some(owner) if owner.is_caller => {
                write!(f, "<RLock({name}, {})>", self.mutex().depth())
            }
            Some(_) => write!(f, "<RLock({name}, nonzero)>"),
        }
    }
}

impl<K: LockKind> Serialize for SemLock<K> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize_block(&self.block, 1, K::NAME, to)
    }
}

impl<'de, K: LockKind> Deserialize<'de> for SemLock<K> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (block, _) = deserialize_block(K::NAME, from)?;
        if block.length() < LENGTH {
            let length = block.length();
            return Err(D::Error::invalid_length(length, &K::NAME));
        }
        Ok(Self::of(MutexBlock::attach(block)))
    }
}

/// Holds a [`Lock`] or an [`RLock`] until it is dropped.
///
/// It belongs to the thread that acquired the lock, and cannot be sent to
/// another.
#[must_use = "dropping the guard releases the lock"]
pub struct LockGuard<'a, K: LockKind = Plain> {
    lock: &'a SemLock<K>,
    /// The lock's. To find it again takes as long as to release it.
    mutex: &'a RobustMutex,
    acquired: Acquired,
    /// Of the process that acquired the lock. A copy of the process has a copy
    /// of the guard, but not the lock.
    generation: u64,
    of_thread: PhantomData<*const ()>,
}

/// Holds an [`RLock`], or one more level of it, until it is dropped.
pub type RLockGuard<'a> = LockGuard<'a, Reentrant>;

impl<K: LockKind> LockGuard<'_, K> {
    /// Whether the one who held the lock before died holding it.
    ///
    /// What the lock protects may be half changed then. This is said once, to
    /// the next holder.
    pub fn owner_died(&self) -> bool {
        self.acquired == Acquired::OwnerDied
    }

    /// Releases the lock, as dropping the guard does.
    ///
    /// Python: `lock.release()`.
    pub fn release(self) {}

    /// Drops the guard and keeps the lock, until [`SemLock::release`].
    pub fn forget(self) {
        std::mem::forget(self);
    }
}

impl<K: LockKind> Drop for LockGuard<'_, K> {
    #[inline]
    fn drop(&mut self) {
        if self.generation == current_generation() {
            let _ = self.mutex.unlock();
        }
    }
}

impl<K: LockKind> fmt::Debug for LockGuard<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("LockGuard")
            .field("lock", self.lock)
            .field("owner_died", &self.owner_died())
            .finish()
    }
}
