//! Extend the process type.

use mp_core::{Process, Run};
use serde::{Deserialize, Serialize};

// ANCHOR: process
// a process type of one's own
#[derive(Serialize, Deserialize)]
struct CustomProcess;

impl Run for CustomProcess {
    // what the child does
    fn run(&self) {
        println!("This is from a process of its own class");
    }
}
// ANCHOR_END: process

// ANCHOR: main
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // create the process
    let mut process = Process::from(CustomProcess);
    // start it
    process.start()?;
    // wait until it has ended
    println!("Waiting for the process...");
    process.join()?;
    println!("Process is done!");
    Ok(())
}
// ANCHOR_END: main
