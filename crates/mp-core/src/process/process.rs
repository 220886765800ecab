//! Processes.
//!
//! CPython: `multiprocessing/process.py`.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use nix::fcntl::{OFlag, open};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use serde::{Deserialize, Serialize};

use crate::error::Cause;
use crate::process::body::{Body, Closure, Function};
use crate::process::handle::Handle;
use crate::process::popen::{Exit, Sentinel};
use crate::process::preparation::Preparation;
use crate::process::target::{Outcome, Run, Target};
use crate::process::{family, init, start, start_method, stdio};
use crate::sys::entry::Entry;
use crate::sys::fork::ForkWithThreads;
use crate::{Error, Result, StartMethod};

/// A process: one that can be started, one that was, or this one.
///
/// Python: [`multiprocessing.Process`]. Its [`Display`](fmt::Display) is
/// Python's `repr`. It has one of three bodies:
///
/// - a function and its arguments: [`Process::new`];
/// - a type of one's own with [`Run`], as a class that extends `Process` in
///   Python: `Process::from(value)`. The process dereferences to the value;
/// - a closure, which only fork can start: [`Process::fork`].
///
/// Dropping it neither ends the process nor waits for it. Before this program
/// ends, it waits for all its children that are no daemons.
///
/// [`multiprocessing.Process`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process
///
/// # Examples
///
/// ```
/// use mp_core::Process;
///
/// fn greet(name: &str, times: usize) {
///     println!("{}", format!("hello {name}! ").repeat(times));
/// }
///
/// fn main() -> mp_core::Result<()> {
///     mp_core::init();
///     let mut process = Process::new(greet, ("world", 2));
///     process.start()?;
///     process.join()?;
///     assert_eq!(process.exitcode(), Some(0));
///     Ok(())
/// }
/// ```
pub struct Process<T = Function> {
    body: T,
    handle: Arc<Handle>,
    /// The program's start method, if none.
    method: Option<StartMethod>,
}

impl Process {
    /// A process that calls a function with arguments.
    ///
    /// Python: `Process(target=function, args=arguments)`. The arguments are a
    /// tuple, also of one: `(7,)`. They are sent as serde describes them, a
    /// string literal for a `&str` included.
    ///
    /// # What can be a target
    ///
    /// A function, or a closure that captures nothing, of up to twelve
    /// parameters. It returns `()`, which is exit code 0, an
    /// [`ExitCode`](std::process::ExitCode), or a `Result` of these; an error is
    /// printed, and is exit code 1, as a panic is.
    ///
    /// Only the *place* of the function in the program is sent to a new
    /// process. So a closure that captures does not compile, nor does a
    /// function pointer:
    ///
    /// ```compile_fail,E0080
    /// let times = 2;
    /// mp_core::Process::new(move || println!("{}", "hi".repeat(times)), ());
    /// ```
    /// ```compile_fail,E0080
    /// let greet: fn() = || println!("hello");
    /// mp_core::Process::new(greet, ());
    /// ```
    ///
    /// and neither do arguments that cannot be sent:
    ///
    /// ```compile_fail,E0277
    /// # use std::time::Instant;
    /// mp_core::Process::new(|_: Instant| (), (Instant::now(),));
    /// ```
    ///
    /// What serde can only read when the data say what they are (an untagged
    /// enum, `serde_json::Value`) is an error in the child.
    pub fn new<F, Args>(target: F, args: Args) -> Self
    where
        F: Target<Args>,
        Args: Serialize + Deserialize<'static> + Send + 'static,
    {
        let body = Function::new(target, args);
        Self::with(body, Function::type_name(), None)
    }

    /// A process that is known by its handle alone.
    fn known(handle: Arc<Handle>) -> Self {
        Self { body: Function::default(), handle, method: None }
    }
}

/// A process that does nothing: Python's `Process()`.
impl Default for Process {
    fn default() -> Self {
        Self::with(Function::default(), Function::type_name(), None)
    }
}

impl Process<Closure> {
    /// A process that runs a closure, which may capture.
    ///
    /// Python: `get_context('fork').Process(target=…)`. Only a copy of this
    /// process has what the closure captured, so this process is started by
    /// fork, whatever the program's start method is. That a closure cannot be
    /// sent is not found out when the program runs, as in Python: there is no
    /// way to ask for it.
    ///
    /// It is started by [`start`](Self::start), as any other.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> mp_core::Result<()> {
    /// use mp_core::{Process, Value};
    ///
    /// let words = vec!["a", "b", "c"];
    /// let count = Value::new(0);
    /// let mut process = Process::fork({
    ///     let count = count.clone();
    ///     move || count.set(words.len())
    /// });
    /// process.start()?;
    /// process.join()?;
    /// assert_eq!(count.get(), 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// What it captures must be fit for another thread, since the process may
    /// be started by one:
    ///
    /// ```compile_fail,E0277
    /// let words = std::rc::Rc::new(vec!["a", "b"]);
    /// mp_core::Process::fork(move || println!("{words:?}"));
    /// ```
    pub fn fork<R: Outcome>(
        closure: impl FnOnce() -> R + Send + 'static,
    ) -> Self {
        let fork = Some(StartMethod::Fork);
        Self::with(Closure::new(closure), Closure::type_name(), fork)
    }
}

/// A process that runs a value of one's own type. See [`Run`].
impl<T: Run> From<T> for Process<T> {
    fn from(body: T) -> Self {
        Self::with(body, T::type_name(), None)
    }
}

/// The parent's copy of the value that the process runs.
impl<T: Run> Deref for Process<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.body
    }
}

impl<T: Body> Process<T> {
    pub(crate) fn with(
        body: T,
        type_name: String,
        method: Option<StartMethod>,
    ) -> Self {
        Self { body, handle: family::new_child(type_name).into(), method }
    }

    /// Starts the process.
    ///
    /// Python: [`Process.start`]. This returns as soon as the process is made,
    /// and waits neither for it to begin nor for its arguments to be read.
    ///
    /// [`Process.start`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.start
    ///
    /// # Errors
    ///
    /// - It has been started or closed, was not made in this process, or this
    ///   process is a daemon.
    /// - By spawn or forkserver: [`init`](crate::init) was not called; the
    ///   arguments cannot be serialized, or the target is not in the program
    ///   itself.
    /// - By fork: this process has other threads.
    /// - The system refuses it: there are too many processes, too many open
    ///   files, or too little memory. There is no child then, and the process
    ///   can be started later.
    pub fn start(&mut self) -> Result<()> {
        self.launch(None)
    }

    /// Starts the process, also by fork while other threads are running.
    ///
    /// A fork waits until no thread is writing to the standard streams: for
    /// ever, if one keeps [`std::io::stdout`] locked.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start).
    pub fn start_with_threads(
        &mut self,
        permit: ForkWithThreads,
    ) -> Result<()> {
        self.launch(Some(permit))
    }

    fn launch(&mut self, permit: Option<ForkWithThreads>) -> Result<()> {
        self.handle.check_startable()?;
        let current = family::current();
        if current.daemon() {
            return Err(Cause::ChildOfDaemon.into());
        }
        if init::is_bootstrapping() {
            return Err(Cause::Bootstrapping.into());
        }
        let method = self.method.map_or_else(start_method::start_method, Ok)?;
        family::SETTLE.register()?;
        // So that lines come in their order. What a fork must not copy is
        // written out when it forks.
        stdio::flush_if_alone();
        let popen = match method {
            StartMethod::Fork => {
                let birth = self.handle.birth(method, &current);
                start::fork::start(birth, &mut self.body, permit)
            }
            StartMethod::Spawn => {
                start::spawn::start(&self.preparation(method, &current)?)
            }
            StartMethod::ForkServer => {
                start::forkserver::start(&self.preparation(method, &current)?)
            }
        }?;
        self.handle.started(popen);
        family::add_child(self.handle.clone());
        self.body.let_go();
        Ok(())
    }

    /// What a new process of the program is sent.
    fn preparation(
        &self,
        method: StartMethod,
        parent: &Handle,
    ) -> Result<Preparation> {
        let name = self.name();
        if !init::is_initialised() {
            return Err(Cause::NoInit { name, method: method.name() }.into());
        }
        let Some(entry) = self.body.entry().and_then(Entry::offset) else {
            return Err(Cause::NotInImage { name }.into());
        };
        let payload = match self.body.pack() {
            Ok(payload) => payload,
            Err(source) => return Err(Cause::Pack { name, source }.into()),
        };
        // The server has stayed where the program was when it was started.
        let directory = match method {
            StartMethod::ForkServer => {
                let flags =
                    OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
                let directory = open(".", flags, Mode::empty())
                    .map_err(Error::system("open the working directory"))?;
                Some(directory)
            }
            StartMethod::Fork | StartMethod::Spawn => None,
        };
        let birth = self.handle.birth(method, parent);
        Preparation::new(entry, birth, directory, payload)
            .map_err(Error::system_of("prepare the start of", &name))
    }
}

impl<T> Process<T> {
    /// Gives it a name. An empty one stands for the default, such as
    /// `Process-1`.
    ///
    /// Python: `Process(name=…)`.
    #[must_use]
    pub fn with_name(self, name: &str) -> Self {
        self.set_name(name);
        self
    }

    /// Says whether it is a daemon.
    ///
    /// Python: `Process(daemon=…)`.
    ///
    /// # Panics
    ///
    /// If it has been started; see [`set_daemon`](Self::set_daemon).
    #[must_use]
    pub fn with_daemon(self, daemon: bool) -> Self {
        self.set_daemon(daemon).unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// The name. It means nothing to the system.
    pub fn name(&self) -> String {
        self.handle.name()
    }

    /// Changes the name. A child that has been started keeps the one it has.
    pub fn set_name(&self, name: &str) {
        self.handle.set_name(name);
    }

    /// Whether it is a daemon: a process that does not keep the program from
    /// ending, and is terminated when it does.
    ///
    /// A new process is one if the process that makes it is one, which the main
    /// process is not.
    ///
    /// # Differences from Python
    ///
    /// A daemon dies with its parent however that dies, also by SIGKILL.
    pub fn daemon(&self) -> bool {
        self.handle.daemon()
    }

    /// Changes whether it is a daemon.
    ///
    /// # Errors
    ///
    /// If it has been started or closed.
    pub fn set_daemon(&self, daemon: bool) -> Result<()> {
        self.handle.set_daemon(daemon)
    }

    /// The system's id of the process. None before the start and after
    /// [`close`](Self::close).
    pub fn pid(&self) -> Option<u32> {
        self.handle.pid().and_then(|pid| u32::try_from(pid).ok())
    }

    /// Whether the process is running.
    ///
    /// Python: `process.is_alive()`. A child that has ended is reaped.
    ///
    /// # Differences from Python
    ///
    /// Of a process that is neither a child, nor this one, nor its parent, and
    /// of a closed one, it is false. Python raises an exception.
    pub fn is_alive(&self) -> bool {
        self.observe(Handle::is_running)
    }

    /// How the process ended: none before that; 0; 1 after an error or a panic;
    /// the code that it exited with; minus the signal's number if a signal
    /// ended it. None, too, after [`close`](Self::close), and if the code was
    /// lost, which [`join`](Self::join) tells.
    pub fn exitcode(&self) -> Option<i32> {
        match self.observe(Handle::poll) {
            Ok(Some(Exit::Code(code))) => Some(code),
            _ => None,
        }
    }

    /// Waits until the process has ended.
    ///
    /// Python: `process.join()`. It can be called again.
    ///
    /// # Errors
    ///
    /// It was not started, is closed, or is neither a child nor the parent of
    /// this process. Or it has ended, but something else took its exit code:
    /// another piece of the program that waits for any child, or the system,
    /// since the program ignores SIGCHLD.
    pub fn join(&self) -> Result<()> {
        self.join_within(None).map(|_| ())
    }

    /// Waits until the process has ended, but not for longer than `timeout`.
    /// Whether it has.
    ///
    /// Python: `process.join(timeout)`.
    ///
    /// # Differences from Python
    ///
    /// A grandchild that lives on makes no difference. In Python, under fork
    /// and spawn, it makes this wait for the whole time.
    ///
    /// # Errors
    ///
    /// Those of [`join`](Self::join).
    pub fn join_timeout(&self, timeout: Duration) -> Result<bool> {
        self.join_within(Some(timeout))
    }

    /// Asks the process to end, by SIGTERM. Does nothing if it has ended.
    ///
    /// # Errors
    ///
    /// It was not started, is closed, or is not a child of this process; or it
    /// has become another user's.
    pub fn terminate(&self) -> Result<()> {
        self.handle.signal(Signal::SIGTERM as i32)
    }

    /// Ends the process, by SIGKILL. Does nothing if it has ended.
    ///
    /// # Errors
    ///
    /// Those of [`terminate`](Self::terminate).
    pub fn kill(&self) -> Result<()> {
        self.handle.signal(Signal::SIGKILL as i32)
    }

    /// Interrupts the process as the keyboard does, by SIGINT.
    ///
    /// Python: `process.interrupt()`, from 3.14 on.
    ///
    /// # Errors
    ///
    /// Those of [`terminate`](Self::terminate).
    pub fn interrupt(&self) -> Result<()> {
        self.handle.signal(Signal::SIGINT as i32)
    }

    /// What becomes ready when the process has ended.
    ///
    /// # Errors
    ///
    /// It was not started, is closed, or is not a child of this process.
    pub fn sentinel(&self) -> Result<Sentinel> {
        let popen = self.handle.popen(Cause::NotStarted)?;
        Ok(popen.sentinel())
    }

    /// Gives up what the system holds for the process, before this is dropped.
    ///
    /// # Errors
    ///
    /// If the process is still running.
    pub fn close(&self) -> Result<()> {
        self.observe(Handle::close)
    }

    fn join_within(&self, timeout: Option<Duration>) -> Result<bool> {
        self.observe(|handle| handle.wait(timeout))
    }

    /// Asks about the process. One that is seen to have ended is no child any
    /// more.
    fn observe<R>(&self, ask: impl FnOnce(&Handle) -> R) -> R {
        let answer = ask(&self.handle);
        if self.handle.has_ended() {
            family::remove_child(&self.handle);
        }
        answer
    }
}

impl<T> fmt::Display for Process<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.observe(|handle| fmt::Display::fmt(handle, f))
    }
}

/// As [`Display`](fmt::Display).
impl<T> fmt::Debug for Process<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The process that this code runs in.
///
/// Python: [`multiprocessing.current_process`].
///
/// [`multiprocessing.current_process`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.current_process
///
/// # Examples
///
/// ```
/// let process = mp_core::current_process();
/// assert_eq!(
///     process.to_string(),
///     "<_MainProcess name='MainProcess' parent=None started>"
/// );
/// ```
pub fn current_process() -> Process {
    Process::known(family::current())
}

/// The process that started this one. None in the main process.
///
/// Python: [`multiprocessing.parent_process`]. Besides its name and id one can
/// ask it whether it [is alive](Process::is_alive), and
/// [wait](Process::join_timeout) for its end.
///
/// [`multiprocessing.parent_process`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.parent_process
///
/// # Examples
///
/// ```
/// assert!(mp_core::parent_process().is_none());
/// ```
pub fn parent_process() -> Option<Process> {
    family::parent().map(Process::known)
}

/// The children of this process that are running.
///
/// Python: [`multiprocessing.active_children`]. Those that have ended are
/// reaped.
///
/// [`multiprocessing.active_children`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.active_children
///
/// # Differences from Python
///
/// They are in the order of their start.
///
/// # Examples
///
/// ```
/// assert!(mp_core::active_children().is_empty());
/// ```
pub fn active_children() -> Vec<Process> {
    family::children().into_iter().map(Process::known).collect()
}
