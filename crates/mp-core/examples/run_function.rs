//! Run a function in another process.

use std::thread::sleep;
use std::time::Duration;

use mp_core::Process;

// ANCHOR: task
// what the child does
fn task() {
    // take a moment
    sleep(Duration::from_secs(1));
    // show a message
    println!("This is from another process");
}
// ANCHOR_END: task

// ANCHOR: main
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // create the process
    let mut process = Process::new(task, ());
    // start it
    process.start()?;
    // wait until it has ended
    println!("Waiting for the process...");
    process.join()?;
    println!("Process is done!");
    Ok(())
}
// ANCHOR_END: main
