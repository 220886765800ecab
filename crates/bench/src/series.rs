use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::Job;

/// The time of the monotonic clock in nanoseconds, which is the same in all
/// processes.
///
/// # Panics
///
/// If there is no such clock.
pub fn now() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)
        .expect("there is a monotonic clock");
    u64::try_from(Duration::from(now).as_nanos()).unwrap_or(u64::MAX)
}

/// Samples, taken until there are enough or the time is over.
#[derive(Debug)]
pub struct Series {
    samples: Vec<u64>,
    wanted: usize,
    end: u64,
}

impl Series {
    /// Begins to take samples.
    pub fn new(job: &Job) -> Self {
        let end = now() + job.budget_ms * 1_000_000;
        // The memory is taken now, not while something is measured.
        let samples = Vec::with_capacity(job.samples);
        Self { samples, wanted: job.samples, end }
    }

    /// Whether another sample should be taken. There is at least one.
    pub fn wants_more(&self) -> bool {
        self.samples.is_empty()
            || self.samples.len() < self.wanted && now() < self.end
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Adds one.
    pub fn add(&mut self, sample: u64) {
        self.samples.push(sample);
    }

    /// Prints the line that the driver reads.
    pub fn report(&self, measurement: &str, unit: &str, params: &str) {
        let samples: Vec<_> = self.samples.iter().map(u64::to_string).collect();
        println!("{measurement} {unit} {params} {}", samples.join(" "));
    }
}

/// How many operations are one sample: the clock is slower than a lock.
const BATCH: u32 = 100_000;

/// Measures one operation, in thousandths of a nanosecond.
#[inline]
pub fn timed_batches(job: &Job, mut operation: impl FnMut()) -> Series {
    let mut batches = Series::new(job);
    while batches.wants_more() {
        let begin = now();
        for _ in 0..BATCH {
            operation();
        }
        batches.add((now() - begin) * 1000 / u64::from(BATCH));
    }
    batches
}
