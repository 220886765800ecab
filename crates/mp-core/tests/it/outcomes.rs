//! What becomes of a process that gives no value.

use std::panic::catch_unwind;
use std::process::{ExitCode, abort, exit};
use std::thread;

use mp_core::{
    Error, ErrorKind, Limits, Lock, Process, Returning, StartMethod, Task,
};
use nix::sys::signal::{Signal, raise};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::support::{program, silence};

crate::cases! {
    each_method: [
        panics,
        panic_that_is_caught,
        panic_while_panicking,
        panic_that_cannot_unwind,
        quiet_panic,
        signals,
        exits,
        results_that_cannot_be_sent_or_read,
        arguments_that_cannot_be_read,
    ],
    once: [],
    programs: [panics_quietly, panics_loudly],
}

/// The error of a process that runs this, and is quiet.
fn error_of<F, Args>(target: F, args: Args) -> Error
where
    F: Task<Args, Output: Serialize + DeserializeOwned + 'static>,
    Args: Serialize + Deserialize<'static> + Send + 'static,
{
    error_within(Limits::new(), target, args)
}

pub(crate) fn error_within<F, Args>(
    limits: Limits,
    target: F,
    args: Args,
) -> Error
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
pub(crate) fn check(error: &Error, kind: ErrorKind, text: &str) {
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
    let panic = error.panic().unwrap();
    assert_eq!(panic.message(), "the second");
    assert!(panic.file().ends_with("outcomes.rs"), "{panic}");
    assert!(error.to_string().starts_with(
        "process \"It\" was killed by SIGABRT; before that it panicked at "
    ));
}

fn panic_that_cannot_unwind(_: StartMethod) {
    extern "C" fn stuck() {
        panic!("the only one");
    }
    let target = || {
        silence();
        stuck();
    };
    let error = error_of(target, ());
    assert_eq!(error.kind(), ErrorKind::Killed { signal: 6 });
    assert_eq!(error.panic().unwrap().message(), "the only one");
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
pub(crate) struct Awkward(pub(crate) bool);

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
