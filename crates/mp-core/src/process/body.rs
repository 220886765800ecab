//! What stands in a process to be run in it.

use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::Cause;
use crate::process::start_method::StartMethod;
use crate::process::target::{Ended, Outcome, Run, Task};
use crate::shm::reduction::{self, Payload};
use crate::sys::entry::Entry;
use crate::sys::lock::lock;
use crate::sys::stateless::stateless;
use crate::{Error, Result};

/// What a process runs.
pub trait Body {
    /// Python's name of the type of a process with this body.
    fn type_name() -> String;

    /// What a new process of the program begins with. None if there is no way
    /// to it but a copy of this process.
    fn entry(&self) -> Option<&'static Entry>;

    /// The body, to be sent.
    fn pack(&self) -> codec::error::Result<Payload>;

    /// Runs it, in a forked child.
    fn run_forked(&mut self) -> Ended;

    /// Makes what the child is to write its result to, if it gives one.
    fn open_result(&mut self) -> Result<Option<OwnedFd>> {
        Ok(None)
    }

    /// Lets go of what only the child needs, in the parent.
    fn let_go(&mut self) {}

    /// Lets go of what the child has left, when nobody can ask for it any more.
    fn close(&self) {}
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

    fn pack(&self) -> codec::error::Result<Payload> {
        reduction::pack(self)
    }

    fn run_forked(&mut self) -> Ended {
        self.run();
        Ok(0)
    }
}

/// What is done with the output of a task.
pub(crate) trait Deliver<R> {
    /// Runs the task and delivers its output.
    fn deliver(task: impl FnOnce() -> R) -> Ended;
}

/// The output says how the process ends.
#[derive(Debug)]
pub(crate) enum AsExitCode {}

impl<R: Outcome> Deliver<R> for AsExitCode {
    fn deliver(task: impl FnOnce() -> R) -> Ended {
        task().end()
    }
}

/// A task that is to be run once, with all that it needs. None once started, or
/// if there is nothing to do. In a mutex so that threads can share the process,
/// whatever the arguments are.
#[derive(Default)]
pub(crate) struct Call(Mutex<Option<Box<dyn CallOnce + Send>>>);

/// A function with its arguments, or a closure, of whatever types.
trait CallOnce {
    fn entry(&self) -> Option<&'static Entry>;
    fn pack(&self) -> codec::error::Result<Payload>;
    fn run(self: Box<Self>) -> Ended;
}

impl Call {
    /// A call of a function, whose output is delivered by `D`.
    pub(crate) fn function<F, Args, D>(_function: F, args: Args) -> Self
    where
        F: Task<Args>,
        Args: Serialize + Deserialize<'static> + Send + 'static,
        D: Deliver<F::Output> + 'static,
    {
        let function = PhantomData::<fn() -> (F, D)>;
        let call = Box::new(FunctionCall { args, function });
        Self(Mutex::new(Some(call)))
    }

    /// A call of a closure, whose output is delivered by `D`.
    pub(crate) fn closure<R, D: Deliver<R>>(
        closure: impl FnOnce() -> R + Send + 'static,
    ) -> Self {
        let call = Box::new(ClosureCall(move || D::deliver(closure)));
        Self(Mutex::new(Some(call)))
    }

    pub(crate) fn entry(&self) -> Option<&'static Entry> {
        const NOTHING: &Entry = &Entry::new(|_| Ok(0));
        lock(&self.0).as_ref().map_or(Some(NOTHING), |call| call.entry())
    }

    pub(crate) fn pack(&self) -> codec::error::Result<Payload> {
        let call = lock(&self.0);
        call.as_ref().map_or(Ok(Payload::default()), |call| call.pack())
    }

    pub(crate) fn run(&self) -> Ended {
        // Not held while it runs.
        let call = lock(&self.0).take();
        call.map_or(Ok(0), CallOnce::run)
    }

    pub(crate) fn let_go(&self) {
        *lock(&self.0) = None;
    }
}

struct FunctionCall<F, Args, D> {
    args: Args,
    // Not an `F`: a function need not be `Send` for its name to be.
    function: PhantomData<fn() -> (F, D)>,
}

impl<F, Args, D> FunctionCall<F, Args, D>
where
    F: Task<Args>,
    Args: Serialize + Deserialize<'static> + 'static,
    D: Deliver<F::Output> + 'static,
{
    const ENTRY: &'static Entry = &Entry::new(|sent| {
        with_arguments(sent, |args: Args| {
            D::deliver(|| stateless::<F>().call(args))
        })
    });
}

impl<F, Args, D> CallOnce for FunctionCall<F, Args, D>
where
    F: Task<Args>,
    Args: Serialize + Deserialize<'static> + 'static,
    D: Deliver<F::Output> + 'static,
{
    fn entry(&self) -> Option<&'static Entry> {
        Some(Self::ENTRY)
    }

    fn pack(&self) -> codec::error::Result<Payload> {
        reduction::pack(&self.args)
    }

    fn run(self: Box<Self>) -> Ended {
        D::deliver(|| stateless::<F>().call(self.args))
    }
}

struct ClosureCall<C>(C);

impl<C: FnOnce() -> Ended> CallOnce for ClosureCall<C> {
    fn entry(&self) -> Option<&'static Entry> {
        None
    }

    fn pack(&self) -> codec::error::Result<Payload> {
        Ok(Payload::default())
    }

    fn run(self: Box<Self>) -> Ended {
        (self.0)()
    }
}

/// The body of a process that runs a function: [`Process::new`]'s.
///
/// [`Process::new`]: crate::Process::new
#[allow(missing_debug_implementations, reason = "shown by its process")]
#[derive(Default)]
pub struct Function(Call);

impl Function {
    pub(crate) fn new<F, Args>(function: F, args: Args) -> Self
    where
        F: Task<Args, Output: Outcome>,
        Args: Serialize + Deserialize<'static> + Send + 'static,
    {
        Self(Call::function::<F, Args, AsExitCode>(function, args))
    }
}

impl Body for Function {
    fn type_name() -> String {
        "Process".to_owned()
    }

    fn entry(&self) -> Option<&'static Entry> {
        self.0.entry()
    }

    fn pack(&self) -> codec::error::Result<Payload> {
        self.0.pack()
    }

    fn run_forked(&mut self) -> Ended {
        self.0.run()
    }

    fn let_go(&mut self) {
        self.0.let_go();
    }
}

/// The body of a process that runs a closure: [`Process::fork`]'s.
///
/// [`Process::fork`]: crate::Process::fork
#[allow(missing_debug_implementations, reason = "shown by its process")]
pub struct Closure(Call);

impl Closure {
    pub(crate) fn new<R: Outcome>(
        closure: impl FnOnce() -> R + Send + 'static,
    ) -> Self {
        Self(Call::closure::<R, AsExitCode>(closure))
    }
}

impl Body for Closure {
    fn type_name() -> String {
        StartMethod::Fork.type_name().to_owned()
    }

    fn entry(&self) -> Option<&'static Entry> {
        None
    }

    fn pack(&self) -> codec::error::Result<Payload> {
        self.0.pack()
    }

    fn run_forked(&mut self) -> Ended {
        self.0.run()
    }

    fn let_go(&mut self) {
        self.0.let_go();
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
            let cause =
                Cause::Unpack("the arguments are broken", Some(source.into()));
            Err(Error::from(cause).to_string())
        }
    }
}
