//! Every way of taking a lock.

use std::time::Duration;

use mp_core::{Lock, Process, Result};

// ANCHOR: task
// tries to take the lock, and gives it back
fn task(lock: Lock) -> Result<()> {
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
fn let_another_try(lock: &Lock) -> Result<()> {
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
    let lock = Lock::new();
    println!("Locked: {}", yes_no(lock.locked()));

    // acquire it: no one else gets it
    let guard = lock.acquire()?;
    println!("Locked: {}", yes_no(lock.locked()));
    let_another_try(&lock)?;

    // release it: others do
    guard.release();
    println!("Locked: {}", yes_no(lock.locked()));
    let_another_try(&lock)?;

    // hold it for a block of code
    {
        let _guard = lock.acquire()?;
        println!("Locked: {}", yes_no(lock.locked()));
    }
    println!("Locked: {}", yes_no(lock.locked()));
    Ok(())
}
// ANCHOR_END: main
