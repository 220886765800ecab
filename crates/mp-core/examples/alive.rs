//! Whether a process is alive.

use std::thread::sleep;
use std::time::Duration;

use mp_core::Process;

// ANCHOR: task
// what the child does
fn task() {
    // take a moment
    sleep(Duration::from_secs(1));
}
// ANCHOR_END: task

// a word for a truth value
fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

// ANCHOR: main
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // not before the start
    let mut process = Process::new(task, ());
    println!("Alive: {}", yes_no(process.is_alive()));

    // while it runs
    process.start()?;
    println!("Alive: {}", yes_no(process.is_alive()));

    // not after the end
    process.join()?;
    println!("Alive: {}", yes_no(process.is_alive()));
    Ok(())
}
// ANCHOR_END: main
