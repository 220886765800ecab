//! The forkserver: the behaviours FSRV.

use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Context, Process, StartMethod, force_start_method};
use nix::sys::signal::Signal;

use crate::observe::{
    Gate, Running, await_permission, eventually, forkserver,
    forkserver_and_children_ahead, has_ended, passes, send, state,
};

crate::cases! {
    each_method: [],
    once: [
        fsrv_01_server_starts_with_the_first_process_and_is_used_again,
        fsrv_02_server_killed_while_a_child_runs,
        fsrv_02_server_killed_again_and_again,
        fsrv_02_children_ahead_killed,
        fsrv_03_server_ignores_sigint,
        fsrv_04_exit_codes_are_those_of_fork,
        fsrv_05_children_are_no_copies_of_the_parent,
        fsrv_07_server_ends_with_its_process,
        fsrv_07_server_ends_with_a_killed_process,
        fsrv_08_clients_killed_while_they_start_children,
    ],
    programs: [lazy_server, one_child_and_its_server, endless_starts],
}

const SERVER: Context = Context::new(StartMethod::ForkServer);

/// Starts a process that does nothing, and waits for it.
fn start_one() -> Option<i32> {
    let mut process = SERVER.process(|| (), ());
    process.start().unwrap();
    process.join().unwrap();
    process.exitcode()
}

/// Starts processes until there is a server. The first may be the children that
/// one had ahead which was killed.
fn have_a_server() {
    for _ in 0..3 {
        assert_eq!(start_one(), Some(0));
    }
}

fn fsrv_01_server_starts_with_the_first_process_and_is_used_again() {
    passes("lazy_server", StartMethod::ForkServer, &[]);
}

fn lazy_server() -> ExitCode {
    let mut process = Process::new(|| (), ());
    assert_eq!(forkserver(), None);
    process.start().unwrap();
    let server = forkserver();
    assert!(server.is_some());
    process.join().unwrap();
    for _ in 0..3 {
        assert_eq!(start_one(), Some(0));
        assert_eq!(forkserver(), server);
    }
    ExitCode::SUCCESS
}

/// The child is this process's own, so its exit code is not lost:
/// `CPython` reports 255.
fn fsrv_02_server_killed_while_a_child_runs() {
    force_start_method(StartMethod::ForkServer);
    let gate = Gate::new();
    let child = gate.start();
    let server = forkserver().unwrap();
    send(server, Signal::SIGKILL);
    eventually("the server ends", || has_ended(server));

    assert_eq!(start_one(), Some(0));
    assert_ne!(forkserver(), Some(server));
    assert!(child.is_alive());
    gate.open();
    child.join().unwrap();
    assert_eq!(child.exitcode(), Some(0));
}

/// At whatever moment of a start the server dies, the start succeeds.
fn fsrv_02_server_killed_again_and_again() {
    for round in 0..40 {
        have_a_server();
        let server = forkserver().unwrap();
        let mut killer = Context::new(StartMethod::Fork).process(
            |server, delay| {
                sleep(Duration::from_micros(delay));
                send(server, Signal::SIGKILL);
            },
            (server, round * 50),
        );
        killer.start().unwrap();
        for _ in 0..8 {
            assert_eq!(start_one(), Some(0));
        }
        killer.join().unwrap();
        assert_eq!(killer.exitcode(), Some(0));
    }
}

/// Who is killed before it has got anything to run is not missed, and nothing
/// is left of it.
fn fsrv_02_children_ahead_killed() {
    have_a_server();
    for _ in 0..10 {
        let ahead = forkserver_and_children_ahead().split_off(1);
        for &child in &ahead {
            send(child, Signal::SIGKILL);
            eventually("it ends", || has_ended(child));
        }
        assert_eq!(start_one(), Some(0));
        assert!(ahead.into_iter().all(|child| state(child).is_none()));
    }
}

fn fsrv_03_server_ignores_sigint() {
    force_start_method(StartMethod::ForkServer);
    let gate = Gate::new();
    let child = gate.start();
    let server = forkserver().unwrap();
    send(server, Signal::SIGINT);

    assert_eq!(start_one(), Some(0));
    assert_eq!(forkserver(), Some(server));
    assert!(child.is_alive());
    gate.open();
    child.join().unwrap();
    assert_eq!(child.exitcode(), Some(0));
}

fn fsrv_04_exit_codes_are_those_of_fork() {
    fn exit(code: i32) -> Result<(), &'static str> {
        match code {
            1 => Err("failed on purpose"),
            0.. => process::exit(code),
            // Rust's own handler lets the first SIGSEGV pass.
            _ => loop {
                signal_hook::low_level::raise(-code).unwrap();
            },
        }
    }
    for code in [0, 8, 255, 1, -15, -9, -11, -6] {
        for method in [StartMethod::ForkServer, StartMethod::Fork] {
            let mut process = Context::new(method).process(exit, (code,));
            process.start().unwrap();
            process.join().unwrap();
            assert_eq!(process.exitcode(), Some(code), "{method}");
        }
    }
}

fn fsrv_05_children_are_no_copies_of_the_parent() {
    static CHANGED: AtomicI32 = AtomicI32::new(3);
    let look = || process::exit(CHANGED.load(Ordering::Relaxed));
    assert_eq!(start_one(), Some(0));
    CHANGED.store(4, Ordering::Relaxed);
    for (method, seen) in [(StartMethod::ForkServer, 3), (StartMethod::Fork, 4)]
    {
        let mut process = Context::new(method).process(look, ());
        process.start().unwrap();
        process.join().unwrap();
        assert_eq!(process.exitcode(), Some(seen), "{method}");
    }
}

/// Starts a child, and says the numbers of its server, of the children ahead,
/// and of the child.
fn one_child_and_its_server() -> ExitCode {
    let mut child = Process::new(|| sleep(Duration::from_millis(300)), ());
    child.start().unwrap();
    for helper in forkserver_and_children_ahead() {
        print!("{helper} ");
    }
    println!("{}", child.pid().unwrap());
    await_permission();
    ExitCode::SUCCESS
}

fn fsrv_07_server_ends_with_its_process() {
    let name = "one_child_and_its_server";
    let mut client = Running::start(name, StartMethod::ForkServer, &[]);
    let processes = client.numbers();
    assert_eq!(processes.len(), 4);
    assert!(client.finish().success());
    // The client has waited for all of them.
    assert!(processes.into_iter().all(has_ended));
}

/// The server ends at once, and the child when its work is done.
fn fsrv_07_server_ends_with_a_killed_process() {
    let name = "one_child_and_its_server";
    let mut client = Running::start(name, StartMethod::ForkServer, &[]);
    let processes = client.numbers();
    assert_eq!(processes.len(), 4);
    client.kill();
    for pid in processes {
        eventually("what a killed client leaves ends", || has_ended(pid));
    }
}

fn endless_starts() -> ExitCode {
    assert_eq!(start_one(), Some(0));
    println!("{}", forkserver().unwrap());
    loop {
        assert_eq!(start_one(), Some(0));
    }
}

/// Each process has a server of its own, so a client that dies between its
/// request and the answer leaves others nothing to survive: its server ends
/// with it, and theirs go on.
fn fsrv_08_clients_killed_while_they_start_children() {
    assert_eq!(start_one(), Some(0));
    let own = forkserver();
    for delay in 0..15 {
        let method = StartMethod::ForkServer;
        let mut client = Running::start("endless_starts", method, &[]);
        let server = client.numbers()[0];
        sleep(Duration::from_micros(delay * 300));
        client.kill();
        eventually("the server ends", || has_ended(server));
        assert_eq!(start_one(), Some(0));
        assert_eq!(forkserver(), own);
    }
}
