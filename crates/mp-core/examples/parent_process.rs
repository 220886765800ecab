//! The main process, seen from a child.

use mp_core::{Process, parent_process};

// ANCHOR: task
// what the child does
fn task() {
    // get the process that started this one
    if let Some(process) = parent_process() {
        // show it
        println!("{process}");
    }
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
    process.join()
}
// ANCHOR_END: main
