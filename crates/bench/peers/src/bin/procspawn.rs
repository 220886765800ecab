//! What is measured of `procspawn`: it always executes the program anew.

use std::hint::black_box;
use std::io;
use std::thread;
use std::time::Duration;

use bench::{Job, Series, now};
use procspawn::SpawnError;

fn main() -> Result<(), SpawnError> {
    procspawn::init();
    let job = Job::from_args();
    match job.measurement.as_str() {
        "start" => start(&job),
        "first_line" => first_line(&job),
        "start_join_args" => start_join_args(&job),
        "in_flight" => in_flight(&job),
        "idle_child" => idle_child(&job),
        "array_sum" => array_sum(&job),
        _ => job.unknown(),
    }
}

fn ballast(mib: usize) -> Vec<u8> {
    black_box(vec![1; mib << 20])
}

fn start_and_join() -> Result<u64, SpawnError> {
    let process = procspawn::spawn((), |()| ());
    let returned = now();
    process.join()?;
    Ok(returned)
}

fn start(job: &Job) -> Result<(), SpawnError> {
    let _ballast = ballast(job.size);
    start_and_join()?;
    let (mut joins, mut returns) = (Series::new(job), Series::new(job));
    while joins.wants_more() {
        let begin = now();
        let returned = start_and_join()?;
        joins.add(now() - begin);
        returns.add(returned - begin);
    }
    let params = format!("method=spawn,parent_mib={}", job.size);
    joins.report("start_join", "ns", &params);
    returns.report("start_returns", "ns", &params);
    Ok(())
}

fn first_line(job: &Job) -> Result<(), SpawnError> {
    let _ballast = ballast(job.size);
    start_and_join()?;
    let mut first = Series::new(job);
    while first.wants_more() {
        let begin = now();
        let time: u64 = procspawn::spawn((), |()| now()).join()?;
        first.add(time - begin);
    }
    let params = format!("method=spawn,parent_mib={}", job.size);
    first.report("first_line", "ns", &params);
    Ok(())
}

fn start_join_args(job: &Job) -> Result<(), SpawnError> {
    let text = "x".repeat(job.size);
    start_and_join()?;
    let mut joins = Series::new(job);
    while joins.wants_more() {
        let sent = text.clone();
        let begin = now();
        procspawn::spawn(sent, |text| drop(black_box(text))).join()?;
        joins.add(now() - begin);
    }
    let params = format!("method=spawn,bytes={}", job.size);
    joins.report("start_join_args", "ns", &params);
    Ok(())
}

fn in_flight(job: &Job) -> Result<(), SpawnError> {
    let mut all = Series::new(job);
    start_and_join()?;
    while all.wants_more() {
        let begin = now();
        let processes: Vec<_> =
            (0..job.size).map(|_| procspawn::spawn((), |()| ())).collect();
        for process in processes {
            process.join()?;
        }
        all.add(now() - begin);
    }
    let params = format!("method=spawn,children={}", job.size);
    all.report("in_flight", "ns", &params);
    Ok(())
}

fn idle_child(job: &Job) -> Result<(), SpawnError> {
    let _ballast = ballast(job.size);
    let idle = |()| thread::sleep(Duration::from_secs(600));
    let mut processes: Vec<_> =
        (0..8).map(|_| procspawn::spawn((), idle)).collect();
    let pids: Vec<_> = processes
        .iter()
        .filter_map(procspawn::JoinHandle::pid)
        .map(|pid| pid.to_string())
        .collect();
    let params = format!("method=spawn,parent_mib={}", job.size);
    println!("idle pid {params} {}", pids.join(" "));
    let _ = io::stdin().read_line(&mut String::new());
    for process in &mut processes {
        process.kill()?;
    }
    Ok(())
}

fn array_sum(job: &Job) -> Result<(), SpawnError> {
    #[allow(clippy::cast_precision_loss, reason = "they are small")]
    let numbers: Vec<f64> = (0..job.size).map(|n| n as f64).collect();
    let expected: f64 = numbers.iter().sum();
    let (first, second) = numbers.split_at(job.size / 2);
    start_and_join()?;
    let mut sums = Series::new(job);
    while sums.wants_more() {
        let begin = now();
        let children: Vec<_> = [first, second]
            .iter()
            .map(|half| {
                procspawn::spawn(half.to_vec(), |half: Vec<f64>| {
                    half.iter().sum::<f64>()
                })
            })
            .collect();
        let mut sum = 0.0;
        for child in children {
            sum += child.join()?;
        }
        sums.add(now() - begin);
        assert!((sum - expected).abs() < 1.0, "a wrong sum");
    }
    let params = format!("how=sent,method=spawn,items={}", job.size);
    sums.report("array_sum", "ns", &params);
    Ok(())
}
