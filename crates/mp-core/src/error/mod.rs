//! What can go wrong.

pub(crate) mod cause;
pub(crate) mod kind;
pub(crate) mod panic;

use std::fmt;
use std::io;

pub(crate) use cause::Cause;
pub use kind::ErrorKind;
pub use panic::Panic;

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in one sentence.
///
/// Where CPython has a sentence for it, it is that sentence. An error that
/// comes from the system names what was tried, and has the system's own error
/// as its [`source`](std::error::Error::source).
pub struct Error {
    // One pointer, so that a `Result` stays small.
    cause: Box<Cause>,
}

impl Error {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.cause.kind()
    }

    /// The panic of the process whose result was asked for, if it panicked.
    pub fn panic(&self) -> Option<&Panic> {
        match &*self.cause {
            Cause::Panicked { panic, .. }
            | Cause::KilledAfterPanic { panic, .. } => Some(panic),
            _ => None,
        }
    }

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
        matches!(*self.cause, Cause::Deadlock)
    }

    /// Whether a process has ended, and something else took its exit code.
    pub(crate) fn is_exit_code_lost(&self) -> bool {
        matches!(*self.cause, Cause::ExitCodeLost { .. })
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

/// What was made, or a panic of the caller with the error's words: for what
/// panics beside a `try_` that gives the error.
#[track_caller]
pub(crate) fn or_panic<T>(made: Result<T>) -> T {
    // Not `unwrap_or_else`: a closure does not know the caller's place.
    match made {
        Ok(made) => made,
        Err(error) => panic!("{error}"),
    }
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self { cause: Box::new(cause) }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.cause)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}

/// As [`Display`](fmt::Display): `main` that returns it prints the sentence.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}
