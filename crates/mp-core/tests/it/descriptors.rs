//! Which descriptors a child has (the behaviour RES-04 and more), and that its
//! end does not hang on them.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Process, RawValue, StartMethod, Value};
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{Signal, raise};
use nix::unistd::close;
use signal_hook::low_level;

use crate::observe::{
    Gate, Running, descriptors, eventually, has_ended, passes, send, state,
};
use crate::support::{exit_code_of, program};

crate::cases! {
    each_method: [
        res_04_unrelated_descriptors,
        child_holds_only_what_it_needs,
        command_gets_nothing,
        child_that_closes_all_has_an_exit_code,
        child_runs_though_its_parent_ends_at_once,
        join_does_not_wait_for_a_grandchild,
    ],
    once: [],
    programs: [exact_descriptors, command_beside_children, bare, hasty_parent],
}

/// What a process has open beyond its standard streams and what a program was
/// started with, by kind, in order.
fn kinds(pid: u32, given: &BTreeMap<i32, String>) -> Vec<String> {
    let open = descriptors(pid).into_iter().filter(|(number, target)| {
        *number > 2 && given.get(number) != Some(target)
    });
    let mut kinds: Vec<_> = open
        .map(|(_, target)| {
            let kind = target.split(":[").next().unwrap_or_default();
            kind.trim_end_matches(" (deleted)").to_owned()
        })
        .collect();
    kinds.sort_unstable();
    kinds
}

/// The kinds of descriptors of a child, which stops so that one can look.
fn kinds_of_stopped(
    mut process: Process,
    given: &BTreeMap<i32, String>,
) -> Vec<String> {
    process.start().unwrap();
    let pid = process.pid().unwrap();
    eventually("the child stops", || state(pid) == Some('T'));
    let kinds = kinds(pid, given);
    send(pid, Signal::SIGCONT);
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
    kinds
}

fn stop() {
    raise(Signal::SIGSTOP).unwrap();
}

fn exact_descriptors() -> ExitCode {
    // Alive as long as the parent is.
    const LIFELINE: &str = "pipe";
    const ARENA: &str = "/memfd:mp-core arena";
    // Held as long as the child may be using its parent's shared memory.
    const CLAIM: &str = "pipe";

    let given = descriptors(std::process::id());
    let method = mp_core::start_method().unwrap();
    let check = |process, expected: &[&str]| {
        assert_eq!(kinds_of_stopped(process, &given), expected);
    };
    for daemon in [false, true] {
        let plain = Process::new(stop, ()).with_daemon(daemon);
        check(plain, &[LIFELINE]);
    }
    for _ in 0..2 {
        let value = Value::new(3);
        let sharing = Process::new(|_: Value<i64>| stop(), (value,));
        check(sharing, &[ARENA, CLAIM, LIFELINE]);
    }
    let plain = Process::new(stop, ());
    let value = Value::new(3_i64);
    check(
        plain,
        match method {
            // A copy of this process can reach all that is in its memory.
            StartMethod::Fork => &[ARENA, CLAIM, LIFELINE],
            _ => &[LIFELINE],
        },
    );
    drop(value);
    ExitCode::SUCCESS
}

fn child_holds_only_what_it_needs(method: StartMethod) {
    passes("exact_descriptors", method, &[]);
}

/// Shared objects are what is passed as arguments, and no descriptors are.
fn res_04_unrelated_descriptors(method: StartMethod) {
    const HIGH: i32 = 200;
    fn look(number: i32, value: Value<i64>) {
        if descriptors(std::process::id()).contains_key(&number) {
            *value.lock() += 1;
        }
    }
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = fcntl(&socket, FcntlArg::F_DUPFD_CLOEXEC(HIGH)).unwrap();
    let value = Value::new(40);
    let code = exit_code_of(look, (number, value.clone()));
    close(number).unwrap();
    assert_eq!(code, Some(0));
    let is_copy = method == StartMethod::Fork;
    assert_eq!(value.get(), if is_copy { 41 } else { 40 });
}

/// Checks that it has no descriptors but the standard streams and what its
/// parent was given, which it is told.
fn bare() -> ExitCode {
    let given: Vec<i32> = std::env::args()
        .skip(1)
        .map(|number| number.parse().unwrap())
        .collect();
    for (number, target) in descriptors(std::process::id()) {
        assert!(number < 3 || given.contains(&number), "it has {target}");
    }
    ExitCode::SUCCESS
}

/// Runs a program that is none of the library's, in a process that has shared
/// memory.
fn start_bare(given: Vec<String>, _value: Value<i64>) {
    let method = mp_core::start_method().unwrap();
    let status = program("bare", method).args(given).status();
    assert!(status.unwrap().success());
}

fn command_beside_children() -> ExitCode {
    let given = descriptors(std::process::id());
    let numbers: Vec<_> = given.keys().map(i32::to_string).collect();
    let gate = Gate::new();
    let mut daemon = gate.process().with_daemon(true);
    daemon.start().unwrap();
    let child = gate.start();
    start_bare(numbers.clone(), Value::new(0));
    gate.open();
    child.join().unwrap();
    // And neither does one that a child starts.
    let mut child = Process::new(start_bare, (numbers, Value::new(0)));
    child.start().unwrap();
    child.join().unwrap();
    assert_eq!(child.exitcode(), Some(0));
    ExitCode::SUCCESS
}

fn command_gets_nothing(method: StartMethod) {
    passes("command_beside_children", method, &[]);
}

fn child_that_closes_all_has_an_exit_code(_: StartMethod) {
    fn close_all(code: i32) {
        for number in descriptors(std::process::id()).into_keys() {
            close(number).unwrap();
        }
        if code != 0 {
            std::process::exit(code);
        }
    }
    for daemon in [false, true] {
        for code in [0, 6] {
            let mut process =
                Process::new(close_all, (code,)).with_daemon(daemon);
            process.start().unwrap();
            process.join().unwrap();
            assert_eq!(process.exitcode(), Some(code));
        }
    }
}

/// Starts a child, and ends before it can have come far.
fn hasty_parent() -> ExitCode {
    let mut child = Process::new(|| println!("the child runs"), ());
    child.start().unwrap();
    low_level::exit(0)
}

/// A spawned child takes some time until it knows that it is one.
fn child_runs_though_its_parent_ends_at_once(method: StartMethod) {
    for _ in 0..5 {
        let mut parent = Running::start("hasty_parent", method, &[]);
        assert!(parent.finish().success());
        assert_eq!(parent.rest(), "the child runs\n");
    }
}

/// The grandchildren have the streams, and one of them a copy of the child.
fn join_does_not_wait_for_a_grandchild(_: StartMethod) {
    #[expect(clippy::zombie_processes, reason = "this process ends first")]
    fn leave_two_behind(pids: [RawValue<u32>; 2]) {
        let program = Command::new("sleep").arg("100").spawn().unwrap();
        let mut process = Process::new(|| sleep(Duration::from_secs(100)), ());
        process.start().unwrap();
        pids[0].set(program.id());
        pids[1].set(process.pid().unwrap());
        // At an ordinary end it would wait for the process.
        low_level::exit(4);
    }
    let pids = [RawValue::new(0), RawValue::new(0)];
    let mut child = Process::new(leave_two_behind, (pids.clone(),));
    child.start().unwrap();
    assert!(child.join_timeout(Duration::from_secs(50)).unwrap());
    assert_eq!(child.exitcode(), Some(4));
    for pid in pids {
        assert!(!has_ended(pid.get()));
        send(pid.get(), Signal::SIGKILL);
    }
}
