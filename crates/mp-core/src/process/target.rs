//! What a process can run: a function with arguments, or a type with `run`; and
//! what these may return.

use std::fmt::Display;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::sys::stateless::{Captures, Nothing, Stateless};

/// A type of one's own that a process runs.
///
/// Python: a class that [extends `Process`] and overrides `run`. The value is
/// put into a process with [`Process::from`](crate::Process), and its fields
/// can be read through the process, before the start and after the end. They
/// are the parent's own copy: what the child is to give back goes into a
/// [`Value`](crate::Value) or an [`Array`](crate::Array), which are shared.
///
/// The derived `Serialize` and `Deserialize` carry the value to a process that
/// is started by spawn or forkserver. It is what Python calls "picklable", and
/// what is not is an error of the compiler.
///
/// [extends `Process`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.run
///
/// # Examples
///
/// ```
/// use mp_core::{Process, Run, Value};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Square {
///     n: i64,
///     result: Value<i64>,
/// }
///
/// impl Run for Square {
///     fn run(&self) {
///         self.result.set(self.n * self.n);
///     }
/// }
///
/// fn main() -> mp_core::Result<()> {
///     mp_core::init();
///     let mut process = Process::from(Square { n: 12, result: Value::new(0) });
///     process.start()?;
///     process.join()?;
///     assert_eq!(process.result.get(), 144);
///     Ok(())
/// }
/// ```
///
/// A type that has no `run` is no body of a process:
///
/// ```compile_fail,E0277
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Number(i64);
///
/// mp_core::Process::from(Number(12));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the body of a `Process`",
    note = "write `impl Run for {Self}`, and derive `serde::Serialize` and \
            `serde::Deserialize` for it",
    note = "to run a function or a closure, use `Process::new` or \
            `Process::fork`"
)]
pub trait Run: Serialize + Deserialize<'static> + 'static {
    /// What the process does. Calling it directly does it in this process.
    fn run(&self);
}

/// A function or a closure without captures that takes `Args`, a tuple, and
/// gives an [`Output`](Self::Output).
///
/// All of up to twelve arguments are tasks: there is nothing to implement. See
/// [`Process::new`](crate::Process::new).
///
/// Every task is `Copy`. Generic code that makes use of it says so:
/// `F: Task<Args> + Copy`.
///
/// A value without a size that a closure captures is no capture that anyone
/// could see: a new process makes it out of nothing. If it is to prove that
/// something was done before, it proves nothing there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a task that another process can run",
    label = "not something that another process can run",
    note = "a task is a function, or a closure that captures nothing, of at \
            most twelve parameters, which are the items of the tuple of \
            arguments"
)]
pub trait Task<Args>: Stateless {
    /// What it returns.
    type Output;

    #[doc(hidden)]
    fn call(self, args: Args) -> Self::Output;
}

/// A [`Task`] whose output says how the process ends: see [`Outcome`].
///
/// There is nothing to implement: every such task is a target.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the target of a `Process`",
    label = "not something that another process can run",
    note = "a target is a function, or a closure that captures nothing, of at \
            most twelve parameters, which are the items of the tuple of \
            arguments"
)]
pub trait Target<Args>: Task<Args, Output: Outcome> {}

impl<F: Task<Args, Output: Outcome>, Args> Target<Args> for F {}

/// How a target ended: with an exit code, or with what is to be reported.
pub(crate) type Ended = Result<i32, String>;

/// What a target may return.
///
/// `()` is exit code 0, [`ExitCode`] is itself, and a function that never
/// returns is all right. Of a `Result`, the error is printed to standard error,
/// and the exit code is 1.
#[diagnostic::on_unimplemented(
    message = "the target of a `Process` cannot return `{Self}`",
    label = "does not say how the process ends",
    note = "it returns `()`, `ExitCode`, or a `Result` of these whose error \
            implements `Display`",
    note = "a process that gives a value back is made by `Process::returning`, \
            or, from a closure that captures, by `Process::fork_returning`"
)]
pub trait Outcome {
    #[doc(hidden)]
    fn end(self) -> Ended;
}

impl Outcome for () {
    fn end(self) -> Ended {
        Ok(0)
    }
}

impl Outcome for ExitCode {
    fn end(self) -> Ended {
        // The standard library does not say the number, but compares it.
        let number = (0..=u8::MAX).find(|&code| Self::from(code) == self);
        Ok(number.map_or(1, i32::from))
    }
}

impl<T: Outcome, E: Display> Outcome for Result<T, E> {
    fn end(self) -> Ended {
        match self {
            Ok(value) => value.end(),
            // The long form, in which some errors tell their causes.
            Err(error) => Err(format!("Error: {error:#}")),
        }
    }
}

/// The type `!`, which has no name yet: what a function that never returns
/// returns.
#[diagnostic::do_not_recommend]
impl Outcome for <fn() -> ! as Returns>::Type {
    fn end(self) -> Ended {
        self
    }
}

pub trait Returns {
    type Type;
}

impl<R> Returns for fn() -> R {
    type Type = R;
}

macro_rules! tasks {
    ($($argument:ident)*) => {
        #[allow(non_snake_case, reason = "named as their types")]
        impl<F, R, $($argument),*> Task<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + Send + 'static,
            Captures<F>: Nothing,
        {
            type Output = R;

            fn call(self, ($($argument,)*): ($($argument,)*)) -> R {
                self($($argument),*)
            }
        }
    };
}
tasks!();
tasks!(A);
tasks!(A B);
tasks!(A B C);
tasks!(A B C D);
tasks!(A B C D E);
tasks!(A B C D E G);
tasks!(A B C D E G H);
tasks!(A B C D E G H I);
tasks!(A B C D E G H I J);
tasks!(A B C D E G H I J K);
tasks!(A B C D E G H I J K L);
tasks!(A B C D E G H I J K L M);
