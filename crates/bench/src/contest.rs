use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use mp_core::{Process, RawValue, Result};

use crate::{Job, Series, now};

const TIME: Duration = Duration::from_millis(100);

/// How many operations a process does until it looks whether to stop.
const BATCH: u64 = 100;

/// What several processes did that all used one lock.
#[derive(Clone, Copy, Debug)]
pub struct Contest {
    /// How many operations they did.
    pub count: u64,
    /// In how much time, in nanoseconds.
    pub time: u64,
    /// The longest that one of them waited, in nanoseconds.
    pub worst_wait: u64,
}

impl Contest {
    /// Operations a second.
    pub fn rate(&self) -> u64 {
        self.count * 1_000_000_000 / self.time
    }

    /// Thousandths of a nanosecond for one.
    pub fn time_of_one(&self) -> u64 {
        self.time * 1000 / self.count.max(1)
    }
}

/// Makes copies of this process. Each calls `prepare` once, and what that gives
/// again and again; it says for how long it waited. `count` is how often all of
/// them have done so.
///
/// # Errors
///
/// If a process cannot be started.
///
/// # Panics
///
/// If not every time counted: the lock does not lock.
pub fn contend<Operation: FnMut() -> u64>(
    processes: usize,
    prepare: impl Fn() -> Operation + Clone + Send + 'static,
    count: impl Fn() -> u64,
) -> Result<Contest> {
    let (go, stop) = (RawValue::new(0_u32), RawValue::new(0_u32));
    let (done, worst_wait) = (RawValue::new(0_u64), RawValue::new(0_u64));
    let mut children = Vec::new();
    for _ in 0..processes {
        let prepare = prepare.clone();
        let (go, stop) = (go.clone(), stop.clone());
        let (done, worst_wait) = (done.clone(), worst_wait.clone());
        let mut child = Process::fork(move || {
            let mut operation = prepare();
            while go.get() == 0 {
                thread::yield_now();
            }
            let (mut times, mut worst) = (0, 0);
            while stop.get() == 0 {
                for _ in 0..BATCH {
                    worst = worst.max(operation());
                }
                times += BATCH;
            }
            done.atomic().fetch_add(times, Ordering::Relaxed);
            worst_wait.atomic().fetch_max(worst, Ordering::Relaxed);
        });
        child.start()?;
        children.push(child);
    }
    let before = count();
    go.set(1);
    let begin = now();
    thread::sleep(TIME);
    let (counted, time) = (count() - before, now() - begin);
    stop.set(1);
    for child in &children {
        child.join()?;
    }
    assert_eq!(count() - before, done.get(), "some were lost");
    Ok(Contest { count: counted, time, worst_wait: worst_wait.get() })
}

/// Measures a counter under a lock: how often all processes together add one in
/// a second, and how long one of them waited.
///
/// `prepare` makes, in each process, what acquires the lock, adds one, and
/// releases the lock. It is told whether to look at the clock; if so, what it
/// makes says for how long it waited for the lock.
///
/// # Errors
///
/// If a process cannot be started.
pub fn counter<Operation: FnMut() -> u64>(
    job: &Job,
    prepare: impl Fn(bool) -> Operation + Clone + Send + 'static,
    count: impl Fn() -> u64 + Copy,
) -> Result<()> {
    let (mut rates, mut waits) = (Series::new(job), Series::new(job));
    while rates.wants_more() {
        let unwatched = prepare.clone();
        let contest = contend(job.size, move || unwatched(false), count)?;
        rates.add(contest.rate());
        let watched = prepare.clone();
        let contest = contend(job.size, move || watched(true), count)?;
        waits.add(contest.worst_wait);
    }
    let params = format!("processes={}", job.size);
    rates.report("counter", "1/s", &format!("{params},what=rate"));
    waits.report("counter", "ns", &format!("{params},what=worst_wait"));
    Ok(())
}

/// When it is, if it is asked for.
#[inline]
pub fn time_if(wanted: bool) -> u64 {
    if wanted { now() } else { 0 }
}
