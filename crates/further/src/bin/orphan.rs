//! A daemon whose parent is killed.

use std::thread::sleep;
use std::time::Duration;

use mp_core::{Lock, Process, Result};

// ANCHOR: tasks
// takes the lock and sleeps far too long
fn daemon(lock: Lock) -> Result<()> {
    let _guard = lock.acquire()?;
    sleep(Duration::from_secs(600));
    Ok(())
}

// starts a daemon, and sleeps too
fn task(lock: Lock) -> Result<()> {
    let process = Process::new(daemon, (lock,));
    process.with_daemon(true).start()?;
    sleep(Duration::from_secs(600));
    Ok(())
}
// ANCHOR_END: tasks

// ANCHOR: main
fn main() -> Result<()> {
    mp_core::init();
    let lock = Lock::new();
    let mut process = Process::new(task, (lock.clone(),));
    process.start()?;
    while !lock.locked() {
        sleep(Duration::from_millis(1));
    }

    // SIGKILL: the parent of the daemon can do nothing any more
    process.kill()?;
    process.join()?;
    // the daemon has ended too, and with it its hold on the lock
    let guard = lock.acquire()?;
    println!("The daemon died with its parent: {}", guard.owner_died());
    Ok(())
}
// ANCHOR_END: main
