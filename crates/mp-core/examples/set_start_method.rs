//! Choose the start method of the whole program.

use mp_core::{
    StartMethod, force_start_method, set_start_method, start_method,
};

// ANCHOR: main
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // set it first, and once
    set_start_method(StartMethod::Spawn)?;
    println!("Start method: {}", start_method()?);

    // a second time is an error
    if let Err(error) = set_start_method(StartMethod::ForkServer) {
        println!("Error: {error}");
    }
    println!("Start method: {}", start_method()?);

    // unless it is forced
    force_start_method(StartMethod::ForkServer);
    println!("Start method: {}", start_method()?);
    Ok(())
}
// ANCHOR_END: main
