//! A type of one's own that is a process.

// ANCHOR: imports
use std::fs;
use std::path::Path;
use std::process::{self, exit};
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Process, Run};
use serde::{Deserialize, Serialize};

const STOP: &str = "STOP";
// ANCHOR_END: imports

// ANCHOR: type
// the process type
#[derive(Serialize, Deserialize)]
struct MyProcess {
    name: String,
}

impl MyProcess {
    // a process with a name
    fn new(name: &str) -> Process<Self> {
        Process::from(Self { name: name.into() }).with_name(name)
    }
}
// ANCHOR_END: type

// ANCHOR: run
impl Run for MyProcess {
    // what the child does
    fn run(&self) {
        let me = process::id();
        println!("Subprocess of \"{}\" with pid: {me}", self.name);
        println!("Wait for STOP signal...");
        // look for the file once a second
        while !Path::new(STOP).is_file() {
            sleep(Duration::from_secs(1));
        }
        println!("Exit subprocess({me})");
    }
}
// ANCHOR_END: run

// ANCHOR: start
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    println!("Main process with pid: {}", process::id());

    // 1) create the processes
    let mut process1 = MyProcess::new("John");
    let mut process2 = MyProcess::new("Mary");

    // 2) start them
    process1.start()?;
    process2.start()?;
    // ANCHOR_END: start

    // ANCHOR: join
    // 3) wait until both have ended
    process1.join()?;
    process2.join()?;

    // 4) clean up
    fs::remove_file(STOP).unwrap_or_else(|error| {
        eprintln!("Error: cannot remove {STOP}: {error}");
        exit(1);
    });

    println!("Bye!");
    Ok(())
}
// ANCHOR_END: join
