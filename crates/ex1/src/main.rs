//! Two children that run until a file appears.

// ANCHOR: imports
use std::path::Path;
use std::process::{self, exit};
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs, io};

use mp_core::Process;

const STOP: &str = "STOP";
// ANCHOR_END: imports

// ANCHOR: task
// what each child does
fn task() -> io::Result<()> {
    println!("Subprocess PID: {}", process::id());
    let directory = env::current_dir()?;
    println!("Current working directory: {}", directory.display());
    println!("Touch file \"STOP\" to stop the task...");
    // look for the file once a second
    while !Path::new(STOP).is_file() {
        sleep(Duration::from_secs(1));
    }
    println!("Stopping");
    Ok(())
}
// ANCHOR_END: task

// ANCHOR: start
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    println!("Parent process id: {}", process::id());

    // create the processes
    let mut process1 = Process::new(task, ());
    let mut process2 = Process::new(task, ());

    // start them
    process1.start()?;
    process2.start()?;
    // ANCHOR_END: start

    // ANCHOR: join
    // wait until both have ended
    println!("Waiting for the process...");
    process1.join()?;
    process2.join()?;
    println!("Sub processes are all done!");
    // ANCHOR_END: join

    // ANCHOR: end
    // clean up
    if Path::new(STOP).is_file() {
        fs::remove_file(STOP).unwrap_or_else(|error| {
            eprintln!("Error: cannot remove {STOP}: {error}");
            exit(1);
        });
    }

    // stay a little, so that the process can be looked at
    println!("Sleep 5s for main process to quit...");
    sleep(Duration::from_secs(5));
    Ok(())
}
// ANCHOR_END: end
