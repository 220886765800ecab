//! A plain lock that its holder asks for again.

use std::time::Duration;

use mp_core::{Lock, Result};

// ANCHOR: main
fn main() -> Result<()> {
    mp_core::init();
    let lock = Lock::new();
    let _guard = lock.acquire()?;

    // no waiting: an error, also where a timeout is given
    for again in [
        lock.acquire().map(drop),
        lock.acquire_timeout(Duration::from_secs(10)).map(drop),
    ] {
        if let Err(error) = again {
            println!("Deadlock: {}", error.is_deadlock());
            println!("Error: {error}");
        }
    }
    Ok(())
}
// ANCHOR_END: main
