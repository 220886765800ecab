//! Run a function with arguments in another process.

use std::thread::sleep;
use std::time::Duration;

use mp_core::Process;

// ANCHOR: task
// what the first child does
fn task(sleep_time: f64, message: &str) {
    // take a moment
    sleep(Duration::from_secs_f64(sleep_time));
    // show the message
    println!("{message}");
}

// what the second child does
fn greet(name: &str) {
    println!("Hello from another process, {name}");
}
// ANCHOR_END: task

// ANCHOR: main
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // a function, and its arguments in their order
    let message = "New message from another process";
    let mut process = Process::new(task, (0.5, message));
    process.start()?;
    process.join()?;

    // one argument is a tuple too: mind the comma
    let mut process = Process::new(greet, ("John",));
    process.start()?;
    process.join()
}
// ANCHOR_END: main
