//! One lock, shared by ten processes.

// ANCHOR: imports
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::NaiveTime;
use clap::Parser;
use mp_core::{Lock, Process};
use rand::random;
// ANCHOR_END: imports

// ANCHOR: with_lock
// holds the lock while it sleeps
fn task_with_lock(
    lock: Lock,
    identifier: usize,
    value: f64,
) -> mp_core::Result<()> {
    // acquire the lock
    let _guard = lock.acquire()?;
    println!(
        ">process {identifier} got the lock, \
         sleeping for {value:.3}s"
    );
    sleep(Duration::from_secs_f64(value));
    Ok(())
}
// ANCHOR_END: with_lock

// ANCHOR: ignore_lock
// has the lock at hand, and ignores it
fn task_ignore_lock(_lock: Lock, identifier: usize, value: f64) {
    println!(
        ">process {identifier} got the lock, \
         sleeping for {value:.3}s"
    );
    sleep(Duration::from_secs_f64(value));
}
// ANCHOR_END: ignore_lock

// ANCHOR: choice
/// One lock, shared by ten processes
#[derive(Parser)]
struct Args {
    /// Run the task that takes the lock, not the one that ignores it
    #[arg(long)]
    with_lock: bool,
}

// the entry point
fn main() -> mp_core::Result<()> {
    mp_core::init();
    // which of the two tasks to run
    let args = Args::parse();
    // ANCHOR_END: choice

    // ANCHOR: create
    // create the shared lock
    let lock = Lock::new();
    // create ten processes, each with its own time to sleep
    let numbers: Vec<f64> = (0..10).map(|_| random()).collect();
    let mut processes: Vec<_> = (0..10)
        .map(|i| {
            let lock = lock.clone();
            if args.with_lock {
                Process::new(task_with_lock, (lock, i, numbers[i]))
            } else {
                Process::new(task_ignore_lock, (lock, i, numbers[i]))
            }
        })
        .collect();
    // start them
    for process in &mut processes {
        process.start()?;
    }
    // ANCHOR_END: create

    // ANCHOR: join
    // wait until all have ended
    let start_time = Instant::now();
    for process in &processes {
        process.join()?;
    }

    // report the time
    let elapsed = timedelta(start_time.elapsed());
    let sum: f64 = numbers.iter().sum();
    println!("Done in {elapsed}  (random nubmer sum={sum:.3})!");
    Ok(())
}
// ANCHOR_END: join

// a time of less than a day, as Python shows it
fn timedelta(elapsed: Duration) -> String {
    let format = match elapsed.subsec_micros() {
        0 => "%-H:%M:%S",
        _ => "%-H:%M:%S%.6f",
    };
    (NaiveTime::MIN + elapsed).format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_as_in_python() {
        for (microseconds, text) in [
            (967_583, "0:00:00.967583"),
            (5, "0:00:00.000005"),
            (0, "0:00:00"),
            (62_000_000, "0:01:02"),
            (36_610_500_000, "10:10:10.500000"),
        ] {
            let elapsed = Duration::from_micros(microseconds);
            assert_eq!(timedelta(elapsed), text);
        }
    }
}
