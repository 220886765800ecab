//! Calls that a signal comes into: the behaviours SIG-01 to -04.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use mp_core::{
    Lock, Process, RawValue, StartMethod, Value, parent_process, wait,
};
use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::observe::{eventually, id, passes, send, state};
use crate::signals::handle;
use crate::support::exit_code_of;

crate::cases! {
    each_method: [
        sig_01_join_and_signals,
        sig_01_start_and_signals,
        sig_02_blocked_calls_and_signals,
        sig_04_no_wait_is_cut_short,
    ],
    once: [],
    programs: [interrupted_join, interrupted_starts],
}

const BRIEFLY: Duration = Duration::from_millis(1);

fn pester(target: u32, times: usize) {
    for _ in 0..times {
        send(target, Signal::SIGUSR1);
        sleep(BRIEFLY);
    }
}

fn interrupted_join() -> ExitCode {
    let came = handle(Signal::SIGUSR1);
    let target = std::process::id();
    assert_eq!(exit_code_of(pester, (target, 100)), Some(0));
    assert!(came.load(Ordering::Relaxed));
    ExitCode::SUCCESS
}

fn sig_01_join_and_signals(method: StartMethod) {
    passes("interrupted_join", method, &[]);
}

fn interrupted_starts() -> ExitCode {
    let came = handle(Signal::SIGUSR1);
    let target = std::process::id();
    let mut pest = Process::new(pester, (target, usize::MAX));
    pest.set_daemon(true).unwrap();
    pest.start().unwrap();
    for n in 0..15 {
        let double = |n: Value<i64>| *n.lock() *= 2;
        let number = Value::new(n);
        assert_eq!(exit_code_of(double, (number.clone(),)), Some(0));
        assert_eq!(number.get(), n * 2);
        eventually("signals come", || came.swap(false, Ordering::Relaxed));
    }
    ExitCode::SUCCESS
}

fn sig_01_start_and_signals(method: StartMethod) {
    passes("interrupted_starts", method, &[]);
}

/// A child makes a call that has to wait, and gets signals until it need not
/// any more. There are no connections yet, whose calls these would be.
fn sig_02_blocked_calls_and_signals(_: StartMethod) {
    type Shared = (Lock, Value<i64>, RawValue<u32>);
    const CALLS: u32 = 5;
    const LONG: Duration = Duration::from_secs(100);

    fn call(which: u32, (lock, value, ready): Shared, fifo: PathBuf) {
        let came = handle(Signal::SIGUSR1);
        let fifo = open_nonblocking(fifo);
        ready.set(1);
        match which {
            0 => assert!(!lock.acquire().unwrap().owner_died()),
            1 => assert!(lock.acquire_timeout(LONG).unwrap().is_some()),
            2 => assert_eq!(*value.lock(), 12),
            3 => assert_eq!(*value.lock_timeout(LONG).unwrap(), 12),
            _ => assert_eq!(wait(&[fifo], None).unwrap(), [0]),
        }
        assert!(came.load(Ordering::Relaxed));
    }

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let reader = open_nonblocking(path.clone());
    for which in 0..CALLS {
        let shared: Shared = (Lock::new(), Value::new(12), RawValue::new(0));
        let held = (shared.0.acquire().unwrap(), shared.1.lock());
        let arguments = (which, shared.clone(), path.clone());
        let mut process = Process::new(call, arguments);
        process.start().unwrap();
        let pid = process.pid().unwrap();
        eventually("the child is ready", || shared.2.get() == 1);
        eventually("it waits", || state(pid) == Some('S'));
        pester(pid, 20);
        assert!(process.is_alive(), "call {which} did not wait");
        drop(held);
        let writer = File::options().write(true).open(&path).unwrap();
        drop(writer);
        process.join().unwrap();
        assert_eq!(process.exitcode(), Some(0), "call {which}");
    }
    drop(reader);
}

fn open_nonblocking(path: PathBuf) -> File {
    let flags = OFlag::O_NONBLOCK.bits();
    OpenOptions::new().read(true).custom_flags(flags).open(path).unwrap()
}

/// A handler cannot ask for the end of a wait: all of them go on for their
/// whole time.
fn sig_04_no_wait_is_cut_short(_: StartMethod) {
    const TIME: Duration = Duration::from_millis(60);

    fn wait_in_vain(lock: Lock, value: Value<i64>, ready: RawValue<u32>) {
        let came = handle(Signal::SIGUSR1);
        let parent = parent_process().unwrap();
        let took_all = |in_vain: &dyn Fn() -> bool| {
            let start = Instant::now();
            assert!(in_vain());
            assert!(start.elapsed() >= TIME);
            assert!(came.swap(false, Ordering::Relaxed));
        };
        ready.set(1);
        eventually("signals come", || came.swap(false, Ordering::Relaxed));
        took_all(&|| lock.acquire_timeout(TIME).unwrap().is_none());
        took_all(&|| value.lock_timeout(TIME).is_none());
        took_all(&|| !parent.join_timeout(TIME).unwrap());
        ready.set(2);
    }

    let (lock, value, ready) = (Lock::new(), Value::new(0), RawValue::new(0));
    let held = (lock.acquire().unwrap(), value.lock());
    let arguments = (lock.clone(), value.clone(), ready.clone());
    let mut process = Process::new(wait_in_vain, arguments);
    process.start().unwrap();
    eventually("the child is ready", || ready.get() == 1);
    while process.is_alive() && ready.get() == 1 {
        // Unless it has ended meanwhile.
        let pid = process.pid().unwrap();
        let _ = nix::sys::signal::kill(id(pid), Signal::SIGUSR1);
        sleep(BRIEFLY);
    }
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
    drop(held);
}
