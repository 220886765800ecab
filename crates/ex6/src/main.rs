//! A lock that its holder may take again.

// ANCHOR: imports
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use clap::Parser;
use mp_core::{Lock, Process, RLock, Result};
use rand::random;
// ANCHOR_END: imports

// ANCHOR: report
// reports, under the lock
fn report(lock: &RLock, identifier: usize) -> Result<()> {
    // acquire the lock, a second time
    let _guard = lock.acquire()?;
    println!(">process {identifier} done");
    Ok(())
}
// ANCHOR_END: report

// ANCHOR: sleep
// sleeps and reports, under the lock
fn task(lock: RLock, identifier: usize, value: f64) -> Result<()> {
    // acquire the lock
    let guard = lock.acquire()?;
    if guard.owner_died() {
        eprintln!("process {identifier}: the lock's holder died");
    }
    println!(">process {identifier} sleeping for {}", repr(value));
    sleep(Duration::from_secs_f64(value));
    // report, still holding it
    report(&lock, identifier)
}
// ANCHOR_END: sleep

// ANCHOR: deadlock
// the same with a plain lock, which is not reentrant
fn deadlock(lock: Lock, identifier: usize, value: f64) -> Result<()> {
    let _guard = lock.acquire()?;
    println!(">process {identifier} sleeping for {}", repr(value));
    sleep(Duration::from_secs_f64(value));
    // an error, where Python would wait for ever
    let _again = lock.acquire()?;
    println!(">process {identifier} done");
    Ok(())
}
// ANCHOR_END: deadlock

// ANCHOR: choice
/// A lock that its holder may take again
#[derive(Parser)]
struct Args {
    /// See what a plain lock does in its place
    #[arg(long)]
    plain_lock: bool,
}

// the entry point
fn main() -> Result<ExitCode> {
    mp_core::init();
    // whether to see what a plain lock does
    let args = Args::parse();
    // ANCHOR_END: choice

    // ANCHOR: create
    // create the shared reentrant lock, and a plain one
    let (lock, plain) = (RLock::new(), Lock::new());
    // create ten processes
    let mut processes: Vec<_> = (0..10)
        .map(|i| {
            if args.plain_lock {
                Process::new(deadlock, (plain.clone(), i, random()))
            } else {
                Process::new(task, (lock.clone(), i, random()))
            }
        })
        .collect();
    // start them
    for process in &mut processes {
        process.start()?;
    }
    // wait until all have ended
    for process in &processes {
        process.join()?;
    }
    // ANCHOR_END: create

    // ANCHOR: failed
    // name those that failed
    let mut code = ExitCode::SUCCESS;
    for process in &processes {
        if process.exitcode() != Some(0) {
            eprintln!("failed: {process}");
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}
// ANCHOR_END: failed

// a number below 1 as Python shows it: 5e-05, where Rust has 5e-5
fn repr(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once("e-") {
        Some((digits, power)) => format!("{digits}e-{power:0>2}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_as_in_python() {
        for (value, text) in [
            (0.964_368_984_310_673_7, "0.9643689843106737"),
            (0.5, "0.5"),
            (0.0, "0.0"),
            (1e-4, "0.0001"),
            (9.9e-5, "9.9e-05"),
            (5e-5, "5e-05"),
            (1e-10, "1e-10"),
            (f64::EPSILON / 2.0, "1.1102230246251565e-16"),
        ] {
            assert_eq!(repr(value), text);
        }
    }
}
