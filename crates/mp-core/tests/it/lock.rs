//! Locks: the behaviours LOCK.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use mp_core::{Error, Lock, RawValue, Result, StartMethod};

use crate::steps::{Steps, run, start};

crate::cases! {
    each_method: [
        lock_01_acquire_try_release,
        lock_02_not_recursive,
        lock_03_timeout_forms,
        lock_05_mutual_exclusion,
        lock_06_held_at_start,
        lock_08_wake_up_across_processes,
    ],
    once: [
        lock_01_release_without_acquiring,
        lock_01_release_of_another_thread,
        lock_02_deadlock_sentence,
        lock_03_longest_timeout,
        lock_04_scoped_use,
        lock_04_guard_on_unwinding,
    ],
}

/// In the parent and in a child: a lock is as good in both.
fn lock_01_acquire_try_release(_: StartMethod) {
    fn check(lock: Lock) -> Result<()> {
        assert!(!lock.locked());
        lock.acquire()?.forget();
        assert!(lock.locked());
        assert!(lock.try_acquire().is_none());
        lock.release()?;
        assert!(!lock.locked());
        let error = lock.release().unwrap_err();
        assert_eq!(
            error.to_string(),
            "semaphore or lock released too many times"
        );
        assert!(!lock.locked());
        drop(lock.try_acquire().expect("it is free"));
        Ok(())
    }
    let lock = Lock::new();
    check(lock.clone()).unwrap();
    run(check, (lock.clone(),));
    check(lock).unwrap();
}

fn lock_01_release_without_acquiring() {
    let lock = Lock::new();
    lock.acquire().unwrap().release();
    assert!(!lock.locked());
    let error = lock.release().unwrap_err();
    assert_eq!(error.to_string(), "semaphore or lock released too many times");
    assert!(!error.is_deadlock());
}

/// Only the holder can release it; Python lets anyone.
fn lock_01_release_of_another_thread() {
    let lock = Lock::new();
    let guard = lock.acquire().unwrap();
    let error = thread::scope(|scope| {
        scope.spawn(|| lock.release()).join().unwrap().unwrap_err()
    });
    assert_eq!(
        error.to_string(),
        "attempt to release a lock held by another thread or process"
    );
    assert!(lock.locked());
    guard.release();
    assert!(!lock.locked());
}

/// An error at once, with a timeout too; Python waits for the timeout, or for
/// ever.
fn lock_02_not_recursive(_: StartMethod) {
    fn check(lock: Lock) -> Result<()> {
        let is_deadlock = |error: Error| error.is_deadlock();
        let _guard = lock.acquire()?;
        assert!(lock.acquire().is_err_and(is_deadlock));
        for timeout in [Duration::ZERO, Duration::MAX] {
            assert!(lock.acquire_timeout(timeout).is_err_and(is_deadlock));
        }
        assert!(lock.try_acquire().is_none());
        Ok(())
    }
    let lock = Lock::new();
    check(lock.clone()).unwrap();
    run(check, (lock.clone(),));
    assert!(!lock.locked());
}

fn lock_02_deadlock_sentence() {
    let lock = Lock::new();
    let _guard = lock.acquire().unwrap();
    assert_eq!(
        lock.acquire().unwrap_err().to_string(),
        "this thread already holds the lock, and would wait for ever"
    );
}

/// A timeout cannot be negative.
fn lock_03_timeout_forms(_: StartMethod) {
    fn check(lock: Lock) -> Result<()> {
        assert!(lock.try_acquire().is_none());
        assert!(lock.acquire_timeout(Duration::ZERO)?.is_none());
        assert!(lock.acquire_timeout(Duration::from_nanos(1))?.is_none());
        for millis in [120, 1200] {
            let timeout = Duration::from_millis(millis);
            let began = Instant::now();
            assert!(lock.acquire_timeout(timeout)?.is_none());
            assert!(began.elapsed() >= timeout);
        }
        Ok(())
    }
    fn wait(lock: Lock, about_to: Steps, timeout: Option<Duration>) {
        about_to.take();
        let guard = match timeout {
            None => lock.acquire().unwrap(),
            Some(timeout) => lock.acquire_timeout(timeout).unwrap().unwrap(),
        };
        assert!(!guard.owner_died());
    }
    let lock = Lock::new();
    let guard = lock.acquire().unwrap();
    run(check, (lock.clone(),));
    let about_to = Steps::new();
    let timeouts = [None, Some(Duration::from_secs(3600)), Some(Duration::MAX)];
    let waiting =
        timeouts.map(|t| start(wait, (lock.clone(), about_to.clone(), t)));
    about_to.wait(3);
    for process in &waiting {
        process.until_blocked();
    }
    drop(guard);
    for process in &waiting {
        process.finish();
    }
    assert!(!lock.locked());
}

/// Of a free lock, any timeout is long enough.
fn lock_03_longest_timeout() {
    let lock = Lock::new();
    let second = Duration::from_secs(1);
    for timeout in
        [Duration::ZERO, second, Duration::from_nanos(u64::MAX), Duration::MAX]
    {
        let guard = lock.acquire_timeout(timeout).unwrap();
        assert!(!guard.expect("it is free").owner_died());
        assert!(!lock.locked());
    }
}

fn lock_04_scoped_use() {
    fn fails(lock: &Lock) -> std::result::Result<(), String> {
        let _guard = lock.acquire().map_err(|error| error.to_string())?;
        assert!(lock.locked());
        Err("left early".to_owned())
    }
    let lock = Lock::new();
    assert_eq!(fails(&lock).unwrap_err(), "left early");
    assert!(!lock.locked());
    assert!(lock.try_acquire().is_some());
}

/// Unwinding releases the lock, and poisons nothing.
fn lock_04_guard_on_unwinding() {
    let lock = Lock::new();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.acquire().unwrap();
        std::panic::resume_unwind(Box::new("not to be reported"));
    }));
    assert!(unwound.is_err());
    assert!(!lock.locked());
    assert!(!lock.acquire().unwrap().owner_died());
}

/// Four processes count under one lock; nothing is lost.
fn lock_05_mutual_exclusion(_: StartMethod) {
    fn count(lock: Lock, total: RawValue<i64>) -> Result<()> {
        for _ in 0..2000 {
            let _guard = lock.acquire()?;
            total.set(total.get() + 1);
        }
        Ok(())
    }
    let (lock, total) = (Lock::new(), RawValue::new(0));
    let processes =
        [(); 4].map(|()| start(count, (lock.clone(), total.clone())));
    for process in &processes {
        process.finish();
    }
    assert_eq!(total.get(), 8000);
}

fn lock_06_held_at_start(_: StartMethod) {
    fn child(lock: Lock, refused: Steps) -> Result<()> {
        assert!(lock.locked());
        assert!(lock.try_acquire().is_none());
        let timeout = Duration::from_millis(50);
        assert!(lock.acquire_timeout(timeout)?.is_none());
        assert!(lock.release().is_err());
        refused.take();
        assert!(!lock.acquire()?.owner_died());
        Ok(())
    }
    let (lock, refused) = (Lock::new(), Steps::new());
    let guard = lock.acquire().unwrap();
    let process = start(child, (lock.clone(), refused.clone()));
    refused.wait(1);
    assert!(lock.locked());
    drop(guard);
    process.finish();
    assert!(!lock.locked());
}

fn lock_08_wake_up_across_processes(_: StartMethod) {
    fn child(lock: Lock, steps: Steps) -> Result<()> {
        steps.take();
        assert!(!lock.acquire()?.owner_died());
        steps.take();
        Ok(())
    }
    let (lock, steps) = (Lock::new(), Steps::new());
    let guard = lock.acquire().unwrap();
    let process = start(child, (lock.clone(), steps.clone()));
    steps.wait(1);
    process.until_blocked();
    assert_eq!(steps.count(), 1);
    drop(guard);
    steps.wait(2);
    process.finish();
}
