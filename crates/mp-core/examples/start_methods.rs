//! The start methods of this system, and the current one.

use mp_core::{StartMethod, start_method};

// ANCHOR: main
// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // all that there are
    let methods = StartMethod::ALL.map(StartMethod::name);
    println!("['{}']", methods.join("', '"));

    // the current one
    let method = start_method()?;
    println!("{method}");
    Ok(())
}
// ANCHOR_END: main
