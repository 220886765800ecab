//! What a lock shows of who holds it: the behaviour LOCK-07.

use std::thread;

use mp_core::{Lock, Process, Result, StartMethod};

use crate::steps::{Running, Steps, start, wait_to_be_killed};

crate::cases! {
    each_method: [
        lock_07_debug_text,
        lock_07_debug_text_of_a_dead_owner,
    ],
    once: [
        lock_07_debug_text_of_threads,
    ],
}

fn lock_07_debug_text(_: StartMethod) {
    fn child(lock: Lock, held: Steps) -> Result<()> {
        assert_eq!(format!("{lock:?}"), "<Lock(owner=SomeOtherProcess)>");
        held.take();
        let _guard = lock.acquire()?;
        assert_eq!(format!("{lock:?}"), "<Lock(owner=Holder)>");
        held.take();
        held.wait(3);
        Ok(())
    }
    let (lock, held) = (Lock::new(), Steps::new());
    assert_eq!(format!("{lock:?}"), "<Lock(owner=None)>");
    let guard = lock.acquire().unwrap();
    assert_eq!(format!("{lock:?}"), "<Lock(owner=MainProcess)>");
    let process = Process::new(child, (lock.clone(), held.clone()));
    let process = Running::from(process.with_name("Holder"));
    held.wait(1);
    drop(guard);
    held.wait(2);
    assert_eq!(format!("{lock:?}"), "<Lock(owner=SomeOtherProcess)>");
    assert!(lock.locked());
    held.take();
    process.finish();
    assert_eq!(format!("{lock:?}"), "<Lock(owner=None)>");
}

/// Nobody holds what a killed process held, as soon as it has ended.
fn lock_07_debug_text_of_a_dead_owner(_: StartMethod) {
    fn child(lock: Lock, held: Steps) {
        let _guard = lock.acquire().unwrap();
        held.take();
        wait_to_be_killed();
    }
    let (lock, held) = (Lock::new(), Steps::new());
    let process = start(child, (lock.clone(), held.clone()));
    held.wait(1);
    process.destroy();
    assert!(!lock.locked());
    assert_eq!(format!("{lock:?}"), "<Lock(owner=None)>");
    let guard = lock.acquire().unwrap();
    assert_eq!(
        format!("{guard:?}"),
        "LockGuard { lock: <Lock(owner=MainProcess)>, owner_died: true }"
    );
}

fn lock_07_debug_text_of_threads() {
    let lock = Lock::new();
    let guard = lock.acquire().unwrap();
    thread::scope(|scope| {
        let other = scope.spawn(|| format!("{lock:?}")).join().unwrap();
        assert_eq!(other, "<Lock(owner=SomeOtherThread)>");
        drop(guard);
        let named = thread::Builder::new().name("helper".to_owned());
        let own = named.spawn_scoped(scope, || {
            let _guard = lock.acquire().unwrap();
            format!("{lock:?}")
        });
        let own = own.unwrap().join().unwrap();
        assert_eq!(own, "<Lock(owner=MainProcess|helper)>");
    });
}
