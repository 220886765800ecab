//! Many processes: at once, one after the other, and started by many.

use std::process::{ExitCode, exit};
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Process, StartMethod};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::books::Books;
use crate::is_long;
use crate::steps::{Running, Steps, start};
use crate::support::program;
use crate::times;

crate::cases! {
    each_method: [many_at_once, many_in_a_row, many_starters],
    once: [],
    programs: [crowd],
}

/// 100 at once, and in the long run 1,000.
fn many_at_once(method: StartMethod) {
    times(0, 0);
    let status = program("crowd", method).status().unwrap();
    assert!(status.success(), "{status}");
}

/// A program of its own, since each child has a descriptor in its parent.
fn crowd() -> ExitCode {
    fn wait(arrived: Steps, leave: Steps) {
        arrived.take();
        while leave.count() == 0 {
            sleep(Duration::from_millis(20));
        }
    }
    nix::unistd::alarm::set(if is_long() { 300 } else { 50 });
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let books = Books::open();
    let count = if is_long() { 1000 } else { 100 };
    let (arrived, leave) = (Steps::new(), Steps::new());
    let children: Vec<Running> = (0..count)
        .map(|_| start(wait, (arrived.clone(), leave.clone())))
        .collect();
    while arrived.count() < count {
        sleep(Duration::from_millis(1));
    }
    assert!(children.iter().all(|child| child.is_alive()));
    leave.take();
    for child in &children {
        child.finish();
    }
    drop(children);
    books.check();
    ExitCode::SUCCESS
}

/// 200 starts and joins, and in the long run 20,000. Each has its own code.
fn many_in_a_row(_: StartMethod) {
    let books = Books::open();
    for round in 0..times(200, 20_000) {
        let code = i32::try_from(round % 251).unwrap();
        let mut process = Process::new(|code: i32| exit(code), (code,));
        process.start().unwrap();
        process.join().unwrap();
        assert_eq!(process.exitcode(), Some(code), "in round {round}");
    }
    books.check();
}

/// Eight processes that each start 10 children, or 200, at the same time.
fn many_starters(_: StartMethod) {
    fn start_some(arrived: Steps, count: u32) {
        arrived.take();
        arrived.wait(8);
        let books = Books::open();
        for round in 0..count {
            let code = i32::try_from(round).unwrap() % 100;
            let process = start(|code: i32| exit(code), (code,));
            process.join().unwrap();
            assert_eq!(process.exitcode(), Some(code));
        }
        books.check();
    }
    let books = Books::open();
    let count = times(10, 200);
    let arrived = Steps::new();
    let starters =
        [(); 8].map(|()| start(start_some, (arrived.clone(), count)));
    for starter in starters {
        starter.finish();
    }
    books.check();
}
