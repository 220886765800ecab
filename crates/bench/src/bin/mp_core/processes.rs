//! Starting processes, and what they cost while they wait.

use std::hint::black_box;
use std::io;
use std::thread;
use std::time::Duration;

use bench::{Job, Series, now};
use mp_core::{Context, Process, RawValue, Result, StartMethod};

/// How many idle children there are at a time.
const IDLE: usize = 8;

/// Memory that this process has touched.
fn ballast(mib: usize) -> Vec<u8> {
    black_box(vec![1; mib << 20])
}

pub(crate) fn start(job: &Job) -> Result<()> {
    let _ballast = ballast(job.size);
    for method in StartMethod::ALL {
        let context = Context::new(method);
        for _ in 0..3 {
            start_and_join(context)?;
        }
        let (mut joins, mut returns) = (Series::new(job), Series::new(job));
        while joins.wants_more() {
            let begin = now();
            let returned = start_and_join(context)?;
            joins.add(now() - begin);
            returns.add(returned - begin);
        }
        let params = format!("method={method},parent_mib={}", job.size);
        joins.report("start_join", "ns", &params);
        returns.report("start_returns", "ns", &params);
    }
    Ok(())
}

/// From the making of the process object to its dropping. The result is when
/// the start returned.
fn start_and_join(context: Context) -> Result<u64> {
    let mut process = context.process(|| (), ());
    process.start()?;
    let returned = now();
    process.join()?;
    Ok(returned)
}

pub(crate) fn first_line(job: &Job) -> Result<()> {
    let _ballast = ballast(job.size);
    let time = RawValue::new(0);
    for method in StartMethod::ALL {
        let mut first = Series::new(job);
        let mut warm = false;
        while first.wants_more() {
            let begin = now();
            let mut process = Context::new(method).process(
                |time: RawValue<u64>| time.set(now()),
                (time.clone(),),
            );
            process.start()?;
            process.join()?;
            if warm {
                first.add(time.get() - begin);
            }
            warm = true;
        }
        let params = format!("method={method},parent_mib={}", job.size);
        first.report("first_line", "ns", &params);
    }
    Ok(())
}

/// The child looks at every page of a text that its parent keeps.
pub(crate) fn start_join_args(job: &Job) -> Result<()> {
    let text: &'static str = "x".repeat(job.size).leak();
    for method in StartMethod::ALL {
        let context = Context::new(method);
        start_and_join(context)?;
        let mut joins = Series::new(job);
        while joins.wants_more() {
            let begin = now();
            let mut process = context.process(touch_pages, (text,));
            process.start()?;
            process.join()?;
            drop(process);
            joins.add(now() - begin);
        }
        let params = format!("method={method},bytes={}", job.size);
        joins.report("start_join_args", "ns", &params);
    }
    Ok(())
}

/// From the making of the process object to its dropping, beside as small a
/// parent as that of a start without a result.
pub(crate) fn result(job: &Job) -> Result<()> {
    let _ballast = ballast(10);
    for method in StartMethod::ALL {
        let context = Context::new(method);
        start_and_join(context)?;
        let mut results = Series::new(job);
        while results.wants_more() {
            let begin = now();
            let mut process = context
                .returning(|length: usize| "x".repeat(length), (job.size,));
            process.start()?;
            let text = process.result()?;
            drop(process);
            results.add(now() - begin);
            assert_eq!(text.len(), job.size);
        }
        let params = format!("method={method},bytes={}", job.size);
        results.report("result", "ns", &params);
    }
    Ok(())
}

fn touch_pages(text: &str) {
    text.as_bytes().iter().step_by(4096).for_each(|byte| {
        black_box(*byte);
    });
}

/// None is waited for before the last has been started.
pub(crate) fn in_flight(job: &Job) -> Result<()> {
    for method in StartMethod::ALL {
        let context = Context::new(method);
        start_and_join(context)?;
        let mut all = Series::new(job);
        while all.wants_more() {
            let begin = now();
            let mut processes: Vec<Process> =
                (0..job.size).map(|_| context.process(|| (), ())).collect();
            for process in &mut processes {
                process.start()?;
            }
            for process in &processes {
                process.join()?;
            }
            drop(processes);
            all.add(now() - begin);
        }
        let params = format!("method={method},children={}", job.size);
        all.report("in_flight", "ns", &params);
    }
    Ok(())
}

/// Children that wait, for the driver to look at their memory.
pub(crate) fn idle_child(job: &Job) -> Result<()> {
    let _ballast = ballast(job.size);
    for method in StartMethod::ALL {
        let sleep = || thread::sleep(Duration::from_secs(600));
        let mut processes: Vec<Process> = (0..IDLE)
            .map(|_| Context::new(method).process(sleep, ()))
            .collect();
        for process in &mut processes {
            process.start()?;
        }
        let pids: Vec<_> = processes
            .iter()
            .filter_map(Process::pid)
            .map(|pid| pid.to_string())
            .collect();
        let params = format!("method={method},parent_mib={}", job.size);
        println!("idle pid {params} {}", pids.join(" "));
        // The driver has seen enough, or is gone.
        let _ = io::stdin().read_line(&mut String::new());
        for process in &processes {
            process.kill()?;
            process.join()?;
        }
    }
    Ok(())
}
