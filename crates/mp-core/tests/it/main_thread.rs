//! Processes and threads, of the parent and of the child: the behaviours PROC,
//! in part.

use std::collections::BTreeSet;
use std::fs;
use std::process::ExitCode;
use std::thread;

use mp_core::{Process, StartMethod, active_children, start_method};
use nix::unistd::{getpid, gettid};

use crate::steps::{Steps, wait_to_be_killed};
use crate::support::{exit_code_of, program, silence};

crate::cases! {
    each_method: [
        proc_32_the_main_thread,
        proc_34_starting_from_threads,
        proc_39_threads_do_not_outlive_the_target,
        proc_39_threads_that_the_target_joins,
    ],
    once: [],
    programs: [start_from_threads],
}

fn proc_32_the_main_thread(_: StartMethod) {
    fn look(parent: i32) {
        assert_ne!(gettid().as_raw(), parent);
        assert_eq!(gettid(), getpid());
        assert_eq!(fs::read_dir("/proc/self/task").unwrap().count(), 1);
    }
    assert_eq!(exit_code_of(look, (gettid().as_raw(),)), Some(0));
}

/// By fork it is an error: the process has several threads then.
fn proc_34_starting_from_threads(method: StartMethod) {
    let output = program("start_from_threads", method).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// How many threads start a process each.
const THREADS: usize = 12;

fn start_from_threads() -> ExitCode {
    fn on_its_main_thread(go: Steps) {
        assert_eq!(gettid(), getpid());
        go.wait(1);
    }
    let go = Steps::new();
    let mut processes: Vec<_> = (0..THREADS)
        .map(|_| Process::new(on_its_main_thread, (go.clone(),)))
        .collect();
    let results: Vec<_> = thread::scope(|scope| {
        let start = |process| scope.spawn(|| Process::start(process));
        let threads: Vec<_> = processes.iter_mut().map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    if start_method().unwrap() == StartMethod::Fork {
        for result in results {
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with("cannot fork \"Process-"), "{error}");
            assert!(error.contains("other threads are running"), "{error}");
        }
        assert!(active_children().is_empty());
        return ExitCode::SUCCESS;
    }
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(active_children().len(), THREADS);
    go.take();
    let (mut pids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for process in processes {
        process.join().unwrap();
        assert_eq!(process.exitcode(), Some(0));
        pids.insert(process.pid());
        names.insert(process.name());
    }
    assert_eq!((pids.len(), names.len()), (THREADS, THREADS));
    ExitCode::SUCCESS
}

/// The standard library's threads end with the target, as they do with `main`:
/// Python's daemon threads.
fn proc_39_threads_do_not_outlive_the_target(_: StartMethod) {
    fn leave_one_running(arrived: Steps) {
        let in_thread = arrived.clone();
        thread::spawn(move || {
            in_thread.take();
            wait_to_be_killed();
        });
        arrived.wait(1);
    }
    assert_eq!(exit_code_of(leave_one_running, (Steps::new(),)), Some(0));
}

/// Those of a scope are waited for, also if the target fails.
fn proc_39_threads_that_the_target_joins(_: StartMethod) {
    fn in_scope(arrived: Steps, done: Steps, fails: bool) {
        silence();
        thread::scope(|scope| {
            scope.spawn(|| {
                arrived.wait(1);
                done.take();
            });
            arrived.take();
            assert!(!fails, "the target fails");
        });
    }
    let done = Steps::new();
    for (fails, code) in [(false, 0), (true, 1)] {
        let args = (Steps::new(), done.clone(), fails);
        assert_eq!(exit_code_of(in_scope, args), Some(code));
    }
    assert_eq!(done.count(), 2);
}
