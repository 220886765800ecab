//! A sum over a large shared array, by several processes, with its progress.

use std::sync::atomic::Ordering;
use std::time::Duration;

use mp_core::{Process, RawArray, RawValue, Result};

// 100 MB
const ITEMS: usize = 100_000_000 / size_of::<u32>();
const WORKERS: usize = 4;
// how many items are copied out of the array at once
const PIECE: usize = 1 << 16;

// ANCHOR: task
// adds up the items of one worker, and counts them as they are done
fn add_up(array: RawArray<u32>, done: RawValue<u64>, worker: usize) -> u64 {
    let (start, end) = (part(worker), part(worker + 1));
    let mut sum = 0;
    for from in (start..end).step_by(PIECE) {
        let piece = array.to_vec(from..end.min(from + PIECE));
        sum += piece.iter().copied().map(u64::from).sum::<u64>();
        done.atomic().fetch_add(piece.len() as u64, Ordering::Relaxed);
    }
    sum
}

// where the part of a worker begins
fn part(worker: usize) -> usize {
    ITEMS / WORKERS * worker
}
// ANCHOR_END: task

// ANCHOR: main
fn main() -> Result<()> {
    mp_core::init();
    let array = RawArray::new(ITEMS);
    array.fill(.., 3);
    let done = RawValue::new(0);

    let mut workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let arguments = (array.clone(), done.clone(), worker);
            Process::returning(add_up, arguments)
        })
        .collect();
    for worker in &mut workers {
        worker.start()?;
    }

    // each worker in turn: show the progress until it has ended
    let mut sum = 0;
    for worker in &workers {
        sum += loop {
            if let Some(sum) =
                worker.result_timeout(Duration::from_millis(10))?
            {
                break sum;
            }
            eprint!("\r{} %", done.get() * 100 / ITEMS as u64);
        };
    }
    eprintln!("\r{} %", done.get() * 100 / ITEMS as u64);
    println!("Sum: {sum}");
    Ok(())
}
// ANCHOR_END: main
