//! The body of a test, in a process of its own.

use std::panic::resume_unwind;
use std::thread;

use crate::error::or_panic;
use crate::process::context::Context;
use crate::process::start_method::StartMethod;
use crate::process::target::Task;
use crate::{Panic, Result};

/// Runs a function, or a closure without captures, in a process of its own, and
/// waits for its end. For the body of a `#[test]`.
///
/// The harness runs tests on threads of one process. What may crash, leak, exit,
/// change the working directory, or needs to fork, is not safe beside the
/// others there. Here it has a process with a single thread, which is started
/// by spawn and named after the test.
///
/// What the body prints is not captured by the harness: it appears at once.
///
/// # Panics
///
/// - If the body panics: with the same message, which is printed with the place
///   in the body.
/// - If the process ends in another way, by a signal or by `exit`: with the
///   sentence that [`Process::result`](crate::Process::result) has for it.
/// - If the process cannot be started. [`init`](crate::init) must have been
///   called; [`init_before_main!`](crate::init_before_main) does it in a test.
///
/// # Examples
///
/// ```
/// use mp_core::{Process, StartMethod};
///
/// mp_core::init_before_main!();
///
/// #[test]
/// fn a_test_that_forks() {
///     mp_core::isolated(|| {
///         let words = vec!["captured", "by", "fork"];
///         let mut process = Process::fork_returning(move || words.join(" "));
///         process.start().unwrap();
///         assert_eq!(process.result().unwrap(), "captured by fork");
///     });
/// }
///
/// #[test]
/// #[should_panic(expected = "was killed by SIGABRT")]
/// fn a_test_that_crashes() {
///     mp_core::isolated(|| std::process::abort());
/// }
/// ```
#[allow(
    clippy::test_attr_in_doctest,
    reason = "the example is about tests; `tests/harness.rs` runs such ones"
)]
#[track_caller]
pub fn isolated(body: impl Task<(), Output = ()>) {
    let thread = thread::current();
    let name = thread.name().unwrap_or("isolated");
    if let Some(panic) = or_panic(run(body, name)) {
        // A new panic would bring its own place.
        let (file, line) = (panic.file(), panic.line());
        let (column, message) = (panic.column(), panic.message());
        eprintln!(
            "\nthread '{name}' panicked in a process of its own at \
             {file}:{line}:{column}:\n{message}"
        );
        resume_unwind(Box::new(message.to_owned()));
    }
}

/// The panic that ended the body, if one did.
fn run(body: impl Task<(), Output = ()>, name: &str) -> Result<Option<Panic>> {
    let mut process = Context::new(StartMethod::Spawn)
        .returning(body, ())
        .with_name(name)
        .with_quiet_panics();
    process.start()?;
    match process.result() {
        Ok(()) => Ok(None),
        Err(error) => match error.panic() {
            Some(panic) if error.kind() == crate::ErrorKind::Panicked => {
                Ok(Some(panic.clone()))
            }
            _ => Err(error),
        },
    }
}
