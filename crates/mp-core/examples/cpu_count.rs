//! The number of logical CPUs.

use std::{fs, io};

use mp_core::cpu_count;

// ANCHOR: main
// the entry point
fn main() -> io::Result<()> {
    mp_core::init();
    // as the library counts them
    println!("This machine has {} CPU core(s)", cpu_count());

    // as the kernel lists them
    let file = fs::read_to_string("/proc/cpuinfo")?;
    let lines = file.lines();
    let lines = lines.filter(|line| line.starts_with("processor"));
    println!("{}", lines.count());
    Ok(())
}
// ANCHOR_END: main
