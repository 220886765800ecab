//! Shared objects, and the memory that they take.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use bench::{Job, Series, now};
use mp_core::{
    Chunk, ChunkedArray, Context, Process, RawArray, RawValue, Result,
    StartMethod, Value,
};

/// Children that share one sum.
const CHILDREN: usize = 2;

pub(crate) fn value_make(job: &Job) {
    let count = job.size as u64;
    let (mut made, mut dropped) = (Series::new(job), Series::new(job));
    let (mut shared, mut private) = (Series::new(job), Series::new(job));
    let mut descriptors = Series::new(job);
    while made.wants_more() {
        let (shared_before, private_before) =
            (kib("RssShmem:"), kib("RssAnon:"));
        let open_before = open_files();
        let mut values = Vec::with_capacity(job.size);
        let begin = now();
        for number in 0..count {
            values.push(Value::new(number));
        }
        made.add((now() - begin) * 1000 / count);
        // Later ones get the memory of those that were dropped.
        if descriptors.is_empty() {
            let grown = |field, before| (kib(field) - before) * 1024 / count;
            shared.add(grown("RssShmem:", shared_before));
            private.add(grown("RssAnon:", private_before));
            descriptors.add(open_files() - open_before);
        }
        let begin = now();
        drop(values);
        dropped.add((now() - begin) * 1000 / count);
    }
    let report = |series: Series, what, unit| {
        let params = format!("what={what},values={count}");
        series.report("value_make", unit, &params);
    };
    report(made, "make", "ps");
    report(dropped, "drop", "ps");
    report(shared, "shared_memory", "bytes");
    report(private, "private_memory", "bytes");
    report(descriptors, "descriptors", "files");
}

fn kib(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status")
        .expect("a process has a status");
    bench::kib(&status, field).expect("the status has the field")
}

fn open_files() -> u64 {
    let files = fs::read_dir("/proc/self/fd").expect("a process has files");
    files.count() as u64
}

pub(crate) fn array_sum(job: &Job) -> Result<()> {
    #[allow(clippy::cast_precision_loss, reason = "they are small")]
    let numbers: Vec<f64> = (0..job.size).map(|n| n as f64).collect();
    let expected: f64 = numbers.iter().sum();
    let array = RawArray::from_slice(&numbers);
    // A fork would copy the tables of its memory.
    drop(numbers);
    let sums = RawArray::new(CHILDREN);
    let half = job.size / CHILDREN;
    for method in [StartMethod::Fork, StartMethod::ForkServer] {
        let context = Context::new(method);
        let child = |place: usize| {
            let end = if place == 0 { half } else { job.size };
            let arguments =
                (array.clone(), place * half, end, sums.clone(), place);
            context.process(add_in_place, arguments)
        };
        let params = format!("how=in_place,method={method},items={}", job.size);
        measure_sums(job, &sums, expected, child)?.report(
            "array_sum",
            "ns",
            &params,
        );
    }
    let (first, second) = (array.to_vec(..half), array.to_vec(half..));
    let halves: [Arc<[f64]>; CHILDREN] = [first.into(), second.into()];
    for method in [StartMethod::ForkServer, StartMethod::Spawn] {
        let context = Context::new(method);
        let child = |place: usize| {
            let arguments = (halves[place].clone(), sums.clone(), place);
            context.process(add_sent, arguments)
        };
        let params = format!("how=sent,method={method},items={}", job.size);
        measure_sums(job, &sums, expected, child)?.report(
            "array_sum",
            "ns",
            &params,
        );
    }
    Ok(())
}

fn measure_sums(
    job: &Job,
    sums: &RawArray<f64>,
    expected: f64,
    child: impl Fn(usize) -> Process,
) -> Result<Series> {
    let mut series = Series::new(job);
    let mut warm = false;
    while series.wants_more() {
        let begin = now();
        let mut children: Vec<_> = (0..CHILDREN).map(&child).collect();
        for child in &mut children {
            child.start()?;
        }
        for child in &children {
            child.join()?;
        }
        let sum: f64 = sums.iter().sum();
        drop(children);
        if warm {
            series.add(now() - begin);
        }
        warm = true;
        assert!((sum - expected).abs() < 1.0, "a wrong sum");
        for place in 0..CHILDREN {
            sums.set(place, 0.0);
        }
    }
    Ok(series)
}

fn add_in_place(
    array: RawArray<f64>,
    first: usize,
    end: usize,
    sums: RawArray<f64>,
    place: usize,
) {
    let sum = array.iter().take(end).skip(first).sum();
    sums.set(place, sum);
}

fn add_sent(numbers: Arc<[f64]>, sums: RawArray<f64>, place: usize) {
    sums.set(place, numbers.iter().sum());
}

/// What two processes and the one that asks them share.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Rounds {
    /// Which round it is. The last one is over before it begins.
    round: RawValue<u64>,
    /// How many sums there are, of all rounds.
    done: RawValue<u64>,
    sums: RawArray<f64>,
}

const LAST: u64 = u64::MAX;

/// The processes are there before, as threads of a pool would be.
pub(crate) fn chunk_sum(job: &Job) -> Result<()> {
    #[allow(clippy::cast_precision_loss, reason = "they are small")]
    let numbers: Vec<f64> =
        (0..job.size / size_of::<f64>()).map(|n| (n % 1000) as f64).collect();
    let expected: f64 = numbers.iter().sum();
    let array =
        ChunkedArray::from_slice(&numbers, numbers.len().div_ceil(CHILDREN));
    drop(numbers);
    let (round, done) = (RawValue::new(0), RawValue::new(0));
    let rounds = Rounds { round, done, sums: RawArray::new(CHILDREN) };
    let context = Context::new(StartMethod::ForkServer);
    let mut children: Vec<_> = array
        .chunks()
        .map(|chunk| context.process(add_chunk, (chunk, rounds.clone())))
        .collect();
    for child in &mut children {
        child.start()?;
    }
    let mut sums = Series::new(job);
    for number in 1.. {
        let begin = now();
        rounds.round.atomic().store(number, Ordering::Release);
        let wanted = number * CHILDREN as u64;
        while rounds.done.atomic().load(Ordering::Acquire) < wanted {
            thread::yield_now();
        }
        let sum: f64 = rounds.sums.iter().sum();
        // The first one meets the memory.
        if number > 1 {
            sums.add(now() - begin);
        }
        assert!((sum - expected).abs() < 1.0, "a wrong sum");
        if !sums.wants_more() {
            break;
        }
    }
    rounds.round.atomic().store(LAST, Ordering::Release);
    for child in &children {
        child.join()?;
    }
    sums.report("chunk_sum", "ns", &format!("bytes={}", job.size));
    Ok(())
}

fn add_chunk(chunk: Chunk<f64>, rounds: Rounds) {
    for number in 1.. {
        let mut round = 0;
        while round < number {
            thread::yield_now();
            round = rounds.round.atomic().load(Ordering::Acquire);
        }
        if round == LAST {
            return;
        }
        let sum = chunk.lock().iter().sum();
        rounds.sums.set(chunk.index(), sum);
        rounds.done.atomic().fetch_add(1, Ordering::Release);
    }
}
