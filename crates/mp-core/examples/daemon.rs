//! A daemon: it does not keep the program from ending.

use std::thread::sleep;
use std::time::Duration;

use mp_core::Process;

// ANCHOR: task
// what the child does
fn task() {
    // take longer than the program lives
    sleep(Duration::from_secs(10));
    println!("Nobody ever reads this");
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
    // not a daemon unless told so
    let process = Process::new(task, ());
    println!("Daemon: {}", yes_no(process.daemon()));

    // create a daemon
    let mut process = Process::new(task, ()).with_daemon(true);
    println!("Daemon: {}", yes_no(process.daemon()));

    // start it, and do not wait: it ends with the program
    process.start()?;
    println!("Bye!");
    Ok(())
}
// ANCHOR_END: main
