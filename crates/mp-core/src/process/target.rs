//! What a process can run: a function with arguments, a type with `run`, or,
//! by fork, a closure.

use std::fmt::Display;
use std::marker::PhantomData;
use std::process::ExitCode;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::error::ErrorKind;
use crate::shm::reduction::{self, Payload};
use crate::sys::entry::{Entry, stateless};
use crate::sys::lock::lock;
use crate::{Error, Result};

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
            `serde::Deserialize` for it"
)]
pub trait Run: Serialize + Deserialize<'static> + 'static {
    /// What the process does. Calling it directly does it in this process.
    fn run(&self);
}

/// A function or a closure without captures that takes `Args`, a tuple.
///
/// All of up to twelve arguments are targets: there is nothing to implement.
/// See
/// [`Process::new`](crate::Process::new).
///
/// A value without a size that a closure captures is no capture that anyone
/// could see: a new process makes it out of nothing. If it is to prove that
/// something was done before, it proves nothing there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the target of a `Process` with the arguments `{Args}`",
    note = "a target is a function, or a closure that captures nothing, whose \
            parameters are the items of the tuple of arguments",
    note = "it returns `()`, `ExitCode`, or a `Result` of these"
)]
pub trait Target<Args>: Copy + Send + 'static {
    #[doc(hidden)]
    fn call(self, args: Args) -> Ended;
}

/// How a target ended: with an exit code, or with what is to be reported.
pub(crate) type Ended = Result<i32, String>;

/// What a target may return.
///
/// `()` is exit code 0, [`ExitCode`] is itself, and a function that never
/// returns is all right. Of a `Result`, the error is printed to standard error,
/// and the exit code is 1.
#[diagnostic::on_unimplemented(
    message = "the target of a `Process` cannot return `{Self}`",
    note = "it returns `()`, `ExitCode`, or a `Result` of these whose error \
            implements `Display`"
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

macro_rules! targets {
    ($($argument:ident)*) => {
        #[allow(non_snake_case, reason = "named as their types")]
        impl<F, R, $($argument),*> Target<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + Copy + Send + 'static,
            R: Outcome,
        {
            fn call(self, ($($argument,)*): ($($argument,)*)) -> Ended {
                self($($argument),*).end()
            }
        }
    };
}
targets!();
targets!(A);
targets!(A B);
targets!(A B C);
targets!(A B C D);
targets!(A B C D E);
targets!(A B C D E G);
targets!(A B C D E G H);
targets!(A B C D E G H I);
targets!(A B C D E G H I J);
targets!(A B C D E G H I J K);
targets!(A B C D E G H I J K L);
targets!(A B C D E G H I J K L M);

/// What stands in a process to be run in it.
pub trait Body {
    /// Python's name of the type of a process with this body.
    fn type_name() -> String;

    /// What a new process of the program begins with. None if there is no way
    /// to it but a copy of this process.
    fn entry(&self) -> Option<&'static Entry>;

    /// The body, to be sent.
    fn pack(&self) -> Result<Payload, postcard::Error>;

    /// Runs it, in a forked child.
    fn run_forked(&mut self) -> Ended;

    /// Lets go of what only the child needs, in the parent.
    fn let_go(&mut self) {}
}

impl<T: Run> Body for T {
    fn type_name() -> String {
        let path = std::any::type_name::<T>();
        let plain = path.split('<').next().unwrap_or(path);
        plain.rsplit("::").next().unwrap_or(plain).to_owned()
    }

    fn entry(&self) -> Option<&'static Entry> {
        struct OfRun<T>(PhantomData<T>);
        impl<T: Run> OfRun<T> {
            const ENTRY: &'static Entry = &Entry::new(|sent| {
                with_arguments(sent, |body: T| {
                    body.run();
                    Ok(0)
                })
            });
        }
        Some(OfRun::<T>::ENTRY)
    }

    fn pack(&self) -> Result<Payload, postcard::Error> {
        reduction::pack(self)
    }

    fn run_forked(&mut self) -> Ended {
        self.run();
        Ok(0)
    }
}

/// The body of a process that runs a function: [`Process::new`]'s.
///
/// [`Process::new`]: crate::Process::new
#[allow(missing_debug_implementations, reason = "shown by its process")]
#[derive(Default)]
pub struct Function {
    /// None once started, or if there is nothing to do. In a mutex so that
    /// threads can share the process, whatever the arguments are.
    call: Mutex<Option<Box<dyn Call + Send>>>,
}

/// A function with its arguments, of whatever types.
trait Call {
    fn entry(&self) -> &'static Entry;
    fn pack(&self) -> Result<Payload, postcard::Error>;
    fn run(self: Box<Self>) -> Ended;
}

struct FunctionCall<F, Args> {
    args: Args,
    // Not an `F`: a function need not be `Send` for its name to be.
    function: PhantomData<fn() -> F>,
}

impl<F, Args> FunctionCall<F, Args>
where
    F: Target<Args>,
    Args: Serialize + Deserialize<'static> + 'static,
{
    const ENTRY: &'static Entry = &Entry::new(|sent| {
        with_arguments(sent, |args: Args| stateless::<F>().call(args))
    });
}

impl<F, Args> Call for FunctionCall<F, Args>
where
    F: Target<Args>,
    Args: Serialize + Deserialize<'static> + 'static,
{
    fn entry(&self) -> &'static Entry {
        Self::ENTRY
    }

    fn pack(&self) -> Result<Payload, postcard::Error> {
        reduction::pack(&self.args)
    }

    fn run(self: Box<Self>) -> Ended {
        stateless::<F>().call(self.args)
    }
}

impl Function {
    pub(crate) fn new<F, Args>(_function: F, args: Args) -> Self
    where
        F: Target<Args>,
        Args: Serialize + Deserialize<'static> + Send + 'static,
    {
        let function = PhantomData::<fn() -> F>;
        let call = Box::new(FunctionCall { args, function });
        Self { call: Mutex::new(Some(call)) }
    }
}

impl Body for Function {
    fn type_name() -> String {
        "Process".to_owned()
    }

    fn entry(&self) -> Option<&'static Entry> {
        const NOTHING: &Entry = &Entry::new(|_| Ok(0));
        let call = lock(&self.call);
        Some(call.as_ref().map_or(NOTHING, |call| call.entry()))
    }

    fn pack(&self) -> Result<Payload, postcard::Error> {
        let call = lock(&self.call);
        call.as_ref().map_or(Ok(Payload::default()), |call| call.pack())
    }

    fn run_forked(&mut self) -> Ended {
        // Not held while it runs.
        let call = lock(&self.call).take();
        call.map_or(Ok(0), Call::run)
    }

    fn let_go(&mut self) {
        *lock(&self.call) = None;
    }
}

/// The body of a process that runs a closure: [`Process::fork`]'s.
///
/// [`Process::fork`]: crate::Process::fork
#[allow(missing_debug_implementations, reason = "shown by its process")]
pub struct Closure {
    /// None once started. In a mutex as a function is.
    call: Mutex<Option<Box<dyn FnOnce() -> Ended + Send>>>,
}

impl Closure {
    pub(crate) fn new<R: Outcome>(
        closure: impl FnOnce() -> R + Send + 'static,
    ) -> Self {
        let call = Box::new(move || closure().end());
        Self { call: Mutex::new(Some(call)) }
    }
}

impl Body for Closure {
    fn type_name() -> String {
        crate::StartMethod::Fork.type_name().to_owned()
    }

    fn entry(&self) -> Option<&'static Entry> {
        None
    }

    fn pack(&self) -> Result<Payload, postcard::Error> {
        Ok(Payload::default())
    }

    fn run_forked(&mut self) -> Ended {
        let call = lock(&self.call).take();
        call.map_or(Ok(0), |call| call())
    }

    fn let_go(&mut self) {
        *lock(&self.call) = None;
    }
}

/// Reads what was sent, and does something with it in the new process.
fn with_arguments<T: Deserialize<'static>>(
    sent: &'static [u8],
    run: impl FnOnce(T) -> Ended,
) -> Ended {
    match reduction::unpack(sent) {
        Ok(arguments) => run(arguments),
        Err(source) => {
            let error =
                ErrorKind::Unpack("the arguments are broken", Some(source));
            Err(Error::from(error).to_string())
        }
    }
}
