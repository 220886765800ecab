//! The children that are running.

use std::thread::sleep;
use std::time::Duration;

use mp_core::{Process, active_children};

// ANCHOR: task
// what each child does
fn task() {
    // take a moment
    sleep(Duration::from_secs(2));
}
// ANCHOR_END: task

// ANCHOR: main
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // create the processes
    let mut processes: Vec<_> =
        (0..5).map(|_| Process::new(task, ())).collect();
    // start them
    for process in &mut processes {
        process.start()?;
    }
    // get those that are running
    let children = active_children();
    // how many there are
    println!("Active Children Count: {}", children.len());
    // each of them
    for child in children {
        println!("{child}");
    }
    Ok(())
}
// ANCHOR_END: main
