//! Limits that leave a process next to nothing, or everything, and what it has
//! used before they are set.

use std::fs::{self, File};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use mp_core::{Context, ErrorKind, Limits, Process, StartMethod};
use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::time::ClockId;

use crate::outcomes::{Awkward, error_within};
use crate::support::{Program, program, silence};

crate::cases! {
    each_method: [
        no_descriptor_for_anything,
        target_that_keeps_all_descriptors,
        little_memory,
        limits_that_are_none,
        limits_pass_to_a_grandchild_and_timers_do_not,
        cpu_time_where_the_signal_is_blocked,
    ],
    once: [cpu_time_before_init],
    programs: [with_little_memory],
}

/// The program that computes before it begins with `init`.
pub(crate) const NO_INIT: &[Program] =
    &[("computing_before_init", computing_before_init)];

/// What it takes to tell of a result, the process has had before.
fn no_descriptor_for_anything(_: StartMethod) {
    let limits = Limits::new().files(0).memory(256 << 20);
    for length in [0, 5, 100_000] {
        let give = |length| {
            let error = File::open("/dev/null").unwrap_err();
            assert_eq!(error.raw_os_error(), Some(Errno::EMFILE as i32));
            vec![7_u8; length]
        };
        let mut process =
            Process::returning(give, (length,)).with_limits(limits.clone());
        process.start().unwrap();
        assert_eq!(process.result().unwrap(), vec![7; length]);
    }
    let error = error_within(limits.clone(), || -> () { panic!("so") }, ());
    assert_eq!(error.panic().unwrap().message(), "so");
    let error = error_within(limits, || Awkward(true), ());
    assert_eq!(error.kind(), ErrorKind::BadResult);
    assert!(error.to_string().ends_with("it will not go"), "{error}");
}

fn target_that_keeps_all_descriptors(_: StartMethod) {
    fn keep_all() -> Vec<u8> {
        let mut kept = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            kept.push(file);
        }
        std::mem::forget(kept);
        vec![7; 100_000]
    }
    let limits = Limits::new().files(200);
    let mut process = Process::returning(keep_all, ()).with_limits(limits);
    process.start().unwrap();
    assert_eq!(process.result().unwrap(), vec![7; 100_000]);
}

/// Runs a program that checks itself, without the variable that makes Rust print
/// a backtrace before it aborts.
fn passes(name: &str, method: StartMethod) {
    let mut command = program(name, method);
    let output = command.env_remove("RUST_BACKTRACE").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

fn little_memory(method: StartMethod) {
    passes("with_little_memory", method);
}

fn with_little_memory() -> ExitCode {
    // There may be room left in what the child has already.
    let limits = Limits::new().memory(0).core(0);
    let give = |length| vec![7_u8; length];
    silence();
    for length in [0, 10_000, 1 << 20, 1 << 30] {
        let mut process =
            Process::returning(give, (length,)).with_limits(limits.clone());
        process.start().unwrap();
        match process.result() {
            Ok(value) => assert_eq!(value, vec![7; length]),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::MemoryLimit, "{error}");
            }
        }
    }
    // It is the thread's allocation that fails, and the thread that aborts.
    let in_a_thread = || {
        let take = || std::hint::black_box(vec![1_u8; 1 << 40]).len();
        thread::spawn(take).join().unwrap()
    };
    let limits = Limits::new().memory(256 << 20);
    let error = error_within(limits, in_a_thread, ());
    assert_eq!(error.kind(), ErrorKind::MemoryLimit, "{error}");
    ExitCode::SUCCESS
}

fn all_limits() -> Vec<(u64, u64)> {
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

fn limits_that_are_none(_: StartMethod) {
    let limits = Limits::new()
        .memory(u64::MAX)
        .files(u64::MAX)
        .core(u64::MAX)
        .cpu_time(Duration::MAX);
    for limits in [limits, Limits::default()] {
        let mut process = Process::returning(all_limits, ())
            .with_limits(limits)
            .with_timeout(Duration::MAX);
        process.start().unwrap();
        assert_eq!(process.result().unwrap(), all_limits());
    }
}

/// How many timers this process has, as the kernel lists them.
fn timers() -> usize {
    let list = fs::read_to_string("/proc/self/timers").unwrap();
    list.lines().filter(|line| line.starts_with("ID:")).count()
}

fn limits_pass_to_a_grandchild_and_timers_do_not(method: StartMethod) {
    type Seen = (Vec<(u64, u64)>, usize);
    fn look() -> Seen {
        (all_limits(), timers())
    }
    fn child(method: StartMethod) -> [Seen; 2] {
        let mut process = Context::new(method).returning(look, ());
        process.start().unwrap();
        [look(), process.result().unwrap()]
    }
    // Not every kernel lists them.
    if !fs::exists("/proc/self/timers").unwrap() {
        return;
    }
    let time = Duration::from_secs(50);
    let limits =
        Limits::new().memory(4 << 30).files(100).core(0).cpu_time(time);
    let mut process = Process::returning(child, (method,))
        .with_limits(limits)
        .with_timeout(time);
    process.start().unwrap();
    let [child, grandchild] = process.result().unwrap();
    assert_eq!(grandchild.0, child.0);
    assert!(child.1 > 0);
    assert_eq!((grandchild.1, timers()), (0, 0));
}

/// Computes for about so long.
fn compute(time: Duration) {
    let clock = ClockId::CLOCK_PROCESS_CPUTIME_ID;
    let now = || Duration::from(clock.now().unwrap());
    let end = now() + time;
    while now() < end {}
}

/// The thread that starts the process blocks the signal, and a child begins so
/// too.
fn cpu_time_where_the_signal_is_blocked(_: StartMethod) {
    let signals = SigSet::from(Signal::SIGXCPU);
    let limits = Limits::new().cpu_time(Duration::from_millis(30));
    let target = || compute(Duration::from_secs(100));
    let mut process = Process::returning(target, ()).with_limits(limits);
    signals.thread_block().unwrap();
    let started = process.start();
    signals.thread_unblock().unwrap();
    started.unwrap();
    let error = process.result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CpuTimeLimit, "{error}");
}

/// A spawned child runs `main` as far as `init`, and that is not the target's
/// time.
fn cpu_time_before_init() {
    passes("computing_before_init", StartMethod::Spawn);
}

fn computing_before_init() -> ExitCode {
    if std::env::var_os("MP_CORE_CHILD").is_some() {
        compute(Duration::from_millis(1100));
    }
    mp_core::init();
    let limits = Limits::new().cpu_time(Duration::from_millis(500));
    let time = Duration::from_millis(10);
    let mut process = Process::returning(compute, (time,)).with_limits(limits);
    process.start().unwrap();
    process.result().unwrap();
    ExitCode::SUCCESS
}
