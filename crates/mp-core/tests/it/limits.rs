//! A process that reaches one of its limits, and the limits themselves.

use std::io;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use mp_core::{ErrorKind, Limits, Process, Returning, StartMethod};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{SigSet, Signal, raise};

use crate::observe::{eventually, has_ended};
use crate::outcomes::{check, error_within};
use crate::support::{program, silence};

crate::cases! {
    each_method: [
        time_is_over,
        time_is_over_and_nobody_waits,
        time_is_over_and_it_does_not_care,
        time_is_over_while_it_is_stopped,
        time_that_is_enough,
        too_much_cpu_time,
        too_much_memory,
        limits_are_the_childs_own,
        own_handler_of_an_abort_stays,
    ],
    once: [descendant_says_nothing],
    programs: [out_of_memory],
}

const SHORT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(100);

fn sleeper() -> Process<Returning<()>> {
    Process::returning(|| thread::sleep(LONG), ())
        .with_name("It")
        .with_timeout(SHORT)
}

fn time_is_over(_: StartMethod) {
    let mut process = sleeper();
    process.start().unwrap();
    check(
        &process.result().unwrap_err(),
        ErrorKind::TimedOut,
        "process \"It\" took longer than the 30ms that it was given, and was \
         ended",
    );
    assert_eq!(process.exitcode(), Some(-15));
    // Also one whose result nobody asks for.
    let mut plain =
        Process::new(|| thread::sleep(LONG), ()).with_timeout(SHORT);
    plain.start().unwrap();
    plain.join().unwrap();
    assert_eq!(plain.exitcode(), Some(-15));
}

fn time_is_over_and_nobody_waits(_: StartMethod) {
    let mut process = sleeper();
    process.start().unwrap();
    let pid = process.pid().unwrap();
    eventually("the time is over", || has_ended(pid));
    assert_eq!(process.result().unwrap_err().kind(), ErrorKind::TimedOut);
}

fn time_is_over_and_it_does_not_care(_: StartMethod) {
    let stubborn = || {
        SigSet::from(Signal::SIGTERM).thread_block().unwrap();
        loop {
            thread::sleep(LONG);
        }
    };
    let mut process: Process<Returning<()>> =
        Process::returning(stubborn, ()).with_timeout(SHORT);
    process.start().unwrap();
    assert_eq!(process.result().unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(process.exitcode(), Some(-9));
}

fn time_is_over_while_it_is_stopped(_: StartMethod) {
    let mut process: Process<Returning<()>> =
        Process::returning(|| raise(Signal::SIGSTOP).unwrap(), ())
            .with_timeout(SHORT);
    process.start().unwrap();
    // It goes on, and is told.
    assert_eq!(process.result().unwrap_err().kind(), ErrorKind::TimedOut);
}

fn time_that_is_enough(_: StartMethod) {
    for time in [LONG, Duration::MAX] {
        let mut process = Process::returning(|| 3, ()).with_timeout(time);
        process.start().unwrap();
        assert_eq!(process.result().unwrap(), 3);
    }
}

/// Without an end.
fn compute() {
    while std::hint::black_box(true) {}
}

fn too_much_cpu_time(_: StartMethod) {
    let limits = Limits::new().cpu_time(SHORT);
    check(
        &error_within(limits.clone(), compute, ()),
        ErrorKind::CpuTimeLimit,
        "process \"It\" used more than the 30ms of CPU time that it was given, \
         and was ended",
    );
    // All threads count, and sleep does not.
    let both = || {
        thread::spawn(compute);
        compute();
    };
    let error = error_within(limits.clone(), both, ());
    assert_eq!(error.kind(), ErrorKind::CpuTimeLimit);
    let mut sleeping =
        Process::returning(|| thread::sleep(2 * SHORT), ()).with_limits(limits);
    sleeping.start().unwrap();
    sleeping.result().unwrap();
}

/// Without the variable that makes Rust print a backtrace before it aborts: what
/// prints it can hide that there was no memory.
fn too_much_memory(method: StartMethod) {
    let mut command = program("out_of_memory", method);
    let output = command.env_remove("RUST_BACKTRACE").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

fn out_of_memory() -> ExitCode {
    const MOST: u64 = 64 << 20;
    let limits = Limits::new().memory(MOST);
    let all_at_once = || -> usize {
        silence();
        std::hint::black_box(vec![1_u8; 1 << 30]).len()
    };
    check(
        &error_within(limits.clone(), all_at_once, ()),
        ErrorKind::MemoryLimit,
        "process \"It\" ran out of the 67108864 bytes of memory that it was \
         given, and was ended",
    );
    let little_by_little = || -> usize {
        silence();
        let mut all = Vec::new();
        loop {
            all.push(std::hint::black_box(vec![1_u8; 10_000]));
        }
    };
    let error = error_within(limits.clone(), little_by_little, ());
    assert_eq!(error.kind(), ErrorKind::MemoryLimit);
    // As much as it was given is there, whatever the child had before.
    let enough = || std::hint::black_box(vec![1_u8; 48 << 20]).len();
    let mut process = Process::returning(enough, ()).with_limits(limits);
    process.start().unwrap();
    assert_eq!(process.result().unwrap(), 48 << 20);
    ExitCode::SUCCESS
}

fn limits_are_the_childs_own(_: StartMethod) {
    fn limits() -> Vec<(u64, u64)> {
        [
            Resource::RLIMIT_AS,
            Resource::RLIMIT_NOFILE,
            Resource::RLIMIT_CORE,
            Resource::RLIMIT_CPU,
        ]
        .into_iter()
        .map(|resource| getrlimit(resource).unwrap())
        .collect()
    }
    let before = limits();
    let tight = Limits::new()
        .memory(1 << 30)
        .files(64)
        .core(0)
        .cpu_time(Duration::from_secs(7));
    let mut process = Process::returning(limits, ()).with_limits(tight);
    process.start().unwrap();
    let inside = process.result().unwrap();
    assert!(inside[0].0 >= 1 << 30 && inside[0].0 == inside[0].1);
    assert_eq!(inside[1], (64, 64));
    assert_eq!(inside[2], (0, 0));
    assert_eq!(inside[3], (8, 9));
    assert_eq!(limits(), before);
    let mut next = Process::returning(limits, ());
    next.start().unwrap();
    assert_eq!(next.result().unwrap(), before);
    let files = |count: usize| -> Result<usize, i32> {
        let files: Result<Vec<_>, io::Error> =
            (0..count).map(|_| std::fs::File::open("/dev/null")).collect();
        files
            .map(|files| files.len())
            .map_err(|error| error.raw_os_error().unwrap())
    };
    let mut many =
        Process::returning(files, (64,)).with_limits(Limits::new().files(40));
    many.start().unwrap();
    assert_eq!(many.result().unwrap(), Err(24));
}

/// A program's own report of a crash is left alone.
fn own_handler_of_an_abort_stays(method: StartMethod) {
    // A spawned child has handlers only of its target's own making.
    if method != StartMethod::Fork {
        return;
    }
    let ignored = signal_hook::flag::register(
        signal_hook::consts::SIGABRT,
        std::sync::Arc::default(),
    )
    .unwrap();
    let mut process =
        Process::returning(|| raise(Signal::SIGABRT).unwrap(), ())
            .with_limits(Limits::new().memory(1 << 30));
    process.start().unwrap();
    let result = process.result();
    signal_hook::low_level::unregister(ignored);
    result.unwrap();
}

/// A copy of the child has the handlers, and another file under the number.
fn descendant_says_nothing() {
    fn parent() -> String {
        let mut copy = Process::fork(|| {
            silence();
            // It gets the lowest number that is free: the result's.
            let file = tempfile::tempfile().unwrap();
            let before = file.metadata().unwrap().len();
            let failed = Command::new("/nonexistent").spawn().is_err();
            assert!(failed && before == 0);
            std::hint::black_box(vec![1_u8; 1 << 40]);
        });
        copy.start().unwrap();
        copy.join().unwrap();
        format!("{:?}", copy.exitcode())
    }
    let mut process = Process::fork_returning(parent)
        .with_limits(Limits::new().memory(256 << 20).core(0));
    process.start().unwrap();
    assert_eq!(process.result().unwrap(), "Some(-6)");
}
