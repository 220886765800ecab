//! The main process, seen from itself.

use mp_core::current_process;

// ANCHOR: main
// the entry point
fn main() {
    mp_core::init();
    // get the process that this is
    let process = current_process();
    // show it
    println!("{process}");
}
// ANCHOR_END: main
