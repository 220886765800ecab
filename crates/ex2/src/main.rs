//! A function with arguments, run in two processes.

// ANCHOR: imports
use std::process;
use std::thread::sleep;
use std::time::Duration;

use mp_core::Process;
// ANCHOR_END: imports

// ANCHOR: task
// what each child does
fn task2(sleep_time: f64, message: &str) {
    println!("Subprocess with PID: {}", process::id());
    // take a moment
    sleep(Duration::from_secs_f64(sleep_time));
    // show the message
    println!("{message}");
    println!("Exit from {}", process::id());
}
// ANCHOR_END: task

// ANCHOR: start
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    println!("Main process with PID: {}", process::id());

    // create the processes, each with its arguments
    let message = "New message from another process";
    let mut process1 = Process::new(task2, (1.5, message));
    let mut process2 = Process::new(task2, (2.0, message));

    // start them
    process1.start()?;
    process2.start()?;
    // ANCHOR_END: start

    // ANCHOR: join
    // wait until both have ended
    println!("Waiting for the process...");
    process1.join()?;
    process2.join()?;

    println!("Bye!");
    Ok(())
}
// ANCHOR_END: join
