//! Processes in a tokio program, which goes on while they run.

use std::error::Error;
use std::io;
use std::time::Duration;

use mp_core::{Process, Sentinel};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Runtime;
use tokio::time::interval;

// ANCHOR: main
fn main() -> Result<(), Box<dyn Error>> {
    // before there is a runtime: not in `#[tokio::main]`
    mp_core::init();
    // it has threads, beside which the default is forkserver
    Runtime::new()?.block_on(async {
        tokio::select! {
            numbers = async { tokio::try_join!(computed(30), computed(31)) } => {
                println!("Computed: {:?}", numbers?);
            }
            () = watch() => {}
        }
        Ok(())
    })
}
// ANCHOR_END: main

// ANCHOR: computed
// starts a process, and waits for it as for anything else
async fn computed(n: u32) -> Result<u64, Box<dyn Error>> {
    let mut process = Process::returning(fibonacci, (n,));
    process.start()?;
    let ended = watched(process.sentinel()?)?;
    let _ready = ended.readable().await?;
    Ok(process.result()?)
}

#[allow(
    deprecated,
    reason = "what replaces it is unsafe: the descriptor must stay open, and a \
              sentinel's does"
)]
fn watched(sentinel: Sentinel) -> io::Result<AsyncFd<Sentinel>> {
    AsyncFd::with_interest(sentinel, Interest::READABLE)
}

// what takes too long for an async function
fn fibonacci(n: u32) -> u64 {
    if n < 2 { n.into() } else { fibonacci(n - 1) + fibonacci(n - 2) }
}
// ANCHOR_END: computed

// what else the program does meanwhile
async fn watch() {
    let mut ticks = interval(Duration::from_millis(10));
    loop {
        ticks.tick().await;
        eprint!(".");
    }
}
