//! What a process may make of the end of its time.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use mp_core::{
    ErrorKind, Limits, Process, Returning, StartMethod, Task, atexit,
};
use nix::sys::signal::{SigSet, Signal, raise};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use signal_hook::flag;

use crate::steps::Steps;

crate::cases! {
    each_method: [
        no_time_at_all,
        process_with_threads,
        stopped_process,
        process_that_stops_itself_again,
        value_that_comes_all_the_same,
        process_that_cleans_up_and_exits,
        process_that_panics_then,
        process_that_blocks_all_signals,
        parent_that_blocks_all_signals,
    ],
    once: [],
}

const SHORT: Duration = Duration::from_millis(30);
/// Longer than any case may take.
const LONG: Duration = Duration::from_secs(100);

/// A process that has little time, and is started.
fn started<F, Args>(target: F, args: Args) -> Process<Returning<F::Output>>
where
    F: Task<Args, Output: Serialize + DeserializeOwned + 'static>,
    Args: Serialize + Deserialize<'static> + Send + 'static,
{
    let mut process = Process::returning(target, args)
        .with_timeout(SHORT)
        .with_quiet_panics()
        .with_limits(Limits::new().core(0));
    process.start().unwrap();
    process
}

#[track_caller]
fn assert_timed_out(process: &Process<Returning<()>>, code: i32) {
    let error = process.result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert_eq!(process.exitcode(), Some(code));
}

/// It may be over before the target begins.
fn no_time_at_all(_: StartMethod) {
    for time in [Duration::ZERO, Duration::from_nanos(1)] {
        let mut process =
            Process::returning(|| sleep(LONG), ()).with_timeout(time);
        process.start().unwrap();
        assert_timed_out(&process, -15);
    }
}

fn process_with_threads(_: StartMethod) {
    let target = || -> () {
        for _ in 0..3 {
            thread::spawn(|| while std::hint::black_box(true) {});
        }
        thread::spawn(|| sleep(LONG)).join().unwrap();
    };
    assert_timed_out(&started(target, ()), -15);
}

/// It goes on, and so may end as any other.
fn stopped_process(_: StartMethod) {
    let target = |cleaned: Steps| -> () {
        atexit(move || cleaned.take()).unwrap();
        let told = handle_the_end();
        raise(Signal::SIGSTOP).unwrap();
        await_the_end(&told);
        exit(3)
    };
    let cleaned = Steps::new();
    assert_timed_out(&started(target, (cleaned.clone(),)), 3);
    assert_eq!(cleaned.count(), 1);
}

/// Only SIGKILL ends that.
fn process_that_stops_itself_again(_: StartMethod) {
    let target = || -> () {
        let told = handle_the_end();
        loop {
            raise(Signal::SIGSTOP).unwrap();
            await_the_end(&told);
        }
    };
    assert_timed_out(&started(target, ()), -9);
}

/// Has SIGTERM not end this process. Whether it came.
fn handle_the_end() -> Arc<AtomicBool> {
    let told = Arc::new(AtomicBool::new(false));
    flag::register(Signal::SIGTERM as i32, told.clone()).unwrap();
    told
}

fn await_the_end(told: &AtomicBool) {
    while !told.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(1));
    }
}

fn value_that_comes_all_the_same(_: StartMethod) {
    let target = || {
        await_the_end(&handle_the_end());
        "all that there was time for".to_owned()
    };
    let process = started(target, ());
    assert_eq!(process.result().unwrap(), "all that there was time for");
    assert_eq!(process.exitcode(), Some(0));
}

fn process_that_cleans_up_and_exits(_: StartMethod) {
    let target = |cleaned: Steps| -> () {
        atexit(move || cleaned.take()).unwrap();
        await_the_end(&handle_the_end());
        exit(3)
    };
    let cleaned = Steps::new();
    assert_timed_out(&started(target, (cleaned.clone(),)), 3);
    assert_eq!(cleaned.count(), 1);
}

fn process_that_panics_then(_: StartMethod) {
    let target = || -> () {
        await_the_end(&handle_the_end());
        panic!("there was not enough time")
    };
    assert_timed_out(&started(target, ()), 1);
}

/// Nothing of the library runs in it then, to say what ends it.
fn process_that_blocks_all_signals(_: StartMethod) {
    let target = || -> () {
        SigSet::all().thread_block().unwrap();
        sleep(LONG);
    };
    let error = started(target, ()).result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Killed { signal: 9 });
}

/// A child begins with what the thread that starts it blocks.
fn parent_that_blocks_all_signals(method: StartMethod) {
    SigSet::all().thread_block().unwrap();
    let process = started(|| sleep(LONG), ());
    SigSet::all().thread_unblock().unwrap();
    // A server may be there already, and has its own.
    let code = if method == StartMethod::ForkServer { -15 } else { -9 };
    let error = process.result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert!([code, -9].contains(&process.exitcode().unwrap()));
}
