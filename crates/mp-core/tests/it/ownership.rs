//! Who owns a lock: the kernel's thread id of the very process that holds it,
//! however that process was made.
//!
//! A child of the forkserver is made by a system call that the C library knows
//! nothing of, and the C library is who writes the owner into a mutex.

use std::thread;
use std::time::Duration;

use mp_core::{Lock, Process, RLock, RawValue, Result, StartMethod};
use nix::unistd::{getpid, gettid};

use crate::observe::forkserver;
use crate::steps::{Running, Steps, run, start, wait_to_be_killed};

crate::cases! {
    each_method: [
        ownership_of_a_killed_child,
        ownership_within_a_child,
        ownership_of_a_thread_of_a_child,
        ownership_is_not_inherited,
        ownership_of_a_grandchild,
        locks_are_used_while_others_start,
    ],
    once: [],
}

/// The kernel finds the owner by its id, and frees what it held.
fn ownership_of_a_killed_child(_: StartMethod) {
    fn child(plain: Lock, reentrant: RLock, held: Steps) {
        assert_eq!(gettid(), getpid());
        let _plain = plain.acquire().unwrap();
        let _reentrant = reentrant.acquire().unwrap();
        held.take();
        wait_to_be_killed();
    }
    let (plain, reentrant, held) = (Lock::new(), RLock::new(), Steps::new());
    let arguments = (plain.clone(), reentrant.clone(), held.clone());
    let process = start(child, arguments);
    held.wait(1);
    assert!(plain.try_acquire().is_none());
    assert!(reentrant.try_acquire().is_none());
    process.destroy();
    assert!(plain.acquire().unwrap().owner_died());
    assert!(reentrant.acquire().unwrap().owner_died());
}

fn ownership_within_a_child(_: StartMethod) {
    fn child(plain: Lock, reentrant: RLock) -> Result<()> {
        let guard = plain.acquire()?;
        assert!(plain.acquire().unwrap_err().is_deadlock());
        let outer = reentrant.acquire()?;
        let inner = reentrant.acquire()?;
        assert_eq!(format!("{reentrant:?}"), "<RLock(Own, 2)>");
        drop((guard, outer, inner));
        assert!(!plain.locked() && !reentrant.locked());
        Ok(())
    }
    let process = Process::new(child, (Lock::new(), RLock::new()));
    Running::from(process.with_name("Own")).finish();
}

/// A thread of a child is somebody else than the child's first thread.
fn ownership_of_a_thread_of_a_child(_: StartMethod) {
    fn child(lock: RLock) -> Result<()> {
        let guard = lock.acquire()?;
        thread::scope(|scope| {
            let other = scope.spawn(|| {
                assert!(lock.try_acquire().is_none());
                format!("{lock:?}")
            });
            let seen = other.join().unwrap();
            assert_eq!(seen, "<RLock(SomeOtherThread, nonzero)>");
        });
        drop(guard);
        // A thread that ends frees what it held, as a process does.
        thread::scope(|scope| {
            scope.spawn(|| lock.acquire().unwrap().forget());
        });
        assert!(lock.acquire()?.owner_died());
        Ok(())
    }
    run(child, (RLock::new(),));
}

/// What a parent holds at a start, its child does not hold: not even a forked
/// one, which has a copy of the guard, and drops it.
fn ownership_is_not_inherited(_: StartMethod) {
    let (plain, reentrant) = (Lock::new(), RLock::new());
    let guards = (plain.acquire().unwrap(), reentrant.acquire().unwrap());
    run(
        |plain: Lock, reentrant: RLock| {
            assert!(plain.release().is_err() && reentrant.release().is_err());
            assert!(plain.try_acquire().is_none());
            assert!(reentrant.try_acquire().is_none());
        },
        (plain.clone(), reentrant.clone()),
    );
    assert!(plain.locked() && reentrant.locked());
    assert_eq!(format!("{plain:?}"), "<Lock(owner=MainProcess)>");
    drop(guards);
    assert!(!plain.locked() && !reentrant.locked());
}

/// Each generation is its own owner, and dies as such.
fn ownership_of_a_grandchild(_: StartMethod) {
    fn child(locks: [RLock; 2], generations: u8) -> Result<()> {
        let [lock, other] = locks;
        let guard = lock.acquire()?;
        assert!(lock.try_acquire().is_some());
        if generations > 0 {
            run(child, ([other.clone(), lock.clone()], generations - 1));
            assert!(other.acquire()?.owner_died());
        }
        guard.forget();
        std::process::exit(0);
    }
    let locks = [RLock::new(), RLock::new()];
    run(child, (locks.clone(), 1));
    assert!(locks[0].acquire().unwrap().owner_died());
}

/// A process that is being made must leave the locks of others alone. The
/// forkserver itself holds one while it makes a child.
fn locks_are_used_while_others_start(method: StartMethod) {
    fn child(lock: Lock, over: RawValue<u8>) -> Result<()> {
        while over.get() == 0 {
            drop(lock.acquire_timeout(Duration::MAX)?);
        }
        Ok(())
    }
    let over = RawValue::new(0);
    let users = [(); 2].map(|()| start(child, (Lock::new(), over.clone())));
    let server = forkserver();
    let starts = if method == StartMethod::ForkServer { 200 } else { 20 };
    for _ in 0..starts {
        run(|| (), ());
    }
    // Nobody had to start another server.
    assert_eq!(forkserver(), server);
    over.set(1);
    for user in &users {
        user.finish();
    }
}
