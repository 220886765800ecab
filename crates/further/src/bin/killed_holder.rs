//! A process that is killed while it holds a lock.

use std::thread::sleep;
use std::time::Duration;

use mp_core::{Lock, Process, Result};

// ANCHOR: task
// takes the lock and never gives it back
fn task(lock: Lock) -> Result<()> {
    let _guard = lock.acquire()?;
    loop {
        sleep(Duration::from_secs(1));
    }
}
// ANCHOR_END: task

// ANCHOR: main
fn main() -> Result<()> {
    mp_core::init();
    let lock = Lock::new();
    let mut process = Process::new(task, (lock.clone(),));
    process.start()?;
    while !lock.locked() {
        sleep(Duration::from_millis(1));
    }

    // kill it: the lock is free at once
    process.kill()?;
    let guard = lock.acquire()?;
    println!("The holder before died: {}", guard.owner_died());
    guard.release();

    // it is said once, to the one who can mend what is half done
    let guard = lock.acquire()?;
    println!("The holder before died: {}", guard.owner_died());
    process.join()?;
    println!("Exit code: {:?}", process.exitcode());
    Ok(())
}
// ANCHOR_END: main
