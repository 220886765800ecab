//! What kind each error is, as far as no other case is about it.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::ExitCode;

use mp_core::{
    Array, ChunkedArray, Error, ErrorKind, Lock, Process, RLock, StartMethod,
    active_children, current_process, parent_process, start_method,
};
use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::observe::Gate;
use crate::outcomes::Awkward;
use crate::support::{exit_code_of, program};

crate::cases! {
    each_method: [
        of_a_child,
        of_a_daemon,
        of_relatives,
        of_arguments,
        of_the_system,
    ],
    once: [of_names, of_a_variable, of_locks, of_arrays],
    programs: [misled],
}

#[track_caller]
fn assert_kind<T>(result: mp_core::Result<T>, kind: ErrorKind) -> Error {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.panic().is_none());
    error
}

fn of_a_child(_: StartMethod) {
    let gate = Gate::new();
    let mut process = gate.process();
    assert_kind(process.join(), ErrorKind::NotStarted);
    assert_kind(process.terminate(), ErrorKind::NotStarted);
    assert_kind(process.sentinel(), ErrorKind::NotStarted);
    process.start().unwrap();
    assert_kind(process.start(), ErrorKind::AlreadyStarted);
    assert_kind(process.set_daemon(true), ErrorKind::AlreadyStarted);
    assert_kind(process.close(), ErrorKind::StillRunning);
    gate.open();
    process.join().unwrap();
    assert_kind(process.start(), ErrorKind::AlreadyStarted);
    process.close().unwrap();
    assert_kind(process.start(), ErrorKind::Closed);
    assert_kind(process.join(), ErrorKind::Closed);
    assert_kind(process.kill(), ErrorKind::Closed);
    assert_kind(process.set_daemon(true), ErrorKind::Closed);
}

fn of_a_daemon(_: StartMethod) {
    fn child() {
        assert_kind(Process::default().start(), ErrorKind::ChildOfDaemon);
    }
    let mut process = Process::new(child, ()).with_daemon(true);
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
}

fn of_relatives(_: StartMethod) {
    fn child() {
        for mut process in [current_process(), parent_process().unwrap()] {
            assert_kind(process.start(), ErrorKind::NotAChild);
            // Python's sentence for it, and so its kind.
            assert_kind(process.kill(), ErrorKind::NotStarted);
            assert_kind(process.sentinel(), ErrorKind::NotStarted);
        }
        assert_kind(current_process().join(), ErrorKind::NotAChild);
    }
    assert_eq!(exit_code_of(child, ()), Some(0));
}

/// A forked child gets them as they are.
fn of_arguments(method: StartMethod) {
    let mut process = Process::new(|_: Awkward| (), (Awkward(true),));
    if method == StartMethod::Fork {
        process.start().unwrap();
        return process.join().unwrap();
    }
    assert_kind(process.start(), ErrorKind::BadArguments);
    assert!(active_children().is_empty());
    assert_kind(process.join(), ErrorKind::NotStarted);
}

/// Such an error has the system's own one as its source.
fn of_the_system(_: StartMethod) {
    let mut process = Process::returning(|| 5, ());
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    // The lowest number that is free, and with it all below are taken.
    let last = File::open("/dev/null").unwrap();
    let count = last.as_raw_fd().unsigned_abs() + 1;
    setrlimit(Resource::RLIMIT_NOFILE, count.into(), hard).unwrap();
    let refused = process.start();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    let error = assert_kind(refused, ErrorKind::System);
    let source = std::error::Error::source(&error).unwrap();
    let source = source.downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(source.raw_os_error(), Some(Errno::EMFILE as i32));
    process.start().unwrap();
    assert_eq!(process.result().unwrap(), 5);
}

fn of_names() {
    let kind = ErrorKind::NoSuchStartMethod;
    assert_kind("thread".parse::<StartMethod>(), kind);
    assert_kind("".parse::<StartMethod>(), kind);
}

fn of_a_variable() {
    let mut command = program("misled", StartMethod::Fork);
    let output = command.env("MP_START_METHOD", "thread").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

fn misled() -> ExitCode {
    let kind = ErrorKind::NoSuchStartMethod;
    let error = assert_kind(start_method(), kind);
    assert_eq!(
        error.to_string(),
        "the environment variable MP_START_METHOD is 'thread': it must be \
         fork, spawn or forkserver"
    );
    assert_kind(Process::returning(|| 5, ()).start(), kind);
    ExitCode::SUCCESS
}

fn of_locks() {
    let (lock, rlock) = (Lock::new(), RLock::new());
    assert_kind(rlock.release(), ErrorKind::NotOwner);
    assert_kind(lock.release(), ErrorKind::NotOwner);
    let _guard = lock.acquire().unwrap();
    let error = assert_kind(lock.acquire(), ErrorKind::Deadlock);
    assert!(error.is_deadlock());
}

fn of_arrays() {
    let most = usize::MAX >> 1;
    assert_kind(Array::<u8>::try_new(most), ErrorKind::OutOfMemory);
    assert_kind(ChunkedArray::<u8>::try_new(10, 0), ErrorKind::BadChunks);
}
