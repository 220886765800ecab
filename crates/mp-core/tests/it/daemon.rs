//! Daemons: the behaviours DMN, and whose death they share.

use std::process::{self, ExitCode};
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Process, RawValue, StartMethod, current_process};

use crate::observe::{Gate, Running, eventually, has_ended};

crate::cases! {
    each_method: [
        dmn_01_flag_of_a_new_process,
        dmn_02_changing_the_flag,
        dmn_03_flag_in_the_child,
        dmn_04_daemons_may_not_have_children,
        dmn_05_end_of_main,
        dmn_06_exit_with_a_code_or_a_failure,
        dmn_07_daemons_are_told_before_others_are_waited_for,
    ],
    once: [],
    programs: [household, order_at_exit],
}

/// Longer than any case may take.
const FOR_EVER: Duration = Duration::from_secs(100);

fn sleeper() -> Process {
    Process::new(|| sleep(FOR_EVER), ())
}

fn run(process: &mut Process) -> Option<i32> {
    process.start().unwrap();
    process.join().unwrap();
    process.exitcode()
}

fn dmn_01_flag_of_a_new_process(_: StartMethod) {
    fn in_daemon() {
        assert!(Process::default().daemon());
        assert!(!Process::default().with_daemon(false).daemon());
    }
    assert!(!Process::default().daemon());
    assert!(Process::default().with_daemon(true).daemon());
    let mut daemon = Process::new(in_daemon, ()).with_daemon(true);
    assert_eq!(run(&mut daemon), Some(0));
}

fn dmn_02_changing_the_flag(_: StartMethod) {
    let gate = Gate::new();
    let mut process = gate.process();
    process.set_daemon(true).unwrap();
    process.set_daemon(false).unwrap();
    process.start().unwrap();
    let refusal = || process.set_daemon(true).unwrap_err().to_string();
    assert_eq!(refusal(), "process has already started");
    gate.open();
    process.join().unwrap();
    assert_eq!(refusal(), "process has already started");
    process.close().unwrap();
    assert_eq!(refusal(), "process object is closed");
    assert!(!process.daemon());
}

fn dmn_03_flag_in_the_child(_: StartMethod) {
    for daemon in [true, false] {
        let look = |daemon| assert_eq!(current_process().daemon(), daemon);
        let mut process = Process::new(look, (daemon,)).with_daemon(daemon);
        assert_eq!(run(&mut process), Some(0));
    }
}

fn dmn_04_daemons_may_not_have_children(_: StartMethod) {
    fn in_daemon() {
        for daemon in [true, false] {
            let mut process = Process::default().with_daemon(daemon);
            assert_eq!(
                process.start().unwrap_err().to_string(),
                "daemonic processes are not allowed to have children"
            );
            assert_eq!(process.pid(), None);
            assert!(process.to_string().contains(" initial"));
        }
    }
    let mut daemon = Process::new(in_daemon, ()).with_daemon(true);
    assert_eq!(run(&mut daemon), Some(0));
}

/// A daemon that would work for ever and a child that ends after main. Says
/// their numbers, and ends in the way that it is told.
fn household() -> ExitCode {
    fn work_on(main_is_done: RawValue<u32>) {
        eventually("main ends", || main_is_done.get() == 1);
        sleep(Duration::from_millis(100));
        println!("the child has done its work");
    }
    let main_is_done = RawValue::new(0);
    let mut daemon = sleeper().with_daemon(true);
    let mut child = Process::new(work_on, (main_is_done.clone(),));
    daemon.start().unwrap();
    child.start().unwrap();
    println!("{} {}", daemon.pid().unwrap(), child.pid().unwrap());
    main_is_done.set(1);
    match std::env::args().nth(1).as_deref() {
        Some("exit") => process::exit(7),
        Some("panic") => panic!("main failed on purpose"),
        Some("error") => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

/// Main has waited for the child when it ends, and has ended the daemon.
fn check_household(method: StartMethod, end: &str, code: i32) {
    let mut program = Running::start("household", method, &[end]);
    let relatives = program.numbers();
    assert_eq!(relatives.len(), 2);
    assert_eq!(program.finish().code(), Some(code));
    assert!(relatives.into_iter().all(has_ended));
    assert_eq!(program.rest(), "the child has done its work\n");
}

fn dmn_05_end_of_main(method: StartMethod) {
    check_household(method, "return", 0);
}

fn dmn_06_exit_with_a_code_or_a_failure(method: StartMethod) {
    check_household(method, "exit", 7);
    check_household(method, "panic", 101);
    check_household(method, "error", 1);
}

/// The child, started first, ends when it has seen the daemons end.
fn order_at_exit() -> ExitCode {
    fn outlive(daemons: [RawValue<u32>; 2]) {
        for daemon in daemons {
            eventually("the daemon runs", || daemon.get() != 0);
            eventually("the daemon is ended", || has_ended(daemon.get()));
        }
    }
    let pids = [(); 2].map(|()| RawValue::new(0));
    let mut child = Process::new(outlive, (pids.clone(),));
    child.start().unwrap();
    for pid in &pids {
        let mut daemon = sleeper().with_daemon(true);
        daemon.start().unwrap();
        pid.set(daemon.pid().unwrap());
    }
    mp_core::atexit(move || assert!(child.is_alive())).unwrap();
    ExitCode::SUCCESS
}

/// Otherwise the child and main would wait for each other, until the child
/// loses patience.
fn dmn_07_daemons_are_told_before_others_are_waited_for(method: StartMethod) {
    let output = crate::support::program("order_at_exit", method).output();
    let output = output.unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
