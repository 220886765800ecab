//! The id of a process.

use std::process;

use mp_core::Process;

// ANCHOR: task
// what the child does
fn task() {
    println!("Child with pid: {}", process::id());
}
// ANCHOR_END: task

// ANCHOR: show
// the id, if there is one
fn show(process: &Process) {
    match process.pid() {
        None => println!("Process without a pid"),
        Some(pid) => println!("Process with pid: {pid}"),
    }
}
// ANCHOR_END: show

// ANCHOR: main
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // none before the start
    let mut process = Process::new(task, ());
    show(&process);

    // from then on the system's
    process.start()?;
    show(&process);

    // and it stays after the end
    process.join()?;
    show(&process);
    Ok(())
}
// ANCHOR_END: main
