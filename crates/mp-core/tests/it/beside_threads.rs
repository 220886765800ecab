//! Forks beside threads, whatever those are doing at that moment.

use std::panic;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use mp_core::{Closure, Process, StartMethod, Value, active_children};

use crate::observe::{Gate, eventually, passes};
use crate::support::{permit, silence};

crate::cases! {
    each_method: [],
    once: [
        forked_child_runs_while_a_thread_panics,
        forked_child_runs_while_threads_use_the_crate,
    ],
    programs: [beside_a_panic, beside_busy_threads],
}

/// Longer than a child takes that nothing holds up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Forks a child, which has to come to its end.
fn run_forked(mut process: Process<Closure>) {
    process.start_with_threads(permit()).unwrap();
    let has_ended = process.join_timeout(PATIENCE).unwrap();
    if !has_ended {
        process.kill().unwrap();
        process.join().unwrap();
    }
    assert!(has_ended, "{process} hangs");
    assert_eq!(process.exitcode(), Some(0), "{process}");
}

/// Forks while a thread is reporting a panic, which goes on until the child has
/// ended.
fn beside_a_panic() -> ExitCode {
    static REPORTING: AtomicBool = AtomicBool::new(false);
    static GO_ON: AtomicBool = AtomicBool::new(false);
    panic::set_hook(Box::new(|_| {
        REPORTING.store(true, Ordering::SeqCst);
        while !GO_ON.load(Ordering::SeqCst) {
            thread::yield_now();
        }
    }));
    run_forked(Process::fork(|| ()));
    let panicking = thread::spawn(|| panic!("on purpose"));
    eventually("the panic is being reported", || {
        REPORTING.load(Ordering::SeqCst)
    });
    run_forked(Process::fork(|| ()));
    GO_ON.store(true, Ordering::SeqCst);
    panicking.join().unwrap_err();
    // Panics of children are known, whatever hook the program has by then.
    for round in 0..3 {
        let mut process = Process::fork_returning(|| -> () { panic!("there") });
        process.start_with_threads(permit()).unwrap();
        let error = process.result().unwrap_err();
        assert_eq!(error.panic().unwrap().message(), "there", "{round}");
        panic::set_hook(Box::new(|_| ()));
    }
    ExitCode::SUCCESS
}

fn forked_child_runs_while_a_thread_panics() {
    passes("beside_a_panic", StartMethod::Fork, &[]);
}

/// Asks and changes what is known of a process.
fn ask(other: &Process) {
    other.set_name("other");
    assert!(other.to_string().contains("name='other'"));
    assert!(other.pid().is_some() && other.exitcode().is_none());
    let _ = (other.is_alive(), other.daemon(), other.start_method());
}

fn share() {
    let value = Value::new(1);
    *value.lock() += 1;
    assert_eq!(value.get(), 2);
}

fn fail() {
    panic::catch_unwind(|| panic!("on purpose")).unwrap_err();
}

/// Forks while threads use handles, make shared objects and panic. The children
/// do the same.
fn beside_busy_threads() -> ExitCode {
    const FORKS: usize = 200;
    static OVER: AtomicBool = AtomicBool::new(false);
    static ROUNDS: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
    fn work(place: usize, work: impl Fn()) {
        while !OVER.load(Ordering::Relaxed) {
            work();
            ROUNDS[place].fetch_add(1, Ordering::Relaxed);
        }
    }
    silence();
    panic::set_hook(Box::new(|_| ()));
    let gate = Gate::new();
    let other = gate.start();
    let the_same = || active_children().remove(0);
    let asked = the_same();
    let threads = [
        thread::spawn(move || work(0, || ask(&asked))),
        thread::spawn(|| work(1, share)),
        thread::spawn(|| work(2, fail)),
    ];
    eventually("all threads are at work", || {
        ROUNDS.iter().all(|rounds| rounds.load(Ordering::Relaxed) > 0)
    });
    for _ in 0..FORKS {
        let other = the_same();
        run_forked(Process::fork(move || {
            ask(&other);
            share();
            fail();
        }));
    }
    OVER.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().unwrap();
    }
    gate.open();
    other.join().unwrap();
    ExitCode::SUCCESS
}

fn forked_child_runs_while_threads_use_the_crate() {
    passes("beside_busy_threads", StartMethod::Fork, &[]);
}
