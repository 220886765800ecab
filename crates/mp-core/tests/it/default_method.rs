//! The start method of a program that chooses none.

use std::process::{Command, ExitCode};
use std::thread;

use mp_core::{
    Context, ErrorKind, ForkWithThreads, Process, StartMethod,
    chosen_start_method, set_start_method, start_method,
};

use crate::support::{Program, program};

crate::cases! {
    each_method: [],
    once: [
        alone_it_is_fork,
        beside_a_thread_it_is_forkserver,
        chosen_fork_is_refused,
        empty_variable_is_none,
        beside_a_thread_without_init,
    ],
    programs: [alone, beside_a_thread, fork_was_chosen],
}

/// Programs that do not begin with `init`.
pub(crate) const NO_INIT: &[Program] = &[("without_init", without_init)];

/// A program that no variable chooses for.
fn undecided(name: &str) -> Command {
    let mut command = program(name, StartMethod::Fork);
    command.env_remove("MP_START_METHOD");
    command
}

#[track_caller]
fn passes(mut command: Command) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

fn alone_it_is_fork() {
    passes(undecided("alone"));
}

/// How a process is started, and how one that it starts itself.
fn methods() -> (Option<StartMethod>, Option<StartMethod>) {
    let inner = || mp_core::current_process().start_method();
    let mut process = Process::returning(inner, ());
    process.start().unwrap();
    let inner = process.result().unwrap();
    assert_eq!(process.start_method(), inner);
    (mp_core::current_process().start_method(), inner)
}

fn started() -> (Option<StartMethod>, Option<StartMethod>) {
    let mut process = Process::returning(methods, ());
    process.start().unwrap();
    process.result().unwrap()
}

const FORK: Option<StartMethod> = Some(StartMethod::Fork);
const SERVER: Option<StartMethod> = Some(StartMethod::ForkServer);

fn alone() -> ExitCode {
    assert_eq!(mp_core::current_process().start_method(), None);
    assert_eq!(started(), (FORK, FORK));
    thread::spawn(|| ()).join().unwrap();
    assert_eq!(started(), (FORK, FORK));
    assert_eq!(start_method().unwrap(), StartMethod::Fork);
    assert_eq!(chosen_start_method(), FORK);
    let error = set_start_method(StartMethod::Spawn).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StartMethodSet);
    ExitCode::SUCCESS
}

fn beside_a_thread_it_is_forkserver() {
    passes(undecided("beside_a_thread"));
}

/// Has another thread while it works.
fn with_a_thread(work: impl FnOnce()) {
    thread::scope(|scope| {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || wait.recv().unwrap_err());
        work();
        drop(done);
    });
}

fn beside_a_thread() -> ExitCode {
    with_a_thread(|| {
        assert_eq!(start_method().unwrap(), StartMethod::Fork);
        assert_eq!(started(), (SERVER, SERVER));
        // What only a copy has can still be had by asking for it.
        let error = Process::fork(|| ()).start().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OtherThreads);
        let fork = Context::new(StartMethod::Fork);
        let error = fork.returning(|| 5, ()).start().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OtherThreads);
        permitted();
    });
    assert_eq!(started(), (FORK, FORK));
    ExitCode::SUCCESS
}

#[allow(unsafe_code, reason = "the permit is an unsafe function")]
fn permitted() {
    // SAFETY: the other thread only waits for a channel, which the child does
    // not touch.
    let permit = unsafe { ForkWithThreads::new() };
    let mut process = Process::new(|| (), ());
    process.start_with_threads(permit).unwrap();
    process.join().unwrap();
    assert_eq!(process.start_method(), FORK);
}

fn chosen_fork_is_refused() {
    passes(program("fork_was_chosen", StartMethod::Fork));
    let mut command = undecided("fork_was_chosen");
    command.env("MP_CHOOSE", "1");
    passes(command);
}

fn fork_was_chosen() -> ExitCode {
    if std::env::var_os("MP_CHOOSE").is_some() {
        set_start_method(StartMethod::Fork).unwrap();
    }
    with_a_thread(|| {
        let error = Process::new(|| (), ()).start().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OtherThreads);
    });
    ExitCode::SUCCESS
}

fn empty_variable_is_none() {
    let mut command = undecided("beside_a_thread");
    command.env("MP_START_METHOD", "");
    passes(command);
}

fn beside_a_thread_without_init() {
    passes(undecided("without_init"));
}

fn without_init() -> ExitCode {
    with_a_thread(|| {
        let mut process = Process::new(|| (), ()).with_name("It");
        let error = process.start().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoInit);
        assert_eq!(
            error.to_string(),
            "cannot start \"It\" by fork, since other threads are running, and \
             not by forkserver either: add `mp_core::init();` as the first \
             statement of `main`, or `mp_core::init_before_main!();` to a \
             test, so that the new process can find its way in"
        );
    });
    ExitCode::SUCCESS
}
