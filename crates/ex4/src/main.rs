//! A process that hands a value back to its parent.

// ANCHOR: imports
use std::process;
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Process, Run, Value};
use serde::{Deserialize, Serialize};
// ANCHOR_END: imports

// ANCHOR: type
// the process type
#[derive(Serialize, Deserialize)]
struct CustomProcess {
    name: String,
    data: Value<i32>,
}

impl CustomProcess {
    // a process with a name and a shared integer
    fn new(name: &str) -> Process<Self> {
        let body = Self { name: name.into(), data: Value::new(0) };
        Process::from(body).with_name(name)
    }
    // ANCHOR_END: type

    // ANCHOR: identity
    // the name and the process that says it
    fn identity(&self) -> String {
        format!("{}:{}", self.name, process::id())
    }
}
// ANCHOR_END: identity

// ANCHOR: run
impl Run for CustomProcess {
    // what the child does
    fn run(&self) {
        // take a moment
        sleep(Duration::from_secs(1));
        // store the value
        self.data.set(99);
        // report it
        let stored = self.data.get();
        println!("{} > Child stored: {stored}", self.identity());
    }
}
// ANCHOR_END: run

// ANCHOR: create
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    println!("Main process with pid: {}", process::id());

    // create the process
    let mut process = CustomProcess::new("John");
    let value = process.data.get();
    println!("Parent with process.data.value: {value}");

    // start it
    process.start()?;
    // ANCHOR_END: create

    // ANCHOR: join
    // wait until it has ended
    println!("Waiting for the child process to finish");
    process.join()?;

    // read what the child stored
    println!("Parent got: {}", process.data.get());
    Ok(())
}
// ANCHOR_END: join
