//! Every error there is, with its sentence.

use std::fmt;
use std::io;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::error::panic::Panic;

/// The reason for an error, which somebody else gives.
pub(crate) type BoxedError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("cannot start a process twice")]
    StartedTwice,
    #[error("can only start a process object created by current process")]
    NotStartable,
    #[error("daemonic processes are not allowed to have children")]
    ChildOfDaemon,
    #[error("can only join a started process")]
    JoinBeforeStart,
    #[error("can only join a child process")]
    JoinOfOther,
    #[error("can only test a child process")]
    TestOfOther,
    #[error("can only send a signal to a child process")]
    SignalToOther,
    #[error("can only give the sentinel of a child process")]
    SentinelOfOther,
    #[error("can only close a child process, or one that has ended")]
    CloseOfOther,
    #[error("process not started")]
    NotStarted,
    #[error("process has already started")]
    AlreadyStarted,
    #[error("process object is closed")]
    Closed,
    #[error(
        "Cannot close a process while it is still running. You should first \
         call join() or terminate()."
    )]
    StillRunning,
    #[error(
        "the exit code of {name:?} is lost: something else waited for the \
         process, or SIGCHLD is ignored"
    )]
    ExitCodeLost { name: String },

    #[error("context has already been set")]
    ContextSet,
    #[error("cannot find context for '{0}'")]
    NoContext(String),
    #[error(
        "the environment variable MP_START_METHOD is '{0}': it must be fork, \
         spawn or forkserver"
    )]
    BadStartMethod(String),

    #[error(
        "cannot start {name:?} by {method}: add `mp_core::init();` as the \
         first statement of `main`, or `mp_core::init_before_main!();` to a \
         test, so that the new process can find its way in"
    )]
    NoInit { name: String, method: &'static str },
    #[error(
        "cannot start {name:?} by fork, since other threads are running, and \
         not by forkserver either: add `mp_core::init();` as the first \
         statement of `main`, or `mp_core::init_before_main!();` to a test, so \
         that the new process can find its way in"
    )]
    NoInitBesideThreads { name: String },
    #[error(
        "An attempt has been made to start a new process before the current \
         process has finished its bootstrapping phase: this is a child, and \
         `mp_core::init();` has to come before whatever `main` starts"
    )]
    Bootstrapping,
    #[error(
        "cannot fork {name:?} while other threads are running ({threads} in \
         all): the child would get only the thread that forks, and the others' \
         work half done; start it by spawn or forkserver"
    )]
    Threads { name: String, threads: String },
    #[error(
        "cannot start {name:?} by forkserver: the program starts threads \
         before it calls `mp_core::init()`, as `#[tokio::main]` does, and the \
         server, which runs it that far, cannot fork beside them; call \
         `mp_core::init()` first, and start the threads, or build the \
         runtime, after it"
    )]
    ServerThreads { name: String },
    #[error(
        "the target of {name:?} is not part of the program itself but of a \
         library that it loaded, where a new process would not find it; start \
         it by fork"
    )]
    NotInImage { name: String },

    #[error(
        "{0} objects should only be shared between processes through \
         inheritance"
    )]
    NotInheriting(&'static str),
    #[error("cannot send the arguments of {name:?} to its process: {source}")]
    Pack { name: String, source: BoxedError },
    #[error("cannot read what the parent sent: {0}{because}", because = Because(.1.as_deref()))]
    Unpack(&'static str, #[source] Option<BoxedError>),

    #[error("this thread already holds the lock, and would wait for ever")]
    Deadlock,
    #[error("semaphore or lock released too many times")]
    OverRelease,
    #[error("attempt to release a lock held by another thread or process")]
    NotOwner,
    #[error("attempt to release recursive lock not owned by thread")]
    RecursiveNotOwner,
    #[error("this thread already holds the lock too many times")]
    TooDeep,

    #[error("process {name:?} panicked at {panic}")]
    Panicked { name: String, panic: Panic },
    #[error("process {name:?} panicked")]
    PanickedUnseen { name: String },
    #[error("process {name:?} was killed by {}", SignalName(*.signal))]
    Killed { name: String, signal: i32 },
    #[error(
        "process {name:?} was killed by {}; before that it panicked at {panic}",
        SignalName(*.signal)
    )]
    KilledAfterPanic { name: String, signal: i32, panic: Panic },
    #[error("process {name:?} exited with code {code} and gave no result")]
    Exited { name: String, code: i32 },
    #[error(
        "process {name:?} took longer than the {limit:?} that it was given, and \
         was ended"
    )]
    TimedOut { name: String, limit: Duration },
    #[error(
        "process {name:?} used more than the {limit:?} of CPU time that it was \
         given, and was ended"
    )]
    CpuTimeLimit { name: String, limit: Duration },
    #[error(
        "process {name:?} ran out of the {limit} bytes of memory that it was \
         given, and was ended"
    )]
    MemoryLimit { name: String, limit: u64 },
    #[error("process {name:?} gave no result: {why}")]
    NotSent { name: String, why: String },
    #[error("cannot read the result of process {name:?}: {source}")]
    NotDecoded { name: String, source: BoxedError },
    #[error("the target of process {name:?} never began: {how}")]
    NotRun { name: String, how: String },
    #[error(
        "an array of {length} items cannot be in chunks of {chunk_length}: a \
         chunk has at least one item, and an array at most {most} chunks"
    )]
    BadChunks { length: usize, chunk_length: usize, most: usize },

    #[error(
        "cannot start {name:?} by {method}: too many descriptors are on their \
         way to processes that have not come to `mp_core::init()` yet, as many \
         as a process may have open; do less before it in `main`, or raise \
         that limit"
    )]
    InFlight { name: String, method: &'static str, source: io::Error },
    #[error("failed to {what}: {source}")]
    System { what: &'static str, source: io::Error },
    #[error("failed to {what} {name:?}: {source}")]
    SystemOf { what: &'static str, name: String, source: io::Error },
}

/// A signal by its name.
pub(crate) struct SignalName(pub(crate) i32);

impl fmt::Display for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match Signal::try_from(self.0) {
            Ok(signal) => f.write_str(signal.as_str()),
            Err(_) => write!(f, "signal {}", self.0),
        }
    }
}

/// The reason for an error, behind the error, if there is one.
struct Because<'a>(Option<&'a (dyn std::error::Error + Send + Sync)>);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}
