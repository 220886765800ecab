//! Sentinels and waiting on several things: the behaviours SENT.

use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use mp_core::{Process, Sentinel, StartMethod, wait};

use crate::observe::Gate;

crate::cases! {
    each_method: [
        sent_01_availability,
        sent_02_readiness,
        sent_03_all_that_is_ready,
        sent_04_in_the_order_given,
        sent_06_no_time_and_no_limit,
    ],
    once: [
        sent_01_only_in_its_own_process,
        sent_05_timeout,
        sent_07_nothing_to_wait_for,
    ],
}

const NO_TIME: Option<Duration> = Some(Duration::ZERO);

/// So long that a case that waits for it has failed.
const LONG: Option<Duration> = Some(Duration::from_secs(100));

fn sentinel_error(process: &Process) -> String {
    process.sentinel().unwrap_err().to_string()
}

fn sent_01_availability(_: StartMethod) {
    let gate = Gate::new();
    let mut process = gate.process();
    assert_eq!(sentinel_error(&process), "process not started");
    process.start().unwrap();
    let sentinel = process.sentinel().unwrap();
    assert!(sentinel.as_fd().as_raw_fd() > 2);
    gate.open();
    process.join().unwrap();
    assert!(process.sentinel().is_ok());
    process.close().unwrap();
    assert_eq!(sentinel_error(&process), "process object is closed");
    // The one that was asked for before is its owner's.
    assert_eq!(wait(&[sentinel], NO_TIME).unwrap(), [0]);
}

/// In a copy of the process the number could be another descriptor's.
fn sent_01_only_in_its_own_process() {
    let gate = Gate::new();
    let process = gate.start();
    let sentinel = process.sentinel().unwrap();
    let mut copy = Process::fork(move || {
        let _ = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| ()));
        wait(&[sentinel], NO_TIME).map(drop)
    });
    copy.start().unwrap();
    copy.join().unwrap();
    assert_eq!(copy.exitcode(), Some(1));
    gate.open();
    process.join().unwrap();
}

fn sent_02_readiness(_: StartMethod) {
    let gate = Gate::new();
    let process = gate.start();
    let sentinel = process.sentinel().unwrap();
    let ready = |timeout| wait(&[&sentinel], timeout).unwrap();
    assert!(ready(NO_TIME).is_empty());
    gate.open();
    assert_eq!(ready(LONG), [0]);
    assert_eq!(ready(NO_TIME), [0]);
    process.join().unwrap();
    assert_eq!(ready(NO_TIME), [0]);
    drop(process);
    assert_eq!(ready(None), [0]);
}

fn sent_03_all_that_is_ready(_: StartMethod) {
    let gate = Gate::new();
    let process = gate.start();
    let sentinel = process.sentinel().unwrap();
    let (mut a, mut b) = UnixStream::pair().unwrap();
    let (x, y) = (a.try_clone().unwrap(), b.try_clone().unwrap());
    let objects = [x.as_fd(), sentinel.as_fd(), y.as_fd()];

    let start = Instant::now();
    let short = Duration::from_millis(50);
    assert!(wait(&objects, Some(short)).unwrap().is_empty());
    assert!(start.elapsed() >= short);
    gate.open();
    assert_eq!(wait(&objects, LONG).unwrap(), [1]);
    a.write_all(b"to b").unwrap();
    assert_eq!(wait(&objects, LONG).unwrap(), [1, 2]);
    b.write_all(b"to a").unwrap();
    assert_eq!(wait(&objects, LONG).unwrap(), [0, 1, 2]);
    process.join().unwrap();
}

/// The result has the places of what is ready, not the things themselves.
fn sent_04_in_the_order_given(_: StartMethod) {
    let gate = Gate::new();
    let (running, ended) = (gate.start(), Gate::new());
    let mut others = [ended.start(), ended.start()];
    ended.open();
    for process in &mut others {
        process.join().unwrap();
    }
    let s = running.sentinel().unwrap();
    let [e, f] = others.map(|process| process.sentinel().unwrap());
    let ready = |objects: &[&Sentinel]| wait(objects, LONG).unwrap();
    assert_eq!(ready(&[&e, &s, &f]), [0, 2]);
    assert_eq!(ready(&[&s, &f, &e]), [1, 2]);
    assert_eq!(ready(&[&f, &e, &s, &f]), [0, 1, 3]);
    gate.open();
    running.join().unwrap();
}

fn sent_05_timeout() {
    let (mut a, b) = UnixStream::pair().unwrap();
    let quiet = a.try_clone().unwrap();
    let timeout = Duration::from_millis(150);
    let start = Instant::now();
    assert!(wait(&[&quiet, &b], Some(timeout)).unwrap().is_empty());
    assert!(start.elapsed() >= timeout);
    a.write_all(b"x").unwrap();
    assert_eq!(wait(&[&quiet, &b], Some(timeout)).unwrap(), [1]);
}

/// There are no negative times.
fn sent_06_no_time_and_no_limit(_: StartMethod) {
    let gate = Gate::new();
    let waiting = gate.start();
    let mut brief = Process::new(|| sleep(Duration::from_millis(30)), ());
    brief.start().unwrap();
    let objects = [waiting.sentinel().unwrap(), brief.sentinel().unwrap()];
    assert!(wait(&objects[..1], NO_TIME).unwrap().is_empty());
    assert_eq!(wait(&objects, None).unwrap(), [1]);
    assert_eq!(wait(&objects, Some(Duration::MAX)).unwrap(), [1]);
    gate.open();
    for process in [waiting, brief] {
        process.join().unwrap();
    }
}

fn sent_07_nothing_to_wait_for() {
    let timeout = Duration::from_millis(100);
    let start = Instant::now();
    let nothing: [BorrowedFd; 0] = [];
    assert!(wait(&nothing, Some(timeout)).unwrap().is_empty());
    assert!(start.elapsed() >= timeout);
}
