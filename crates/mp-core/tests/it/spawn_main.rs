//! The way in: the behaviours MAIN.

use std::env;
use std::path::PathBuf;
use std::process::{ExitCode, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use mp_core::{
    Process, StartMethod, Value, active_children, chosen_start_method,
    current_process, init, parent_process, start_method,
};
use nix::sys::signal::{Signal, raise};
use serde::{Deserialize, Deserializer, Serialize};

use crate::steps::Steps;
use crate::support::{Program, exit_code_of, program};

crate::cases! {
    each_method: [
        main_01_main_runs_once,
        main_01_main_runs_once_if_it_dies,
        main_02_no_init,
        main_02_init_too_late,
        main_02_init_in_the_parent_only,
        main_02_threads_before_init,
        main_03_init_in_the_parent,
        main_04_statics_begin_anew,
        main_05_the_working_directory,
        main_06_the_name_is_known_early,
        main_07_children_of_a_child,
    ],
    once: [],
    programs: [main_once, main_that_dies, chdir],
}

/// Programs that do not begin with `init`.
pub(crate) const NO_INIT: &[Program] = &[
    ("no_init", no_init),
    ("init_too_late", init_too_late),
    ("init_in_the_parent_only", init_in_the_parent_only),
    ("threads_before_init", threads_before_init),
];

/// What a program does to its end. All that it started have ended then: none
/// has its standard output any more.
fn output(name: &str, method: StartMethod) -> Output {
    program(name, method).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn main_01_main_runs_once(method: StartMethod) {
    let output = output("main_once", method);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), "the body of main\n[4, 9, 25]\n");
    assert!(output.status.success());
}

fn main_once() -> ExitCode {
    println!("the body of main");
    let squares = [2, 3, 5].map(|number| {
        let square = Value::new(0);
        let target = |number: i64, square: Value<i64>| {
            square.set(number * number);
        };
        let process = Process::new(target, (number, square.clone()));
        (process, square)
    });
    let squares = squares.map(|(mut process, square)| {
        process.start().unwrap();
        (process, square)
    });
    let squares = squares.map(|(process, square)| {
        process.join().unwrap();
        square.get()
    });
    println!("{squares:?}");
    ExitCode::SUCCESS
}

/// A child that finds its parent gone is a child all the same.
fn main_01_main_runs_once_if_it_dies(method: StartMethod) {
    for _ in 0..10 {
        let output = output("main_that_dies", method);
        assert_eq!(text(&output.stderr), "");
        assert_eq!(text(&output.stdout), "the body of main\nthe child\n");
    }
}

fn main_that_dies() -> ExitCode {
    println!("the body of main");
    let mut process = Process::new(|| println!("the child"), ());
    process.start().unwrap();
    raise(Signal::SIGKILL).unwrap();
    ExitCode::SUCCESS
}

/// Starts a process that prints a line, and fails as `main` would.
fn start_and_join() -> ExitCode {
    let mut process = Process::new(|| println!("123"), ());
    if let Err(error) = process.start() {
        eprintln!("Error: {error}");
        return ExitCode::FAILURE;
    }
    process.join().unwrap();
    match process.exitcode() {
        Some(0) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn no_init() -> ExitCode {
    start_and_join()
}

fn init_too_late() -> ExitCode {
    let code = start_and_join();
    init();
    code
}

/// So that its children run on into what is the parent's.
fn init_in_the_parent_only() -> ExitCode {
    if env::var_os("MP_CORE_CHILD").is_none() {
        init();
    }
    start_and_join()
}

/// As what stands in `#[tokio::main]`.
fn threads_before_init() -> ExitCode {
    thread::spawn(|| {
        loop {
            thread::park();
        }
    });
    init();
    start_and_join()
}

/// A program that starts a process without being able to: by fork it can.
fn is_refused(name: &str, method: StartMethod, sentence: &str) {
    let output = output(name, method);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    if method == StartMethod::Fork {
        assert_eq!((stdout, stderr), ("123\n", ""));
        assert!(output.status.success());
    } else {
        assert_eq!(stdout, "");
        assert!(stderr.contains(sentence), "{stderr}");
        assert_eq!(output.status.code(), Some(1));
    }
}

fn main_02_no_init(method: StartMethod) {
    let sentence = format!(
        "Error: cannot start \"Process-1\" by {method}: add \
         `mp_core::init();` as the first statement of `main`"
    );
    is_refused("no_init", method, &sentence);
}

fn main_02_init_too_late(method: StartMethod) {
    let sentence = format!("Error: cannot start \"Process-1\" by {method}:");
    is_refused("init_too_late", method, &sentence);
}

fn main_02_init_in_the_parent_only(method: StartMethod) {
    let sentence = "Error: An attempt has been made to start a new process \
                    before the current process has finished its bootstrapping \
                    phase";
    is_refused("init_in_the_parent_only", method, sentence);
}

/// A spawned child forks nothing: the threads are a waste in it, and no more.
fn main_02_threads_before_init(method: StartMethod) {
    let output = output("threads_before_init", method);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let sentence = match method {
        StartMethod::Spawn => {
            assert_eq!((stdout, stderr), ("123\n", ""));
            return;
        }
        StartMethod::Fork => {
            "Error: cannot fork \"Process-1\" while other threads are running"
        }
        _ => {
            "Error: cannot start \"Process-1\" by forkserver: the program \
             starts threads before it calls `mp_core::init()`, as \
             `#[tokio::main]` does"
        }
    };
    assert_eq!(stdout, "");
    assert!(stderr.contains(sentence), "{stderr}");
    assert_eq!(output.status.code(), Some(1));
}

/// It was called when this program began, and can be called again.
fn main_03_init_in_the_parent(method: StartMethod) {
    assert_eq!(exit_code_of(init, ()), Some(0));
    init();
    assert_eq!(current_process().name(), "MainProcess");
    assert!(parent_process().is_none());
    assert!(active_children().is_empty());
    assert_eq!(chosen_start_method(), Some(method));
}

static STATE: AtomicU32 = AtomicU32::new(0);

/// By fork they do not: the child is a copy.
fn main_04_statics_begin_anew(method: StartMethod) {
    fn look(wanted: u32, sent: u32) {
        assert_eq!(STATE.load(Ordering::Relaxed), wanted);
        assert_eq!(sent, 7);
    }
    STATE.store(7, Ordering::Relaxed);
    let wanted = if method == StartMethod::Fork { 7 } else { 0 };
    let args = (wanted, STATE.load(Ordering::Relaxed));
    assert_eq!(exit_code_of(look, args), Some(0));
}

fn main_05_the_working_directory(method: StartMethod) {
    let output = output("chdir", method);
    assert!(output.status.success(), "{output:?}");
}

fn chdir() -> ExitCode {
    fn look(wanted: PathBuf) {
        assert_eq!(env::current_dir().unwrap(), wanted);
    }
    // The first finds a forkserver not yet there, the others one that is
    // elsewhere.
    for directory in ["/", "/usr", "/proc"] {
        env::set_current_dir(directory).unwrap();
        assert_eq!(exit_code_of(look, (directory.into(),)), Some(0));
    }
    ExitCode::SUCCESS
}

/// What runs in a child before its target is the reading of its arguments.
fn main_06_the_name_is_known_early(_: StartMethod) {
    #[derive(Serialize)]
    struct Name(String);
    impl<'de> Deserialize<'de> for Name {
        fn deserialize<D: Deserializer<'de>>(
            from: D,
        ) -> Result<Self, D::Error> {
            String::deserialize(from)?;
            assert!(start_method().is_ok());
            Ok(Self(current_process().name()))
        }
    }
    fn look(early: Name) {
        assert_eq!(early.0, "Early");
        assert_eq!(current_process().name(), "Early");
    }
    // A copy of the process reads nothing.
    let sent = match start_method().unwrap() {
        StartMethod::Fork => "Early",
        _ => "",
    };
    let args = (Name(sent.to_owned()),);
    let mut process = Process::new(look, args).with_name("Early");
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
}

fn main_07_children_of_a_child(_: StartMethod) {
    fn put(number: u32, sent: Steps, slot: Value<u32>) {
        slot.set(number);
        sent.take();
    }
    fn get(number: u32, sent: Steps, slot: Value<u32>) -> ExitCode {
        sent.wait(1);
        ExitCode::from(u8::from(slot.get() != number))
    }
    fn child() {
        let number = std::process::id();
        let (sent, slot) = (Steps::new(), Value::new(0));
        let args = (number, sent, slot);
        let mut getter = Process::new(get, args.clone());
        let mut putter = Process::new(put, args);
        getter.start().unwrap();
        putter.start().unwrap();
        for process in [putter, getter] {
            process.join().unwrap();
            assert_eq!(process.exitcode(), Some(0));
        }
    }
    assert_eq!(exit_code_of(child, ()), Some(0));
}
