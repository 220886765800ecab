//! Copies of a process that something else than the library makes.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Process, RawValue, StartMethod, Value};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use signal_hook::low_level;

use crate::observe::{
    Running, eventually, forkserver_and_children_ahead, has_ended, passes, send,
};
use crate::support::exit_code_of;

crate::cases! {
    each_method: [
        copy_keeps_no_daemon_of_its_parent_alive,
        copy_keeps_the_memory_that_it_uses,
    ],
    once: [],
    programs: [copied, sharing_with_copies],
}

/// Longer than any case may take.
const LONG: Duration = Duration::from_secs(100);

/// Makes a copy of this process, as another library would. It leaves with what
/// `work` returns.
#[allow(unsafe_code, reason = "fork")]
fn copy(work: impl FnOnce() -> i32) -> Pid {
    // SAFETY: the program has no thread but this one.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => low_level::exit(work()),
        ForkResult::Parent { child } => child,
    }
}

/// Says the numbers of a copy of this process, and of what is not to outlive
/// this one.
fn copied() -> ExitCode {
    fn sleep_long(begun: RawValue<u32>) {
        begun.set(1);
        sleep(LONG);
    }
    let begun = RawValue::new(0);
    let arguments = (begun.clone(),);
    let mut daemon = Process::new(sleep_long, arguments).with_daemon(true);
    daemon.start().unwrap();
    eventually("the daemon runs", || begun.get() == 1);
    let helpers = forkserver_and_children_ahead();
    let copy = copy(|| {
        sleep(LONG);
        0
    });
    print!("{copy} {}", daemon.pid().unwrap());
    for helper in helpers {
        print!(" {helper}");
    }
    println!();
    sleep(LONG);
    ExitCode::SUCCESS
}

fn copy_keeps_no_daemon_of_its_parent_alive(method: StartMethod) {
    let mut parent = Running::start("copied", method, &[]);
    let pids = parent.numbers();
    let [copy, others @ ..] = &pids[..] else { panic!("it said {pids:?}") };
    parent.kill();
    eventually("the daemon and the server end", || {
        others.iter().all(|&other| has_ended(other))
    });
    assert!(!has_ended(*copy));
    send(*copy, Signal::SIGKILL);
}

/// Drops what a copy still uses, and makes other objects.
fn sharing_with_copies() -> ExitCode {
    let dropped = RawValue::new(0_u32);
    for round in 1..=6 {
        let kept = Value::new(7);
        if round % 2 == 0 {
            // Another span of the life of shared objects begins.
            let passed = Value::new(round);
            assert_eq!(exit_code_of(|_: Value<u32>| (), (passed,)), Some(0));
        }
        let copy = copy(|| {
            eventually("it was dropped", || dropped.get() == round);
            i32::from(kept.get() != 7)
        });
        drop(kept);
        let others: Vec<_> = (0..100).map(|_| Value::new(9)).collect();
        dropped.set(round);
        assert_eq!(waitpid(copy, None).unwrap(), WaitStatus::Exited(copy, 0));
        drop(others);
    }
    // A child of a copy hands on what that one has.
    let kept = Value::new(7);
    let copy = copy(|| {
        let check = |kept: Value<i32>, dropped: RawValue<u32>| {
            eventually("it was dropped", || dropped.get() == 7);
            dropped.set(if kept.get() == 7 { 8 } else { 9 });
        };
        let mut child = Process::new(check, (kept.clone(), dropped.clone()));
        i32::from(child.start().is_err())
    });
    assert_eq!(waitpid(copy, None).unwrap(), WaitStatus::Exited(copy, 0));
    drop(kept);
    let others: Vec<_> = (0..100).map(|_| Value::new(9)).collect();
    dropped.set(7);
    eventually("the child has looked", || dropped.get() != 7);
    assert_eq!(dropped.get(), 8);
    drop(others);
    ExitCode::SUCCESS
}

fn copy_keeps_the_memory_that_it_uses(method: StartMethod) {
    passes("sharing_with_copies", method, &[]);
}
