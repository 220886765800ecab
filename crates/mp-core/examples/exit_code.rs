//! The exit code of a process.

use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

use mp_core::Process;

// ANCHOR: task
// comes to its end
fn task() {}

// fails: the error goes to standard error
fn fail() -> Result<(), &'static str> {
    Err("this task fails")
}

// leaves with a code of its own
fn leave() {
    exit(3);
}

// waits for a signal
fn wait() {
    sleep(Duration::from_secs(10));
}
// ANCHOR_END: task

// ANCHOR: show
// the exit code, if there is one
fn show(when: &str, process: &Process) {
    match process.exitcode() {
        None => println!("{when}: none"),
        Some(code) => println!("{when}: {code}"),
    }
}
// ANCHOR_END: show

// ANCHOR: main
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // no code before the end, then 0
    let mut process = Process::new(task, ());
    show("Before the end", &process);
    process.start()?;
    process.join()?;
    show("After the end", &process);

    // 1 after an error
    let mut process = Process::new(fail, ());
    process.start()?;
    process.join()?;
    show("After an error", &process);

    // the code that it left with
    let mut process = Process::new(leave, ());
    process.start()?;
    process.join()?;
    show("After an exit", &process);

    // minus the number of the signal
    let mut process = Process::new(wait, ());
    process.start()?;
    process.terminate()?;
    process.join()?;
    show("After a signal", &process);
    Ok(())
}
// ANCHOR_END: main
