//! What a process starts or copies that gives a result itself.

use std::process::ExitCode;

use mp_core::{Process, StartMethod};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

use crate::observe::{eventually, has_ended, send};
use crate::steps::wait_to_be_killed;
use crate::support::{program, silence};

crate::cases! {
    each_method: [
        results_of_results,
        grandchild_that_panics_is_heard,
        copy_that_returns_too,
        copy_that_outlives_the_child,
    ],
    once: [],
    programs: [quiet_with_a_loud_child],
}

fn results_of_results(_: StartMethod) {
    fn count_down(from: u32) -> Vec<u32> {
        if from == 0 {
            return Vec::new();
        }
        let mut process = Process::returning(count_down, (from - 1,));
        process.start().unwrap();
        let rest = process.result().unwrap();
        [vec![from], rest].concat()
    }
    assert_eq!(count_down(4), [4, 3, 2, 1]);
}

fn grandchild_that_panics_is_heard(method: StartMethod) {
    let mut command = program("quiet_with_a_loud_child", method);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.starts_with("Process Loud:\n"), "{text}");
    assert!(text.contains("for all to hear"), "{text}");
    assert!(!text.contains("for nobody"), "{text}");
}

fn quiet_with_a_loud_child() -> ExitCode {
    fn target() {
        let loud = || -> () { panic!("for all to hear") };
        let mut process = Process::new(loud, ()).with_name("Loud");
        process.start().unwrap();
        process.join().unwrap();
        assert_eq!(process.exitcode(), Some(1));
        panic!("for nobody");
    }
    let mut process = Process::returning(target, ()).with_quiet_panics();
    process.start().unwrap();
    let error = process.result().unwrap_err();
    assert_eq!(error.panic().unwrap().message(), "for nobody");
    ExitCode::SUCCESS
}

/// A copy that something else makes, and that comes to the end of the target
/// too, gives nothing.
fn copy_that_returns_too(_: StartMethod) {
    #[allow(unsafe_code, reason = "fork")]
    fn target(panics: bool) -> String {
        // SAFETY: the process has no thread but this one.
        match unsafe { fork() }.unwrap() {
            ForkResult::Child => {
                silence();
                assert!(!panics, "on purpose");
                "the copy's".repeat(10_000)
            }
            ForkResult::Parent { child } => {
                let end = waitpid(child, None).unwrap();
                assert_eq!(end, WaitStatus::Exited(child, 1));
                "the child's".to_owned()
            }
        }
    }
    for panics in [false, true] {
        let mut process = Process::returning(target, (panics,));
        process.start().unwrap();
        assert_eq!(process.result().unwrap(), "the child's");
        assert_eq!(process.exitcode(), Some(0));
    }
}

/// What the child has given is there as soon as the child itself has ended.
fn copy_that_outlives_the_child(_: StartMethod) {
    #[allow(unsafe_code, reason = "fork")]
    fn target() -> i32 {
        // SAFETY: the process has no thread but this one.
        match unsafe { fork() }.unwrap() {
            ForkResult::Child => wait_to_be_killed(),
            ForkResult::Parent { child } => child.as_raw(),
        }
    }
    let mut process = Process::returning(target, ());
    process.start().unwrap();
    let copy = process.result().unwrap().unsigned_abs();
    assert!(!has_ended(copy));
    send(copy, Signal::SIGKILL);
    eventually("it ends", || has_ended(copy));
}
