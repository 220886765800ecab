//! What becomes of a process that gives no value.

use std::io;
use std::panic::catch_unwind;
use std::process::{Command, ExitCode, abort, exit};
use std::thread;
use std::time::Duration;

use mp_core::{
    Error, ErrorKind, Limits, Lock, Process, Returning, StartMethod, Task,
};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{SigSet, Signal, raise};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::observe::{eventually, has_ended};
use crate::support::{program, silence};

crate::cases! {
    each_method: [
        panics,
        panic_that_is_caught,
        panic_while_panicking,
        quiet_panic,
        signals,
        exits,
        results_that_cannot_be_sent_or_read,
        arguments_that_cannot_be_read,
        time_is_over,
        time_is_over_and_nobody_waits,
        time_is_over_and_it_does_not_care,
        time_is_over_while_it_is_stopped,
        time_that_is_enough,
        too_much_cpu_time,
        too_much_memory,
        limits_are_the_childs_own,
        own_handler_of_an_abort_stays,
    ],
    once: [descendant_says_nothing],
    programs: [out_of_memory, panics_quietly, panics_loudly],
}

/// The error of a process that runs this, and is quiet.
fn error_of<F, Args>(target: F, args: Args) -> Error
where
    F: Task<Args, Output: Serialize + DeserializeOwned + 'static>,
    Args: Serialize + Deserialize<'static> + Send + 'static,
{
    error_within(Limits::new(), target, args)
}

fn error_within<F, Args>(limits: Limits, target: F, args: Args) -> Error
where
    F: Task<Args, Output: Serialize + DeserializeOwned + 'static>,
    Args: Serialize + Deserialize<'static> + Send + 'static,
{
    let mut process = Process::returning(target, args)
        .with_name("It")
        .with_limits(limits.core(0))
        .with_quiet_panics();
    process.start().unwrap();
    match process.result() {
        Ok(_) => panic!("it gave a result"),
        Err(error) => error,
    }
}

#[track_caller]
fn check(error: &Error, kind: ErrorKind, text: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.to_string(), text);
}

fn panics(_: StartMethod) {
    let line = line!() + 1;
    let error = error_of(|n: u32| -> u32 { panic!("no {n}") }, (7,));
    assert_eq!(error.kind(), ErrorKind::Panicked);
    let panic = error.panic().unwrap();
    assert_eq!((panic.message(), panic.line()), ("no 7", line));
    assert!(panic.file().ends_with("outcomes.rs") && panic.column() > 1);
    assert_eq!(
        error.to_string(),
        format!("process \"It\" panicked at {panic}")
    );
    assert!(panic.to_string().ends_with(": no 7"));
    let error = error_of(|| -> () { panic!("a literal") }, ());
    assert_eq!(error.panic().unwrap().message(), "a literal");
    let error = error_of(|| -> () { std::panic::panic_any(7) }, ());
    assert_eq!(error.panic().unwrap().message(), "Box<dyn Any>");
    let long = error_of(|| -> () { panic!("{}", "ä".repeat(100_000)) }, ());
    assert_eq!(long.panic().unwrap().message().len(), 64 << 10);
}

fn panic_that_is_caught(_: StartMethod) {
    fn catch() {
        catch_unwind(|| panic!("caught")).unwrap_err();
    }
    let mut fine = Process::returning(
        || {
            catch();
            5
        },
        (),
    )
    .with_quiet_panics();
    fine.start().unwrap();
    assert_eq!(fine.result().unwrap(), 5);
    let exited = error_of(
        || -> () {
            catch();
            exit(3)
        },
        (),
    );
    assert_eq!(exited.kind(), ErrorKind::Exited { code: 3 });
    let killed = error_of(
        || {
            catch();
            raise(Signal::SIGKILL).unwrap();
        },
        (),
    );
    assert_eq!(killed.kind(), ErrorKind::Killed { signal: 9 });
    assert!(killed.panic().is_none());
    // Of another thread, it is that thread's.
    let joined = error_of(
        || -> () {
            silence();
            thread::spawn(|| panic!("elsewhere")).join().unwrap_err();
            exit(4)
        },
        (),
    );
    assert_eq!(joined.kind(), ErrorKind::Exited { code: 4 });
}

fn panic_while_panicking(_: StartMethod) {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the second");
        }
    }
    let error = error_of(
        || -> () {
            silence();
            let _bomb = Bomb;
            panic!("the first");
        },
        (),
    );
    assert_eq!(error.kind(), ErrorKind::Killed { signal: 6 });
    assert!(error.panic().is_some());
    assert!(error.to_string().starts_with(
        "process \"It\" was killed by SIGABRT; before that it panicked at "
    ));
}

fn quiet_panic(method: StartMethod) {
    let text = |name| {
        let output = program(name, method).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(text("panics_quietly"), "");
    let loud = text("panics_loudly");
    assert!(loud.starts_with("Process It:\n"), "{loud}");
    assert!(loud.contains("for all to hear"), "{loud}");
}

fn panicking() -> Process<Returning<()>> {
    Process::returning(|| panic!("for all to hear"), ()).with_name("It")
}

fn panics_quietly() -> ExitCode {
    let mut process = panicking().with_quiet_panics();
    process.start().unwrap();
    process.result().unwrap_err();
    ExitCode::SUCCESS
}

fn panics_loudly() -> ExitCode {
    let mut process = panicking();
    process.start().unwrap();
    process.result().unwrap_err();
    ExitCode::SUCCESS
}

fn signals(_: StartMethod) {
    let die = |number: i32| {
        let signal = Signal::try_from(number).unwrap();
        // Rust's handler of a stack that overflows lets the first one pass.
        raise(signal).unwrap();
        raise(signal).unwrap();
    };
    for signal in [9, 15, 11, 10, 14] {
        let error = error_of(die, (signal,));
        let name = Signal::try_from(signal).unwrap();
        let kind = ErrorKind::Killed { signal };
        check(&error, kind, &format!("process \"It\" was killed by {name}"));
    }
    let error = error_of(|| -> () { abort() }, ());
    assert_eq!(error.kind(), ErrorKind::Killed { signal: 6 });
}

fn exits(_: StartMethod) {
    for code in [0, 1, 3, 255] {
        let error = error_of(|code| -> () { exit(code) }, (code,));
        let text = format!(
            "process \"It\" exited with code {code} and gave no result"
        );
        check(&error, ErrorKind::Exited { code }, &text);
    }
}

/// Refuses to be serialized, or to be deserialized.
struct Awkward(bool);

impl Serialize for Awkward {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0 {
            return Err(serde::ser::Error::custom("it will not go"));
        }
        7_u64.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Awkward {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(from)?;
        Err(D::Error::custom(format!("{number} will not do")))
    }
}

fn results_that_cannot_be_sent_or_read(_: StartMethod) {
    let unsent = |n: bool| {
        silence();
        Awkward(n)
    };
    check(
        &error_of(unsent, (true,)),
        ErrorKind::BadResult,
        "process \"It\" gave no result: the result cannot be sent: it will not \
         go",
    );
    check(
        &error_of(unsent, (false,)),
        ErrorKind::BadResult,
        "cannot read the result of process \"It\": 7 will not do",
    );
    let shared = || {
        silence();
        Lock::new()
    };
    check(
        &error_of(shared, ()),
        ErrorKind::BadResult,
        "process \"It\" gave no result: the result cannot be sent: Lock objects \
         should only be shared between processes through inheritance",
    );
    let panicking = error_of(Panicking::make, ());
    assert_eq!(panicking.kind(), ErrorKind::Panicked);
    assert_eq!(panicking.panic().unwrap().message(), "not this one");
}

#[derive(Deserialize)]
struct Panicking;

impl Panicking {
    fn make() -> Self {
        Self
    }
}

impl Serialize for Panicking {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("not this one");
    }
}

fn arguments_that_cannot_be_read(method: StartMethod) {
    // A copy of the process reads nothing.
    if method == StartMethod::Fork {
        return;
    }
    // The parent's own standard error, for the time of the start.
    let mut process =
        Process::returning(|_: Awkward| (), (Awkward(false),)).with_name("It");
    process.start().unwrap();
    check(
        &process.result().unwrap_err(),
        ErrorKind::NotRun,
        "the target of process \"It\" never began: cannot read what the parent \
         sent: the arguments are broken: 7 will not do",
    );
}

const SHORT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(100);

fn sleeper() -> Process<Returning<()>> {
    Process::returning(|| thread::sleep(LONG), ())
        .with_name("It")
        .with_timeout(SHORT)
}

fn time_is_over(_: StartMethod) {
    let mut process = sleeper();
    process.start().unwrap();
    check(
        &process.result().unwrap_err(),
        ErrorKind::TimedOut,
        "process \"It\" took longer than the 30ms that it was given, and was \
         ended",
    );
    assert_eq!(process.exitcode(), Some(-15));
    // Also one whose result nobody asks for.
    let mut plain =
        Process::new(|| thread::sleep(LONG), ()).with_timeout(SHORT);
    plain.start().unwrap();
    plain.join().unwrap();
    assert_eq!(plain.exitcode(), Some(-15));
}

fn time_is_over_and_nobody_waits(_: StartMethod) {
    let mut process = sleeper();
    process.start().unwrap();
    let pid = process.pid().unwrap();
    eventually("the time is over", || has_ended(pid));
    assert_eq!(process.result().unwrap_err().kind(), ErrorKind::TimedOut);
}

fn time_is_over_and_it_does_not_care(_: StartMethod) {
    let stubborn = || {
        SigSet::from(Signal::SIGTERM).thread_block().unwrap();
        loop {
            thread::sleep(LONG);
        }
    };
    let mut process: Process<Returning<()>> =
        Process::returning(stubborn, ()).with_timeout(SHORT);
    process.start().unwrap();
    assert_eq!(process.result().unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(process.exitcode(), Some(-9));
}

fn time_is_over_while_it_is_stopped(_: StartMethod) {
    let mut process: Process<Returning<()>> =
        Process::returning(|| raise(Signal::SIGSTOP).unwrap(), ())
            .with_timeout(SHORT);
    process.start().unwrap();
    // Only SIGKILL ends what is stopped, and nothing is said before that.
    let error = process.result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Killed { signal: 9 });
}

fn time_that_is_enough(_: StartMethod) {
    for time in [LONG, Duration::MAX] {
        let mut process = Process::returning(|| 3, ()).with_timeout(time);
        process.start().unwrap();
        assert_eq!(process.result().unwrap(), 3);
    }
}

/// Without an end.
fn compute() {
    while std::hint::black_box(true) {}
}

fn too_much_cpu_time(_: StartMethod) {
    let limits = Limits::new().cpu_time(SHORT);
    check(
        &error_within(limits.clone(), compute, ()),
        ErrorKind::CpuTimeLimit,
        "process \"It\" used more than the 30ms of CPU time that it was given, \
         and was ended",
    );
    // All threads count, and sleep does not.
    let both = || {
        thread::spawn(compute);
        compute();
    };
    let error = error_within(limits.clone(), both, ());
    assert_eq!(error.kind(), ErrorKind::CpuTimeLimit);
    let mut sleeping =
        Process::returning(|| thread::sleep(2 * SHORT), ()).with_limits(limits);
    sleeping.start().unwrap();
    sleeping.result().unwrap();
}

/// Without the variable that makes Rust print a backtrace before it aborts: what
/// prints it can hide that there was no memory.
fn too_much_memory(method: StartMethod) {
    let mut command = program("out_of_memory", method);
    let output = command.env_remove("RUST_BACKTRACE").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

fn out_of_memory() -> ExitCode {
    const MOST: u64 = 64 << 20;
    let limits = Limits::new().memory(MOST);
    let all_at_once = || -> usize {
        silence();
        std::hint::black_box(vec![1_u8; 1 << 30]).len()
    };
    check(
        &error_within(limits.clone(), all_at_once, ()),
        ErrorKind::MemoryLimit,
        "process \"It\" ran out of the 67108864 bytes of memory that it was \
         given, and was ended",
    );
    let little_by_little = || -> usize {
        silence();
        let mut all = Vec::new();
        loop {
            all.push(std::hint::black_box(vec![1_u8; 10_000]));
        }
    };
    let error = error_within(limits.clone(), little_by_little, ());
    assert_eq!(error.kind(), ErrorKind::MemoryLimit);
    // As much as it was given is there, whatever the child had before.
    let enough = || std::hint::black_box(vec![1_u8; 48 << 20]).len();
    let mut process = Process::returning(enough, ()).with_limits(limits);
    process.start().unwrap();
    assert_eq!(process.result().unwrap(), 48 << 20);
    ExitCode::SUCCESS
}

fn limits_are_the_childs_own(_: StartMethod) {
    fn limits() -> Vec<(u64, u64)> {
        [
            Resource::RLIMIT_AS,
            Resource::RLIMIT_NOFILE,
            Resource::RLIMIT_CORE,
            Resource::RLIMIT_CPU,
        ]
        .into_iter()
        .map(|resource| getrlimit(resource).unwrap())
        .collect()
    }
    let before = limits();
    let tight = Limits::new()
        .memory(1 << 30)
        .files(64)
        .core(0)
        .cpu_time(Duration::from_secs(7));
    let mut process = Process::returning(limits, ()).with_limits(tight);
    process.start().unwrap();
    let inside = process.result().unwrap();
    assert!(inside[0].0 >= 1 << 30 && inside[0].0 == inside[0].1);
    assert_eq!(inside[1], (64, 64));
    assert_eq!(inside[2], (0, 0));
    assert_eq!(inside[3], (8, 9));
    assert_eq!(limits(), before);
    let mut next = Process::returning(limits, ());
    next.start().unwrap();
    assert_eq!(next.result().unwrap(), before);
    let files = |count: usize| -> Result<usize, i32> {
        let files: Result<Vec<_>, io::Error> =
            (0..count).map(|_| std::fs::File::open("/dev/null")).collect();
        files
            .map(|files| files.len())
            .map_err(|error| error.raw_os_error().unwrap())
    };
    let mut many =
        Process::returning(files, (64,)).with_limits(Limits::new().files(40));
    many.start().unwrap();
    assert_eq!(many.result().unwrap(), Err(24));
}

/// A program's own report of a crash is left alone.
fn own_handler_of_an_abort_stays(method: StartMethod) {
    // A spawned child has handlers only of its target's own making.
    if method != StartMethod::Fork {
        return;
    }
    let ignored = signal_hook::flag::register(
        signal_hook::consts::SIGABRT,
        std::sync::Arc::default(),
    )
    .unwrap();
    let mut process =
        Process::returning(|| raise(Signal::SIGABRT).unwrap(), ())
            .with_limits(Limits::new().memory(1 << 30));
    process.start().unwrap();
    let result = process.result();
    signal_hook::low_level::unregister(ignored);
    result.unwrap();
}

/// A copy of the child has the handlers, and another file under the number.
fn descendant_says_nothing() {
    fn parent() -> String {
        let mut copy = Process::fork(|| {
            silence();
            // It gets the lowest number that is free: the result's.
            let file = tempfile::tempfile().unwrap();
            let before = file.metadata().unwrap().len();
            let failed = Command::new("/nonexistent").spawn().is_err();
            assert!(failed && before == 0);
            std::hint::black_box(vec![1_u8; 1 << 40]);
        });
        copy.start().unwrap();
        copy.join().unwrap();
        format!("{:?}", copy.exitcode())
    }
    let mut process = Process::fork_returning(parent)
        .with_limits(Limits::new().memory(256 << 20).core(0));
    process.start().unwrap();
    assert_eq!(process.result().unwrap(), "Some(-6)");
}
