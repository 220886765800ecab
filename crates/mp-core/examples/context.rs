//! A start method for some processes only: a context.

use mp_core::{Context, StartMethod};

// ANCHOR: task
// what the child does
fn task() {
    println!("This is from a process of the context");
}
// ANCHOR_END: task

// ANCHOR: main
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // create a context for one start method
    let context = Context::new(StartMethod::Spawn);
    println!("Context: {}", context.start_method());

    // create a process from it
    let mut process = context.process(task, ());
    process.start()?;
    process.join()?;

    // a name that no start method has
    if let Err(error) = "nope".parse::<Context>() {
        println!("Error: {error}");
    }
    Ok(())
}
// ANCHOR_END: main
