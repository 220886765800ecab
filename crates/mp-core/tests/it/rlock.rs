//! Reentrant locks: the behaviours RLCK.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use mp_core::{Process, RLock, Result, StartMethod};
use nix::sys::signal::{Signal, raise};

use crate::steps::{Running, Steps, run};

const NOT_OWNED: &str = "attempt to release recursive lock not owned by thread";

crate::cases! {
    each_method: [
        rlck_01_nesting,
        rlck_03_release_by_another_process,
        rlck_04_reacquire_is_immediate,
        rlck_05_debug_text,
    ],
    once: [
        rlck_02_owner_is_a_thread,
        rlck_03_release_by_another_thread,
        rlck_05_debug_text_of_threads,
        rlck_06_scoped_use,
        rlck_06_guards_on_unwinding,
        release_by_one_with_the_id_of_a_dead_holder,
    ],
}

fn rlck_01_nesting(_: StartMethod) {
    fn check(lock: RLock) -> Result<()> {
        for _ in 0..3 {
            lock.acquire()?.forget();
        }
        for _ in 0..3 {
            assert!(lock.locked());
            lock.release()?;
        }
        assert!(!lock.locked());
        assert_eq!(lock.release().unwrap_err().to_string(), NOT_OWNED);
        assert!(!lock.locked());
        Ok(())
    }
    let lock = RLock::new();
    check(lock.clone()).unwrap();
    run(check, (lock.clone(),));
    check(lock).unwrap();
}

fn rlck_02_owner_is_a_thread() {
    let lock = RLock::new();
    let outer = lock.acquire().unwrap();
    let acquires = || {
        let here = || lock.try_acquire().is_some();
        thread::scope(|scope| scope.spawn(here).join().unwrap())
    };
    assert!(!acquires());
    let inner = lock.acquire().unwrap();
    drop(outer);
    assert!(!acquires());
    drop(inner);
    assert!(acquires());
}

fn rlck_03_release_by_another_thread() {
    let lock = RLock::new();
    let _outer = lock.acquire().unwrap();
    let _inner = lock.acquire().unwrap();
    let error = thread::scope(|scope| {
        scope.spawn(|| lock.release()).join().unwrap().unwrap_err()
    });
    assert_eq!(error.to_string(), NOT_OWNED);
    assert_eq!(format!("{lock:?}"), "<RLock(MainProcess, 2)>");
}

fn rlck_03_release_by_another_process(_: StartMethod) {
    fn child(lock: RLock) {
        assert!(lock.try_acquire().is_none());
        assert_eq!(lock.release().unwrap_err().to_string(), NOT_OWNED);
        assert!(lock.locked());
    }
    let lock = RLock::new();
    let outer = lock.acquire().unwrap();
    let inner = lock.acquire().unwrap();
    run(child, (lock.clone(),));
    assert_eq!(format!("{lock:?}"), "<RLock(MainProcess, 2)>");
    drop(inner);
    assert_eq!(format!("{lock:?}"), "<RLock(MainProcess, 1)>");
    drop(outer);
    assert!(!lock.locked());
}

/// In a child of each start method too: that the lock knows its owner again
/// shows that it goes by the child's own thread id.
fn rlck_04_reacquire_is_immediate(_: StartMethod) {
    fn check(lock: RLock) -> Result<()> {
        let first = lock.acquire()?;
        let second = lock.try_acquire().expect("it is mine");
        let third = lock.acquire_timeout(Duration::ZERO)?;
        let third = third.expect("it is mine");
        let fourth = lock.acquire_timeout(Duration::MAX)?;
        assert!(format!("{lock:?}").ends_with(", 4)>"), "{lock:?}");
        drop((first, second, fourth));
        assert!(lock.locked());
        drop(third);
        assert!(!lock.locked());
        Ok(())
    }
    let lock = RLock::new();
    check(lock.clone()).unwrap();
    run(check, (lock.clone(),));
    assert!(!lock.locked());
}

fn rlck_05_debug_text(_: StartMethod) {
    fn child(lock: RLock, held: Steps) -> Result<()> {
        let other = "<RLock(SomeOtherProcess, nonzero)>";
        assert_eq!(format!("{lock:?}"), other);
        held.take();
        let _outer = lock.acquire()?;
        assert_eq!(format!("{lock:?}"), "<RLock(Holder, 1)>");
        let _inner = lock.acquire()?;
        assert_eq!(format!("{lock:?}"), "<RLock(Holder, 2)>");
        held.take();
        held.wait(3);
        Ok(())
    }
    let (lock, held) = (RLock::new(), Steps::new());
    assert_eq!(format!("{lock:?}"), "<RLock(None, 0)>");
    let guard = lock.acquire().unwrap();
    assert_eq!(format!("{lock:?}"), "<RLock(MainProcess, 1)>");
    let process = Process::new(child, (lock.clone(), held.clone()));
    let process = Running::from(process.with_name("Holder"));
    held.wait(1);
    drop(guard);
    held.wait(2);
    assert_eq!(format!("{lock:?}"), "<RLock(SomeOtherProcess, nonzero)>");
    held.take();
    process.finish();
    assert_eq!(format!("{lock:?}"), "<RLock(None, 0)>");
}

fn rlck_05_debug_text_of_threads() {
    let lock = RLock::new();
    let guard = lock.acquire().unwrap();
    thread::scope(|scope| {
        let other = scope.spawn(|| format!("{lock:?}")).join().unwrap();
        assert_eq!(other, "<RLock(SomeOtherThread, nonzero)>");
        drop(guard);
        let named = thread::Builder::new().name("helper".to_owned());
        let own = named.spawn_scoped(scope, || {
            let _guard = lock.acquire().unwrap();
            format!("{lock:?}")
        });
        let own = own.unwrap().join().unwrap();
        assert_eq!(own, "<RLock(MainProcess|helper, 1)>");
    });
}

/// The guards may go in any order.
fn rlck_06_scoped_use() {
    let lock = RLock::new();
    {
        let outer = lock.acquire().unwrap();
        let inner = lock.acquire().unwrap();
        drop(outer);
        assert!(lock.locked());
        inner.release();
        assert!(!lock.locked());
        let _again = lock.acquire().unwrap();
    }
    assert!(!lock.locked());
}

fn rlck_06_guards_on_unwinding() {
    let lock = RLock::new();
    let outermost = lock.acquire().unwrap();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _outer = lock.acquire().unwrap();
        let _inner = lock.acquire().unwrap();
        std::panic::resume_unwind(Box::new("not to be reported"));
    }));
    assert!(unwound.is_err());
    assert_eq!(format!("{lock:?}"), "<RLock(MainProcess, 1)>");
    drop(outermost);
    assert!(!lock.locked());
}

/// The C library's mutex still has the id of a holder that was killed, and a
/// thread that has that id now is not the holder.
fn release_by_one_with_the_id_of_a_dead_holder() {
    const NEXT: &str = "/proc/sys/kernel/ns_last_pid";
    let lock = RLock::new();
    let hold = |lock: RLock| {
        lock.acquire().unwrap().forget();
        raise(Signal::SIGKILL).unwrap();
    };
    let mut holder = Process::new(hold, (lock.clone(),));
    holder.start().unwrap();
    holder.join().unwrap();
    let id = holder.pid().unwrap();
    // Another process can get it first.
    for _ in 0..100 {
        let before = (id - 1).to_string();
        if std::fs::write(NEXT, before).is_err() {
            println!("skipped: only root can say which id comes next");
            return;
        }
        let release = |lock: RLock| lock.release().map_err(|e| e.to_string());
        let mut other = Process::returning(release, (lock.clone(),));
        other.start().unwrap();
        let result = other.result().unwrap();
        assert_eq!(result, Err(NOT_OWNED.to_owned()));
        if other.pid() == Some(id) {
            return;
        }
    }
    panic!("the id {id} never came again");
}
