//! Processes.
//!
//! CPython: `multiprocessing/process.py`.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::process::body::{Body, Closure, Function};
use crate::process::family;
use crate::process::handle::Handle;
use crate::process::rules::Rules;
use crate::process::start_method::StartMethod;
use crate::process::target::{Outcome, Run, Target};

/// A process: one that can be started, one that was, or this one.
///
/// Python: [`multiprocessing.Process`]. Its [`Display`](std::fmt::Display) is
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
#[must_use = "a process does nothing until it is started"]
pub struct Process<T = Function> {
    pub(super) body: T,
    pub(super) handle: Arc<Handle>,
    /// The program's start method, if none.
    pub(super) method: Option<StartMethod>,
    pub(super) rules: Rules,
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
    /// function pointer: a new process would not have what they hold.
    ///
    /// ```compile_fail,E0277
    /// let name = String::from("Ada");
    /// mp_core::Process::new(move || println!("hello {name}"), ());
    /// ```
    /// ```compile_fail,E0080
    /// let times = 2;
    /// mp_core::Process::new(move || println!("{}", "hi".repeat(times)), ());
    /// ```
    /// ```compile_fail,E0080
    /// let greet: fn() = || println!("hello");
    /// mp_core::Process::new(greet, ());
    /// ```
    ///
    /// Pass the values in the tuple of arguments instead, or use
    /// [`Process::fork`](Process::fork). The last two, whose values are `Copy`,
    /// are errors of `cargo build` but not of `cargo check`. Whether a closure
    /// has a size is known when code is generated for it, and no bound on a
    /// type can ask for that.
    ///
    /// # What can be an argument
    ///
    /// What can be sent to another process: a type with `Serialize` and
    /// `Deserialize` that borrows nothing from this process. The function takes
    /// each argument as the type that it has in the tuple. For a `String` it
    /// takes a `String`; a `&str` is for a literal, or another
    /// `&'static str`.
    ///
    /// ```
    /// use mp_core::Process;
    ///
    /// fn greet(greeting: &str, name: String) {
    ///     println!("{greeting} {name}");
    /// }
    ///
    /// let name = String::from("Ada");
    /// let process = Process::new(greet, ("hello", name));
    /// ```
    /// ```compile_fail,E0597
    /// # use mp_core::Process;
    /// # fn greet(greeting: &str, name: &str) {}
    /// let name = String::from("Ada");
    /// Process::new(greet, ("hello", &name));
    /// ```
    /// ```compile_fail,E0277
    /// # use std::time::Instant;
    /// mp_core::Process::new(|_: Instant| (), (Instant::now(),));
    /// ```
    ///
    /// What serde can only read when the data say what they are (an untagged
    /// enum, `serde_json::Value`) is an error in the child.
    ///
    /// # When they are dropped
    ///
    /// The child has arguments of its own, and drops them as any function does.
    /// Those here are dropped as soon as the process has been started. So an
    /// argument that does something when it is dropped does it twice, and here
    /// before the child has worked with its own: see [`Process::fork`].
    pub fn new<F, Args>(target: F, args: Args) -> Self
    where
        F: Target<Args>,
        // The compiler quotes these lines, to their ends.
        Args: Serialize + Deserialize<'static> + Send, // sent to the child
        Args: 'static, // nothing borrowed: take a `String`, not a `&str`
    {
        let body = Function::new(target, args);
        Self::with(body, Function::type_name(), None)
    }

    /// A process that is known by its handle alone.
    pub(super) fn known(handle: Arc<Handle>) -> Self {
        let rules = Rules::default();
        Self { body: Function::default(), handle, method: None, rules }
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
    /// # What it captures
    ///
    /// It is moved into the process: this process drops it as soon as that has
    /// been started, as CPython does. That matters where something ends with
    /// the last copy. The writing end of a pipe that the closure has is closed
    /// here, and who reads from the pipe sees its end when the child has ended.
    /// If it were kept until then, a parent that first reads and then joins
    /// would wait for itself.
    ///
    /// But the child has a copy, and drops that too. A value that does something
    /// outside of both processes when it is dropped, such as a folder that is
    /// removed then, does it here and at once, before the child has worked with
    /// it. Keep such a value, and give the child what leads to it:
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mp_core::Process;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("result"); // not the folder itself
    /// let mut process = Process::fork({
    ///     let path = path.clone();
    ///     move || std::fs::write(path, "42")
    /// });
    /// process.start()?;
    /// process.join()?;
    /// assert_eq!(std::fs::read_to_string(path)?, "42");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It must be fit for another thread, since the process may be started by
    /// one:
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
    /// Gives up what the system holds for the process, before this is dropped.
    ///
    /// # Errors
    ///
    /// If the process is still running, as the current one always is; or if it
    /// is the child of another process, and was not seen to have ended.
    pub fn close(&self) -> Result<()> {
        self.observe(Handle::close)?;
        // A copy of the process has nothing of it, and another thread may have
        // been at it when the copy was made.
        if self.handle.is_ours() {
            self.body.close();
        }
        Ok(())
    }

    pub(crate) fn with(
        body: T,
        type_name: String,
        method: Option<StartMethod>,
    ) -> Self {
        let handle = Arc::new(family::new_child(type_name));
        Self { body, handle, method, rules: Rules::default() }
    }
}
