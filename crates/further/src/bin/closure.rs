//! A closure that captures, and how its result comes back.

use mp_core::{Process, Result, Value};

// ANCHOR: main
fn main() -> Result<()> {
    mp_core::init();
    let text = String::from("what the parent had in its memory");
    let length = Value::new(0);

    let mut process = Process::fork({
        let length = length.clone();
        move || length.set(text.len())
    });
    process.start()?;
    process.join()?;

    println!("Length: {}", length.get());
    Ok(())
}
// ANCHOR_END: main
