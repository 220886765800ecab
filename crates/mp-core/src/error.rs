//! What can go wrong.

use std::fmt;
use std::io;

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in one sentence.
///
/// Where CPython has a sentence for it, it is that sentence. An error that
/// comes from the system names what was tried, and has the system's own error
/// as its [`source`](std::error::Error::source).
pub struct Error {
    // One pointer, so that a `Result` stays small.
    kind: Box<Cause>,
}

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
         before it calls `mp_core::init()`, and the server, which runs it that \
         far, cannot fork beside them"
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
    Pack { name: String, source: postcard::Error },
    #[error("cannot read what the parent sent: {0}")]
    Unpack(&'static str, #[source] Option<postcard::Error>),

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

    #[error("failed to {what}: {source}")]
    System { what: &'static str, source: io::Error },
    #[error("failed to {what} {name:?}: {source}")]
    SystemOf { what: &'static str, name: String, source: io::Error },
}

impl Error {
    /// Whether a lock was not acquired because this thread holds it already.
    ///
    /// Waiting for it would never end.
    ///
    /// # Examples
    ///
    /// ```
    /// let lock = mp_core::Lock::new();
    /// let _guard = lock.acquire()?;
    /// assert!(lock.acquire().unwrap_err().is_deadlock());
    /// # Ok::<(), mp_core::Error>(())
    /// ```
    pub fn is_deadlock(&self) -> bool {
        matches!(*self.kind, Cause::Deadlock)
    }

    /// Makes an error of the system into one that says what was tried.
    pub(crate) fn system<E: Into<io::Error>>(
        what: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Cause::System { what, source: source.into() }.into()
    }

    /// The same, about a process.
    pub(crate) fn system_of<E: Into<io::Error>>(
        what: &'static str,
        name: &str,
    ) -> impl FnOnce(E) -> Self {
        move |source| {
            let (name, source) = (name.to_owned(), source.into());
            Cause::SystemOf { what, name, source }.into()
        }
    }
}

impl From<Cause> for Error {
    fn from(kind: Cause) -> Self {
        Self { kind: Box::new(kind) }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)
    }
}

/// As [`Display`](fmt::Display): `main` that returns it prints the sentence.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)
    }
}
