//! Results of processes that are killed at any moment, and results that are very
//! long.

use std::fs;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use mp_core::{ErrorKind, Limits, Process, Returning, StartMethod};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::books::Books;
use crate::observe::send;
use crate::{is_long, times};

crate::cases! {
    each_method: [killed_while_it_gives, ended_by_its_time, very_long],
    once: [],
}

/// A value that shows whether it is whole: the parts say how long it is, and
/// whose it is.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Whole {
    seed: u64,
    words: Vec<String>,
    numbers: Vec<u64>,
    last: Option<Box<Whole>>,
}

impl Whole {
    fn of(seed: u64) -> Self {
        let length = seed % 3000;
        let word = |length| "w".repeat(length);
        Self {
            seed,
            words: (0..50).map(word).collect(),
            numbers: (seed..seed + length).collect(),
            last: (length > 100).then(|| Box::new(Self::of(seed / 2))),
        }
    }
}

/// The bytes of memory that this process has in use.
fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.unwrap().split_whitespace().next().unwrap();
    number.parse::<usize>().unwrap() << 10
}

fn wait_for(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::thread::yield_now();
    }
}

/// What came of one: whether it was a value. It was nothing but the right one,
/// or what ended the process.
fn check(
    process: &Process<Returning<Whole>>,
    seed: u64,
    ends: &[ErrorKind],
) -> bool {
    match process.result() {
        Ok(value) => {
            assert_eq!(value, Whole::of(seed));
            true
        }
        Err(error) => {
            assert!(ends.contains(&error.kind()), "{error}");
            false
        }
    }
}

/// Ends many processes, each at some moment, and looks for what that leaves.
fn storm(
    counts: (u32, u32),
    end: impl Fn(u64) -> Process<Returning<Whole>>,
    ends: &[ErrorKind],
) {
    let books = Books::open();
    let (mut values, mut before) = (0, 0);
    let count = times(counts.0, counts.1);
    for round in 0..count {
        let seed = rand::random_range(0..1 << 40);
        values += u32::from(check(&end(seed), seed, ends));
        // What is taken once has been taken by then.
        if round == count / 2 {
            before = memory();
        }
    }
    println!("{values} values of {count}");
    assert!(values < count, "none was ended");
    assert!(memory() < before + (16 << 20), "memory is lost");
    books.check();
}

/// 300 of them, and in the long run 10,000.
fn killed_while_it_gives(_: StartMethod) {
    const MOMENTS: RangeInclusive<u64> = 0..=1500;
    let end = |seed| {
        let mut process = Process::returning(Whole::of, (seed,));
        process.start().unwrap();
        let moment = rand::random_range(MOMENTS);
        wait_for(Duration::from_micros(moment));
        send(process.pid().unwrap(), Signal::SIGKILL);
        process
    };
    let killed = ErrorKind::Killed { signal: 9 };
    storm((300, 10_000), end, &[killed, ErrorKind::NotRun]);
}

/// The same, by timers of its own, which say that it was they.
fn ended_by_its_time(_: StartMethod) {
    let end = |seed| {
        let time = Duration::from_micros(rand::random_range(0..=500));
        let mut process = Process::returning(Whole::of, (seed,))
            .with_limits(Limits::new().core(0))
            .with_timeout(time);
        process.start().unwrap();
        process
    };
    storm((100, 3_000), end, &[ErrorKind::TimedOut]);
}

/// 256 MiB, and in the long run 1 GiB, where there is memory enough for all that
/// hold a copy of it.
fn very_long(_: StartMethod) {
    let length = if is_long() { 1 << 30 } else { 256 << 20 };
    let available = fs::read_to_string("/proc/meminfo").unwrap();
    let available = available
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let needed = 6 * length as u64;
    if available.is_none_or(|available| available << 10 < needed) {
        println!("skipped: that takes {needed} bytes of memory");
        return;
    }
    let books = Books::open();
    let mut process = Process::returning(|n| vec![7_u8; n], (length,));
    process.start().unwrap();
    let value = process.result().unwrap();
    assert_eq!(value.len(), length);
    assert!(value.iter().all(|&byte| byte == 7));
    drop((value, process));
    books.check();
}
