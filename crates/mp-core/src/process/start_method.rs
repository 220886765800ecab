//! Start methods, and which one the program has chosen.
//!
//! CPython: `multiprocessing/context.py`.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Cause;
use crate::sys::fork::is_single_threaded_within;
use crate::sys::lock::lock;
use crate::{Error, Result};

/// The environment variable that names the start method of a program that
/// chooses none.
const VARIABLE: &str = "MP_START_METHOD";

static CHOICE: Mutex<Option<Choice>> = Mutex::new(None);

/// How long a thread that was joined, or whose scope has ended, may take to go.
const MOMENT: Duration = Duration::from_millis(10);

/// The start method of processes that do not ask for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) method: StartMethod,
    /// Whether somebody chose it, and not only nobody another.
    pub(crate) chosen: bool,
}

impl Choice {
    /// The method by which to start a process now.
    pub(crate) fn method(
        self,
        may_fork_beside_threads: bool,
    ) -> Result<StartMethod> {
        if self.chosen
            || self.method != StartMethod::Fork
            || may_fork_beside_threads
            || is_single_threaded_within(MOMENT)
                .map_err(Error::system("count the threads"))?
        {
            Ok(self.method)
        } else {
            Ok(StartMethod::ForkServer)
        }
    }
}

/// How a process is made.
///
/// Python: [contexts and start methods]. Parses from, and displays as, Python's
/// names: `fork`, `spawn`, `forkserver`.
///
/// [contexts and start methods]: https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods
///
/// # Examples
///
/// ```
/// use mp_core::StartMethod;
///
/// assert_eq!("spawn".parse::<StartMethod>()?, StartMethod::Spawn);
/// let error = "nope".parse::<StartMethod>().unwrap_err();
/// assert_eq!(error.to_string(), "cannot find context for 'nope'");
/// # Ok::<(), mp_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StartMethod {
    /// The child is a copy of this process, with all that is in its memory.
    /// Its cost grows with that memory, and it cannot be done while the process
    /// has other threads.
    Fork,
    /// The child is a new process of the same program: it runs `main` as far as
    /// [`init`](crate::init). It gets its arguments and nothing else.
    Spawn,
    /// The child is a copy of a helper process, which was spawned when the
    /// first child was started this way, and has run `main` as far as
    /// [`init`](crate::init). As spawn, but much faster: two such copies are
    /// always made ahead, and wait for the next start. They and the helper end
    /// with this process.
    ForkServer,
}

impl StartMethod {
    /// All start methods, in the order in which Python lists them.
    pub const ALL: [Self; 3] = [Self::Fork, Self::Spawn, Self::ForkServer];

    /// Python's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Spawn => "spawn",
            Self::ForkServer => "forkserver",
        }
    }

    /// Python's name of the type of a process with this start method.
    pub(crate) const fn type_name(self) -> &'static str {
        match self {
            Self::Fork => "ForkProcess",
            Self::Spawn => "SpawnProcess",
            Self::ForkServer => "ForkServerProcess",
        }
    }
}

impl fmt::Display for StartMethod {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for StartMethod {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|method| method.name() == name)
            .ok_or_else(|| Cause::NoContext(name.to_owned()).into())
    }
}

/// The start method of processes that do not ask for one.
///
/// Python: [`multiprocessing.get_start_method`]. If none was set it is what the
/// environment variable `MP_START_METHOD` says, and fork if that is not set or
/// empty; asking settles it, so that [`set_start_method`] comes too late
/// afterwards. In a child it is the method that the child was started with.
///
/// # A program that chooses none
///
/// Its processes are started by fork while it has one thread, and by forkserver
/// while it has more: a fork would copy only one of them. So a process can be
/// started from an async runtime, in a `thread::scope` or in a `#[test]`, as
/// long as [`init`](crate::init) was called before there were threads (which
/// rules out `#[tokio::main]`, as is said there). This function says fork all the
/// same; [`Process::start_method`](crate::Process::start_method) says how one
/// process was started. A program that chose fork, by [`set_start_method`], by
/// a [`Context`](crate::Context) or by the variable, is refused beside other
/// threads.
///
/// [`multiprocessing.get_start_method`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.get_start_method
///
/// # Errors
///
/// If `MP_START_METHOD` is none of the three names.
///
/// # Examples
///
/// ```
/// use mp_core::{StartMethod, start_method};
///
/// assert_eq!(start_method()?, StartMethod::Fork);
/// # Ok::<(), mp_core::Error>(())
/// ```
pub fn start_method() -> Result<StartMethod> {
    choice().map(|choice| choice.method)
}

/// The same, and whether it was chosen.
pub(crate) fn choice() -> Result<Choice> {
    let mut settled = lock(&CHOICE);
    let choice = match *settled {
        Some(choice) => choice,
        None => default_choice()?,
    };
    *settled = Some(choice);
    Ok(choice)
}

/// The start method that was set or settled so far, if any.
///
/// Python: `multiprocessing.get_start_method(allow_none=True)`.
///
/// # Examples
///
/// ```
/// assert_eq!(mp_core::chosen_start_method(), None);
/// ```
pub fn chosen_start_method() -> Option<StartMethod> {
    lock(&CHOICE).map(|choice| choice.method)
}

/// Sets the start method of processes that do not ask for one.
///
/// Python: [`multiprocessing.set_start_method`]. Call it once, in `main`, after
/// [`init`](crate::init).
///
/// [`multiprocessing.set_start_method`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.set_start_method
///
/// # Errors
///
/// "context has already been set", if it has, or has been asked for.
///
/// # Examples
///
/// ```
/// use mp_core::{StartMethod, set_start_method};
///
/// set_start_method(StartMethod::Spawn)?;
/// let error = set_start_method(StartMethod::Fork).unwrap_err();
/// assert_eq!(error.to_string(), "context has already been set");
/// # Ok::<(), mp_core::Error>(())
/// ```
pub fn set_start_method(method: StartMethod) -> Result<()> {
    let mut settled = lock(&CHOICE);
    if settled.is_some() {
        return Err(Cause::ContextSet.into());
    }
    *settled = Some(Choice { method, chosen: true });
    Ok(())
}

/// Sets the start method even if it has been set.
///
/// Python: `multiprocessing.set_start_method(method, force=True)`. With `None`
/// it is as if none had been set yet: who asks next settles it again, and
/// [`set_start_method`] can set it.
///
/// # Examples
///
/// ```
/// use mp_core::{StartMethod, force_start_method, start_method};
///
/// force_start_method(StartMethod::ForkServer);
/// assert_eq!(start_method()?, StartMethod::ForkServer);
///
/// force_start_method(None);
/// assert_eq!(mp_core::chosen_start_method(), None);
/// assert_eq!(start_method()?, StartMethod::Fork);
/// # Ok::<(), mp_core::Error>(())
/// ```
pub fn force_start_method(method: impl Into<Option<StartMethod>>) {
    let chosen = |method| Choice { method, chosen: true };
    let choice = method.into().map(chosen);
    *lock(&CHOICE) = choice;
}

/// Takes over what the parent says, in a child.
pub(crate) fn inherit(method: StartMethod, chosen: bool) {
    *lock(&CHOICE) = Some(Choice { method, chosen });
}

fn default_choice() -> Result<Choice> {
    // An empty variable is as good as none.
    let name = std::env::var_os(VARIABLE).filter(|name| !name.is_empty());
    let Some(name) = name else {
        return Ok(Choice { method: StartMethod::Fork, chosen: false });
    };
    let name = name.to_string_lossy();
    match name.parse() {
        Ok(method) => Ok(Choice { method, chosen: true }),
        Err(_) => Err(Cause::BadStartMethod(name.into_owned()).into()),
    }
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&CHOICE)
}
