//! A value comes back.

use std::thread;
use std::time::Duration;

use mp_core::{
    Context, ErrorKind, Process, Returning, StartMethod, Task, Value,
    active_children,
};
use nix::sys::signal::{SigHandler, Signal, signal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::observe::{descriptors, send};
use crate::steps::Steps;

crate::cases! {
    each_method: [
        values_of_all_lengths,
        values_of_all_kinds,
        result_before_and_after_the_join_and_twice,
        result_that_is_not_there_yet,
        result_of_a_child_that_is_gone_at_once,
        result_whose_exit_code_is_lost,
        results_of_several_at_once,
        what_may_not_be_asked,
        context_makes_them_too,
        killed_while_it_gives,
    ],
    once: [closure_that_captures, copy_of_the_process],
}

type Result<T> = mp_core::Result<T>;

fn started<F, Args>(target: F, args: Args) -> Process<Returning<F::Output>>
where
    F: Task<Args, Output: Serialize + DeserializeOwned + 'static>,
    Args: Serialize + Deserialize<'static> + Send + 'static,
{
    let mut process = Process::returning(target, args);
    process.start().unwrap();
    process
}

/// Around what is read at once, around what is written at once, and long.
fn values_of_all_lengths(_: StartMethod) {
    let lengths =
        [0, 1, 4023, 4024, 4025, 32_759, 32_760, 32_761, 100_000, 8 << 20];
    for length in lengths {
        let process = started(|length| "ä".repeat(length / 2), (length,));
        let text = process.result().unwrap();
        assert_eq!(text.len(), length / 2 * 2);
        assert!(text.chars().all(|letter| letter == 'ä'));
    }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Thumbnail {
    Empty,
    Pixels { width: u32, rows: Vec<Vec<u8>> },
}

fn values_of_all_kinds(_: StartMethod) {
    assert_eq!(started(|| (), ()).result().unwrap(), ());
    assert_eq!(started(|n: i64| n * n, (-3,)).result().unwrap(), 9);
    let nothing = started(|| None::<String>, ());
    assert_eq!(nothing.result().unwrap(), None);
    let empty = started(|| Thumbnail::Empty, ());
    assert_eq!(empty.result().unwrap(), Thumbnail::Empty);
    let pixels = |width| Thumbnail::Pixels { width, rows: vec![vec![7; 3]; 2] };
    assert_eq!(started(pixels, (3,)).result().unwrap(), pixels(3));
    // An error of the caller's own is a value too, and no failure.
    let divide = |a: u32, b: u32| a.checked_div(b).ok_or(format!("{a} by {b}"));
    let process = started(divide, (6, 0));
    assert_eq!(process.result().unwrap(), Err("6 by 0".to_owned()));
    assert_eq!(process.exitcode(), Some(0));
    assert_eq!(started(divide, (6, 3)).result().unwrap(), Ok(2));
}

fn result_before_and_after_the_join_and_twice(_: StartMethod) {
    let process = started(|n: u8| vec![n; 3], (5,));
    assert_eq!(process.result().unwrap(), [5, 5, 5]);
    process.join().unwrap();
    assert_eq!(process.result().unwrap(), [5, 5, 5]);
    assert_eq!(process.exitcode(), Some(0));
    let process = started(|n: u8| vec![n; 9000], (6,));
    process.join().unwrap();
    assert!(active_children().is_empty());
    for _ in 0..2 {
        assert_eq!(process.result().unwrap(), [6; 9000]);
        assert_eq!(process.try_result().unwrap().unwrap(), [6; 9000]);
    }
}

fn result_that_is_not_there_yet(_: StartMethod) {
    let steps = Steps::new();
    let wait = |steps: Steps| {
        steps.wait(1);
        "done".to_owned()
    };
    let process = started(wait, (steps.clone(),));
    assert_eq!(process.try_result().unwrap(), None);
    let short = Duration::from_millis(5);
    assert_eq!(process.result_timeout(short).unwrap(), None);
    assert!(process.is_alive());
    steps.take();
    let done = process.result_timeout(Duration::MAX).unwrap();
    assert_eq!(done.as_deref(), Some("done"));
}

fn result_of_a_child_that_is_gone_at_once(_: StartMethod) {
    let process = started(|| "x".repeat(1 << 20), ());
    while process.is_alive() {
        thread::yield_now();
    }
    assert_eq!(process.result().unwrap().len(), 1 << 20);
}

/// The system reaps the child: how it ended is lost, what it gave is not.
fn result_whose_exit_code_is_lost(_: StartMethod) {
    ignore_children(SigHandler::SigIgn);
    let process = started(|| 42, ());
    let result = process.result();
    let lost = started(|| -> () { std::process::exit(1) }, ());
    let error = lost.result().unwrap_err();
    ignore_children(SigHandler::SigDfl);
    assert_eq!(result.unwrap(), 42);
    assert_eq!(error.kind(), ErrorKind::ExitCodeLost);
}

#[allow(unsafe_code, reason = "signal is an unsafe function")]
fn ignore_children(handler: SigHandler) {
    // SAFETY: neither of the two dispositions runs any code.
    unsafe { signal(Signal::SIGCHLD, handler) }.unwrap();
}

fn results_of_several_at_once(_: StartMethod) {
    let processes: Vec<_> =
        (0..20).map(|n: u64| started(|n| n * n, (n,))).collect();
    let results: Result<Vec<u64>> =
        processes.iter().rev().map(Process::result).collect();
    let squares: Vec<u64> = (0..20).rev().map(|n| n * n).collect();
    assert_eq!(results.unwrap(), squares);
}

fn what_may_not_be_asked(_: StartMethod) {
    let process = Process::returning(|| 1, ());
    let error = process.result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotStarted);
    assert_eq!(process.try_result().unwrap_err().kind(), error.kind());
    let process = started(|| 1, ());
    process.join().unwrap();
    process.close().unwrap();
    assert_eq!(process.result().unwrap_err().kind(), ErrorKind::Closed);
}

fn context_makes_them_too(method: StartMethod) {
    let context = Context::new(method);
    let mut process = context.returning(|n: u32| n + 1, (1,));
    assert!(process.name().to_lowercase().starts_with(method.name()));
    assert_eq!(process.start_method(), None);
    process.start().unwrap();
    assert_eq!(process.start_method(), Some(method));
    assert_eq!(process.result().unwrap(), 2);
}

/// Whenever it is killed, the parent gets the whole value or the signal.
fn killed_while_it_gives(_: StartMethod) {
    let open = descriptors(std::process::id()).len();
    let (mut values, mut kills) = (0, 0);
    for round in 0..150_u64 {
        let process = started(|| vec![0x55_u8; 300_000], ());
        // From at once to about as long as it takes.
        thread::sleep(Duration::from_micros(round * 13));
        send(process.pid().unwrap(), Signal::SIGKILL);
        match process.result() {
            Ok(value) => {
                assert!(value.len() == 300_000);
                assert!(value.iter().all(|&byte| byte == 0x55));
                values += 1;
            }
            Err(error) => match error.kind() {
                ErrorKind::Killed { signal: 9 } | ErrorKind::NotRun => {
                    kills += 1;
                }
                other => panic!("{other:?}: {error}"),
            },
        }
    }
    assert_eq!(values + kills, 150);
    assert!(kills > 0);
    // The forkserver and the children ahead have some.
    assert!(descriptors(std::process::id()).len() <= open + 8);
}

fn closure_that_captures() {
    let words = ["a".to_owned(), "b".to_owned()];
    let count = Value::new(0);
    let mut process = Process::fork_returning({
        let count = count.clone();
        move || {
            count.set(words.len());
            words.concat()
        }
    });
    assert!(process.name().starts_with("ForkProcess-"));
    process.start().unwrap();
    assert_eq!(process.start_method(), Some(StartMethod::Fork));
    assert_eq!(process.result().unwrap(), "ab");
    assert_eq!(count.get(), 2);
}

/// A copy of the process has no part in the result.
fn copy_of_the_process() {
    let steps = Steps::new();
    let wait = |steps: Steps| {
        steps.wait(1);
        7
    };
    let process = started(wait, (steps.clone(),));
    let mut asked = Process::fork_returning(move || {
        let error = process.result().unwrap_err();
        format!("{:?}", error.kind())
    });
    asked.start().unwrap();
    assert_eq!(asked.result().unwrap(), "NotAChild");
    steps.take();
    for child in active_children() {
        child.join().unwrap();
    }
}
