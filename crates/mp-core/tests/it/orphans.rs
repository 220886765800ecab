//! What becomes of the children of a process that is killed.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Process, StartMethod, parent_process};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitPidFlag, waitpid};

use crate::observe::{
    Gate, Running, await_permission, children, eventually, has_ended, passes,
    send,
};

crate::cases! {
    each_method: [
        daemons_of_a_killed_parent_end,
        children_of_a_killed_parent_work_on,
        daemons_of_a_parent_killed_while_it_starts_them_end,
    ],
    once: [],
    programs: [with_daemons, with_children, endless_daemons, orphans],
}

/// Longer than any case may take.
const FOR_EVER: Duration = Duration::from_secs(100);

/// Says the numbers of three daemons that are at work, and of a child.
fn with_daemons() -> ExitCode {
    let gate = Gate::new();
    let mut processes = [(); 4].map(|()| Process::new(|| sleep(FOR_EVER), ()));
    for daemon in &mut processes[..3] {
        daemon.set_daemon(true).unwrap();
    }
    for process in &mut processes {
        process.start().unwrap();
    }
    // When this one runs, most likely so do they.
    let last = gate.start();
    gate.open();
    last.join().unwrap();
    let pids = processes.map(|process| process.pid().unwrap().to_string());
    println!("{}", pids.join(" "));
    sleep(FOR_EVER);
    ExitCode::SUCCESS
}

fn daemons_of_a_killed_parent_end(method: StartMethod) {
    let mut parent = Running::start("with_daemons", method, &[]);
    let pids = parent.numbers();
    let [daemons @ .., child] = &pids[..] else { panic!("it said {pids:?}") };
    parent.kill();
    let took = eventually("the daemons end", || {
        daemons.iter().all(|&daemon| has_ended(daemon))
    });
    println!("{method}: {} daemons gone after {took:?}", daemons.len());
    assert!(!has_ended(*child), "the child is no daemon");
    send(*child, Signal::SIGKILL);
}

/// Starts children that have something to do when it has ended, and ends
/// before they have run far.
fn with_children() -> ExitCode {
    fn outlive() {
        parent_process().unwrap().join().unwrap();
        println!("the child works on");
    }
    let mut processes = [(); 8].map(|()| Process::new(outlive, ()));
    for process in &mut processes {
        process.start().unwrap();
    }
    raise(Signal::SIGKILL).unwrap();
    ExitCode::SUCCESS
}

fn children_of_a_killed_parent_work_on(method: StartMethod) {
    for _ in 0..3 {
        let mut parent = Running::start("with_children", method, &[]);
        assert_eq!(parent.finish().signal(), Some(Signal::SIGKILL as i32));
        assert_eq!(parent.rest(), "the child works on\n".repeat(8));
    }
}

fn endless_daemons() -> ExitCode {
    println!("0");
    for _ in 0..100 {
        Process::new(|| sleep(FOR_EVER), ()).with_daemon(true).start().unwrap();
    }
    await_permission();
    ExitCode::SUCCESS
}

/// Kills parents at different moments, and sees to it that they leave nothing.
fn orphans() -> ExitCode {
    // What a parent leaves becomes a child of this process.
    set_child_subreaper(true).unwrap();
    let method = mp_core::start_method().unwrap();
    for delay in 0..12 {
        let mut parent = Running::start("endless_daemons", method, &[]);
        parent.numbers();
        sleep(Duration::from_millis(delay));
        parent.kill();
        eventually("all orphans end", || {
            while waitpid(None, Some(WaitPidFlag::WNOHANG))
                .is_ok_and(|status| status.pid().is_some())
            {}
            children().is_empty()
        });
    }
    ExitCode::SUCCESS
}

fn daemons_of_a_parent_killed_while_it_starts_them_end(method: StartMethod) {
    passes("orphans", method, &[]);
}
