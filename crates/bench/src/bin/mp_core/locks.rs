//! Locks, and what they guard.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::{fs, io, thread};

use bench::{Job, Series, contend, now, time_if, timed_batches};
use mp_core::{Context, Lock, RLock, RawValue, Result, StartMethod, Value};

pub(crate) fn lock(job: &Job) -> Result<()> {
    let lock = black_box(Lock::new());
    let rlock = black_box(RLock::new());
    timed_batches(job, || drop(lock.acquire())).report("lock", "ps", "op=lock");
    timed_batches(job, || drop(lock.try_acquire()))
        .report("lock", "ps", "op=try");
    let second = Duration::from_secs(1);
    timed_batches(job, || drop(lock.acquire_timeout(second)))
        .report("lock", "ps", "op=timed");
    timed_batches(job, || drop(rlock.acquire()))
        .report("lock", "ps", "op=rlock");
    let _outer = rlock.acquire()?;
    timed_batches(job, || drop(rlock.acquire())).report(
        "lock",
        "ps",
        "op=rlock_nested",
    );
    Ok(())
}

pub(crate) fn counter(job: &Job) -> Result<()> {
    let (lock, value) = (Lock::new(), RawValue::new(0_u64));
    let prepare = {
        let value = value.clone();
        move |watched| {
            let (lock, value) = (lock.clone(), value.clone());
            move || {
                let begin = time_if(watched);
                let _held = lock.acquire().expect("it is not held twice");
                let waited = time_if(watched) - begin;
                value.set(value.get() + 1);
                waited
            }
        }
    };
    bench::counter(job, prepare, || value.get())
}

pub(crate) fn value_add(job: &Job) -> Result<()> {
    let value = black_box(Value::new(0_u64));
    let raw = black_box(RawValue::new(0_u64));
    let guard_params = format!("op=guard,processes={}", job.size);
    let atomic_params = format!("op=atomic,processes={}", job.size);
    if job.size == 1 {
        timed_batches(job, || *value.lock() += 1).report(
            "value_add",
            "ps",
            &guard_params,
        );
        timed_batches(job, || {
            raw.atomic().fetch_add(1, Ordering::Relaxed);
        })
        .report("value_add", "ps", &atomic_params);
        return Ok(());
    }
    let guard = {
        let value = value.clone();
        move || {
            let value = value.clone();
            move || {
                *value.lock() += 1;
                0
            }
        }
    };
    let atomic = {
        let raw = raw.clone();
        move || {
            let raw = raw.clone();
            move || {
                raw.atomic().fetch_add(1, Ordering::Relaxed);
                0
            }
        }
    };
    let (mut guards, mut atomics) = (Series::new(job), Series::new(job));
    while guards.wants_more() {
        let contest = contend(job.size, guard.clone(), || value.get())?;
        guards.add(contest.time_of_one());
        let contest = contend(job.size, atomic.clone(), || raw.get())?;
        atomics.add(contest.time_of_one());
    }
    guards.report("value_add", "ps", &guard_params);
    atomics.report("value_add", "ps", &atomic_params);
    Ok(())
}

/// A holder is killed; the next one has been waiting.
pub(crate) fn owner_death(job: &Job) -> Result<()> {
    let context = Context::new(StartMethod::Fork);
    let mut deaths = Series::new(job);
    while deaths.wants_more() {
        let lock = Lock::new();
        let (stage, time) = (RawValue::new(0_u32), RawValue::new(0_u64));
        let mut holder = context.process(hold, (lock.clone(), stage.clone()));
        holder.start()?;
        await_stage(&stage, 1);
        let mut waiter =
            context.process(wait, (lock, stage.clone(), time.clone()));
        waiter.start()?;
        await_stage(&stage, 2);
        await_sleep(waiter.pid()).expect("a child has a state");
        let begin = now();
        holder.kill()?;
        waiter.join()?;
        holder.join()?;
        deaths.add(time.get() - begin);
    }
    deaths.report("owner_death", "ns", "next=waiting");
    Ok(())
}

fn hold(lock: Lock, stage: RawValue<u32>) -> Result<()> {
    let _held = lock.acquire()?;
    stage.set(1);
    thread::sleep(Duration::from_secs(600));
    Ok(())
}

fn wait(lock: Lock, stage: RawValue<u32>, time: RawValue<u64>) -> Result<()> {
    stage.set(2);
    let held = lock.acquire()?;
    time.set(now());
    assert!(held.owner_died());
    Ok(())
}

fn await_stage(stage: &RawValue<u32>, wanted: u32) {
    while stage.get() != wanted {
        thread::yield_now();
    }
}

/// Waits until a process sleeps in a system call.
fn await_sleep(pid: Option<u32>) -> io::Result<()> {
    let pid = pid.map(|pid| pid.to_string()).unwrap_or_default();
    let path = Path::new("/proc").join(pid).join("stat");
    loop {
        let stat = fs::read_to_string(&path)?;
        if stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" S")) {
            return Ok(());
        }
    }
}
