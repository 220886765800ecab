//! The life cycle of a process: the behaviours PROC, in part.

use std::time::{Duration, Instant};

use mp_core::{Process, StartMethod, active_children, cpu_count};
use nix::sys::signal::{SigSet, Signal};

use crate::observe::Gate;
use crate::steps::{Steps, wait_to_be_killed};

crate::cases! {
    each_method: [
        proc_02_before_the_start,
        proc_03_running_then_ended,
        proc_06_no_target,
        proc_13_pid_after_the_end,
        proc_14_starting_twice,
        proc_16_join_with_a_timeout,
        proc_17_join_returns_before_its_timeout,
        proc_18_join_again,
        proc_19_terminate,
        proc_20_kill,
        proc_21_terminate_is_a_request,
        proc_22_signals_to_one_that_has_ended,
        proc_24_close_while_running,
        proc_25_close_after_the_end,
        proc_33_many_at_once,
    ],
    once: [
        proc_15_join_before_the_start,
        proc_23_signals_before_the_start,
        proc_26_close_before_the_start,
        proc_40_cpu_count,
    ],
}

fn end(process: &Process) {
    process.kill().unwrap();
    process.join().unwrap();
}

fn is_active(process: &Process) -> bool {
    active_children().iter().any(|child| child.name() == process.name())
}

fn proc_02_before_the_start(_: StartMethod) {
    let process = Process::new(|| (), ());
    assert_eq!(process.pid(), None);
    assert_eq!(process.exitcode(), None);
    assert!(!process.is_alive());
    assert!(!is_active(&process));
}

fn proc_03_running_then_ended(_: StartMethod) {
    let gate = Gate::new();
    let process = gate.start();
    assert!(process.is_alive());
    assert!(process.pid().is_some());
    assert_eq!(process.exitcode(), None);
    assert!(is_active(&process));
    gate.open();
    process.join().unwrap();
    assert!(!process.is_alive());
    assert_eq!(process.exitcode(), Some(0));
    assert!(!is_active(&process));
}

fn proc_06_no_target(_: StartMethod) {
    let mut process = Process::default();
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
}

fn proc_13_pid_after_the_end(_: StartMethod) {
    let gate = Gate::new();
    let process = gate.start();
    let pid = process.pid();
    gate.open();
    process.join().unwrap();
    assert_eq!(process.pid(), pid);
}

fn proc_14_starting_twice(_: StartMethod) {
    let refused = |process: &mut Process| {
        let error = process.start().unwrap_err();
        assert_eq!(error.to_string(), "cannot start a process twice");
    };
    let gate = Gate::new();
    let mut process = gate.start();
    let pid = process.pid();
    refused(&mut process);
    assert_eq!(active_children().len(), 1);
    gate.open();
    process.join().unwrap();
    refused(&mut process);
    assert!(active_children().is_empty());
    assert_eq!(process.pid(), pid);
}

fn proc_15_join_before_the_start() {
    let process = Process::new(|| (), ());
    let sentence = "can only join a started process";
    let timeout = Duration::from_secs(50);
    assert_eq!(process.join().unwrap_err().to_string(), sentence);
    let error = process.join_timeout(timeout).unwrap_err();
    assert_eq!(error.to_string(), sentence);
}

/// A timeout that has passed is no error: the result says that the process has
/// not ended.
fn proc_16_join_with_a_timeout(_: StartMethod) {
    let process = Gate::new().start();
    assert!(!process.join_timeout(Duration::ZERO).unwrap());
    let (start, timeout) = (Instant::now(), Duration::from_millis(100));
    assert!(!process.join_timeout(timeout).unwrap());
    assert!(start.elapsed() >= timeout);
    assert!(process.is_alive());
    assert_eq!(process.exitcode(), None);
    end(&process);
}

fn proc_17_join_returns_before_its_timeout(_: StartMethod) {
    let gate = Gate::new();
    let process = gate.start();
    gate.open();
    // Longer than a case may take.
    assert!(process.join_timeout(Duration::from_secs(1000)).unwrap());
    assert_eq!(process.exitcode(), Some(0));
}

fn proc_18_join_again(_: StartMethod) {
    let gate = Gate::new();
    let process = gate.start();
    gate.open();
    for _ in 0..3 {
        process.join().unwrap();
        assert!(process.join_timeout(Duration::ZERO).unwrap());
        assert!(process.join_timeout(Duration::MAX).unwrap());
        assert_eq!(process.exitcode(), Some(0));
    }
}

fn proc_19_terminate(_: StartMethod) {
    let process = Gate::new().start();
    process.terminate().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(-15));
    assert!(!process.is_alive());
    assert!(!is_active(&process));
}

fn proc_20_kill(_: StartMethod) {
    let process = Gate::new().start();
    process.kill().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(-9));
    assert!(!process.is_alive());
    assert!(!is_active(&process));
}

fn proc_21_terminate_is_a_request(_: StartMethod) {
    fn reluctant(arrived: Steps, go: Steps) {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGTERM);
        mask.thread_block().unwrap();
        arrived.take();
        go.wait(1);
        mask.thread_unblock().unwrap();
        wait_to_be_killed();
    }
    let (arrived, go) = (Steps::new(), Steps::new());
    let mut process = Process::new(reluctant, (arrived.clone(), go.clone()));
    process.start().unwrap();
    arrived.wait(1);
    process.terminate().unwrap();
    assert!(process.is_alive());
    assert_eq!(process.exitcode(), None);
    go.take();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(-15));
}

fn proc_22_signals_to_one_that_has_ended(_: StartMethod) {
    let target = || std::process::ExitCode::from(3);
    let mut process = Process::new(target, ());
    process.start().unwrap();
    process.join().unwrap();
    process.terminate().unwrap();
    process.kill().unwrap();
    process.interrupt().unwrap();
    assert_eq!(process.exitcode(), Some(3));
}

fn proc_23_signals_before_the_start() {
    let process = Process::new(|| (), ());
    let sent = [process.terminate(), process.kill(), process.interrupt()];
    for result in sent {
        assert_eq!(result.unwrap_err().to_string(), "process not started");
    }
}

fn proc_24_close_while_running(_: StartMethod) {
    let gate = Gate::new();
    let process = gate.start();
    assert_eq!(
        process.close().unwrap_err().to_string(),
        "Cannot close a process while it is still running. You should first \
         call join() or terminate()."
    );
    assert!(process.is_alive());
    gate.open();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
}

/// What Rust says without a `Result` of a closed process is that there is no
/// such thing: it has no id, no exit code, and is not alive.
fn proc_25_close_after_the_end(_: StartMethod) {
    let mut process = Process::new(|| (), ()).with_name("A").with_daemon(true);
    process.start().unwrap();
    process.join().unwrap();
    process.close().unwrap();
    assert!(!process.is_alive());
    assert_eq!(process.pid(), None);
    assert_eq!(process.exitcode(), None);
    let results = [
        process.join(),
        process.join_timeout(Duration::ZERO).map(|_| ()),
        process.terminate(),
        process.kill(),
        process.sentinel().map(|_| ()),
        process.set_daemon(false),
        process.start(),
    ];
    for result in results {
        assert_eq!(result.unwrap_err().to_string(), "process object is closed");
    }
    assert_eq!(process.name(), "A");
    assert!(process.daemon());
    process.close().unwrap();
}

fn proc_26_close_before_the_start() {
    let mut process = Process::new(|| (), ());
    process.close().unwrap();
    let error = process.start().unwrap_err();
    assert_eq!(error.to_string(), "process object is closed");
}

fn proc_33_many_at_once(method: StartMethod) {
    let many = if method == StartMethod::Spawn { 20 } else { 100 };
    let start = |target: fn() -> Process| {
        let mut processes: Vec<_> = (0..many).map(|_| target()).collect();
        for process in &mut processes {
            process.start().unwrap();
        }
        processes
    };
    let joined = |processes: &[Process], code| {
        for process in processes {
            process.join().unwrap();
            assert_eq!(process.exitcode(), Some(code), "{process}");
        }
    };
    let short = || {
        let pause = Duration::from_millis(10);
        Process::new(std::thread::sleep, (pause,))
    };
    joined(&start(short), 0);
    let endless = start(|| Process::new(|| wait_to_be_killed(), ()));
    for process in &endless {
        process.terminate().unwrap();
    }
    joined(&endless, -15);
}

/// The CPUs that are online, as the kernel lists them.
fn proc_40_cpu_count() {
    let list = std::fs::read_to_string("/sys/devices/system/cpu/online");
    let count: usize = list
        .unwrap()
        .trim()
        .split(',')
        .map(|range| {
            let (start, end) = range.split_once('-').unwrap_or((range, range));
            let number = |text: &str| text.parse::<usize>().unwrap();
            number(end) - number(start) + 1
        })
        .sum();
    assert_eq!(cpu_count(), count);
}
