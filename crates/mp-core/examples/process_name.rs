//! The name of a process.

use mp_core::Process;

// what the child would do
fn task() {}

// ANCHOR: main
// the entry point
fn main() {
    mp_core::init();
    // the name that it gets
    let process = Process::new(task, ());
    println!("{}", process.name());

    // ANCHOR: name
    // a name of its own
    let process = Process::new(task, ()).with_name("MyProcess");
    println!("{}", process.name());
    // ANCHOR_END: name
}
// ANCHOR_END: main
