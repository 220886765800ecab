//! Every way of taking a reentrant lock, and taking it twice.

use std::time::Duration;

use mp_core::{Process, RLock, Result};

// ANCHOR: task
// tries to take the lock, and gives it back
fn task(lock: RLock) -> Result<()> {
    // without waiting
    let guard = lock.try_acquire();
    println!("Taken without waiting: {}", yes_no(guard.is_some()));
    drop(guard);
    // waiting for a while at most
    let guard = lock.acquire_timeout(Duration::from_millis(200))?;
    println!("Taken within 0.2 s: {}", yes_no(guard.is_some()));
    drop(guard);
    Ok(())
}
// ANCHOR_END: task

// lets another process try
fn let_another_try(lock: &RLock) -> Result<()> {
    let mut process = Process::new(task, (lock.clone(),));
    process.start()?;
    process.join()
}

// a word for a truth value
fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

// ANCHOR: main
// the entry point
fn main() -> Result<()> {
    mp_core::init();
    // create the lock: nobody holds it
    let lock = RLock::new();
    println!("Locked: {}", yes_no(lock.locked()));

    // acquire it, and acquire it again
    let guard = lock.acquire()?;
    let again = lock.try_acquire();
    println!("Taken again: {}", yes_no(again.is_some()));

    // release it once: it is still held
    drop(again);
    println!("Locked: {}", yes_no(lock.locked()));
    let_another_try(&lock)?;

    // release it as often as it was acquired
    guard.release();
    println!("Locked: {}", yes_no(lock.locked()));
    let_another_try(&lock)?;

    // hold it for a block of code, and a block within
    {
        let _guard = lock.acquire()?;
        {
            let _again = lock.acquire()?;
            println!("Locked: {}", yes_no(lock.locked()));
        }
        println!("Locked: {}", yes_no(lock.locked()));
    }
    println!("Locked: {}", yes_no(lock.locked()));
    Ok(())
}
// ANCHOR_END: main
