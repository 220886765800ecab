//! Processes that give a value back.

use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::Mutex;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::Cause;
use crate::process::body::{Body, Call};
use crate::process::giving::AsResult;
use crate::process::outcome::why_none;
use crate::process::process::Process;
use crate::process::result_file::{ResultFile, State};
use crate::process::start_method::StartMethod;
use crate::process::target::{Ended, Task};
use crate::shm::reduction::Payload;
use crate::sys::entry::Entry;
use crate::sys::lock::lock;
use crate::{Error, Result};

/// The body of a process that gives a value of type `R` back:
/// [`Process::returning`]'s.
#[allow(missing_debug_implementations, reason = "shown by its process")]
pub struct Returning<R> {
    call: Call,
    /// From the start to the close.
    file: Mutex<Option<ResultFile>>,
    result: PhantomData<fn() -> R>,
}

impl<R: Serialize + DeserializeOwned + 'static> Returning<R> {
    pub(crate) fn new<F, Args>(function: F, args: Args) -> Self
    where
        F: Task<Args, Output = R>,
        Args: Serialize + Deserialize<'static> + Send + 'static,
    {
        Self::of(Call::function::<F, Args, AsResult>(function, args))
    }

    fn of(call: Call) -> Self {
        Self { call, file: Mutex::new(None), result: PhantomData }
    }
}

impl<R> Body for Returning<R> {
    fn type_name() -> String {
        "Process".to_owned()
    }

    fn entry(&self) -> Option<&'static Entry> {
        self.call.entry()
    }

    fn pack(&self) -> codec::error::Result<Payload> {
        self.call.pack()
    }

    fn run_forked(&mut self) -> Ended {
        self.call.run()
    }

    fn open_result(&mut self) -> Result<Option<OwnedFd>> {
        let opened = ResultFile::new()
            .and_then(|file| Ok((file.for_child()?, file)))
            .map_err(Error::system("make a file for the result"))?;
        let (for_child, file) = opened;
        *lock(&self.file) = Some(file);
        Ok(Some(for_child))
    }

    fn let_go(&mut self) {
        self.call.let_go();
    }

    fn close(&self) {
        *lock(&self.file) = None;
    }
}

impl<R: Serialize + DeserializeOwned + 'static> Process<Returning<R>> {
    /// A process that calls a function with arguments, and gives back what it
    /// returns.
    ///
    /// Python: `concurrent.futures.ProcessPoolExecutor.submit`, with a process
    /// of its own for the one call. What can be a target is said at
    /// [`Process::new`]; here it may return whatever serde can carry, a
    /// `Result<T, E>` of the caller's own included, if it borrows nothing: a
    /// `String`, not a `&str`. The value comes back by a file in memory: it may
    /// be of any length, the child waits for nobody to read it, and it is there
    /// when the child is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use mp_core::Process;
    ///
    /// fn parse(text: &str) -> Result<Vec<u32>, String> {
    ///     let number = |word: &str| {
    ///         word.parse().map_err(|_| format!("{word:?} is no number"))
    ///     };
    ///     text.split_whitespace().map(number).collect()
    /// }
    ///
    /// fn main() -> mp_core::Result<()> {
    ///     mp_core::init();
    ///     let mut good = Process::returning(parse, ("1 2 3",));
    ///     let mut bad = Process::returning(parse, ("1 two 3",));
    ///     good.start()?;
    ///     bad.start()?;
    ///     assert_eq!(good.result()?, Ok(vec![1, 2, 3]));
    ///     assert_eq!(bad.result()?, Err("\"two\" is no number".to_owned()));
    ///     Ok(())
    /// }
    /// ```
    ///
    /// What cannot be sent does not compile:
    ///
    /// ```compile_fail,E0277
    /// mp_core::Process::returning(|| std::time::Instant::now(), ());
    /// ```
    pub fn returning<F, Args>(target: F, args: Args) -> Self
    where
        F: Task<Args, Output = R>,
        // The compiler quotes these lines, to their ends.
        Args: Serialize + Deserialize<'static> + Send, // sent to the child
        Args: 'static, // nothing borrowed: take a `String`, not a `&str`
    {
        let body = Returning::new(target, args);
        Self::with(body, Returning::<R>::type_name(), None)
    }

    /// A process that runs a closure, which may capture, and gives back what it
    /// returns.
    ///
    /// As [`Process::fork`], it is started by fork, whatever the program's start
    /// method is.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> mp_core::Result<()> {
    /// use mp_core::Process;
    ///
    /// let words = vec!["a", "bc", "def"];
    /// let mut process = Process::fork_returning(move || words.concat());
    /// process.start()?;
    /// assert_eq!(process.result()?, "abcdef");
    /// # Ok(())
    /// # }
    /// ```
    pub fn fork_returning(
        closure: impl FnOnce() -> R + Send + 'static,
    ) -> Self {
        let fork = StartMethod::Fork;
        let body = Returning::of(Call::closure::<R, AsResult>(closure));
        Self::with(body, fork.type_name().to_owned(), Some(fork))
    }

    /// Keeps the message of a panic of the target off standard error. The
    /// [result](Self::result) tells of it all the same.
    pub fn with_quiet_panics(mut self) -> Self {
        self.rules.quiet_panics = true;
        self
    }

    /// Waits until the process has ended, and gives its result.
    ///
    /// It can be called again, and makes the value anew each time: the process
    /// object keeps the bytes until it is closed or dropped.
    ///
    /// # Errors
    ///
    /// What happened instead, by its [kind](Error::kind):
    ///
    /// | kind | what happened |
    /// |---|---|
    /// | `Panicked` | the target panicked; [`Error::panic`] has the message and the place |
    /// | `Killed { signal }` | a signal ended the process: a crash, or somebody |
    /// | `Exited { code }` | the target exited by itself |
    /// | `TimedOut` | it had its [time](Self::with_timeout) |
    /// | `CpuTimeLimit`, `MemoryLimit` | it reached one of its [limits](Self::with_limits) |
    /// | `BadResult` | it returned, and what it returned cannot be sent or read |
    /// | `NotRun` | the process ended before the target began |
    ///
    /// After `NotRun`, and after an error of [`start`](Self::start), the target
    /// has not run. After any of the others it may have done part of its work,
    /// or all of it.
    ///
    /// And those of [`join`](Self::join), but for the one about the exit code:
    /// a result that is there is not lost with that.
    pub fn result(&self) -> Result<R> {
        let joined = self.join();
        self.read_result(joined)
    }

    /// Waits for the result, but not for longer than `timeout`. None if the
    /// process has not ended by then; it goes on.
    ///
    /// # Errors
    ///
    /// Those of [`result`](Self::result).
    pub fn result_timeout(&self, timeout: Duration) -> Result<Option<R>> {
        match self.join_timeout(timeout) {
            Ok(false) => Ok(None),
            joined => self.read_result(joined.map(drop)).map(Some),
        }
    }

    /// The result, if the process has ended. None if it has not.
    ///
    /// # Errors
    ///
    /// Those of [`result`](Self::result).
    pub fn try_result(&self) -> Result<Option<R>> {
        self.result_timeout(Duration::ZERO)
    }

    /// What the process has left, once it was joined.
    fn read_result(&self, joined: Result<()>) -> Result<R> {
        match joined {
            Err(error) if !error.is_exit_code_lost() => return Err(error),
            _ => {}
        }
        let record = match &*lock(&self.body.file) {
            Some(file) => file.read(),
            // Another thread has closed it since.
            None => return Err(Cause::Closed.into()),
        };
        let name = self.name();
        let record =
            record.map_err(Error::system_of("read the result of", &name))?;
        if record.state != State::Value {
            let exit = self.handle.poll().ok().flatten();
            return Err(why_none(&record, exit, &self.rules, name).into());
        }
        record.value().map_err(|source| {
            Cause::NotDecoded { name, source: source.into() }.into()
        })
    }
}
