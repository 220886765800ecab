//! Start methods and contexts.
//!
//! CPython: `multiprocessing/context.py`.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::error::ErrorKind;
use crate::process::target::{Body, Function, Run, Target};
use crate::sys::lock::lock;
use crate::{Error, Process, Result};

/// The environment variable that names the start method of a program that
/// chooses none.
const VARIABLE: &str = "MP_START_METHOD";

static CHOSEN: Mutex<Option<StartMethod>> = Mutex::new(None);

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
            .ok_or_else(|| ErrorKind::NoContext(name.to_owned()).into())
    }
}

/// The start method of processes that do not ask for one.
///
/// Python: [`multiprocessing.get_start_method`]. If none was set it is what the
/// environment variable `MP_START_METHOD` says, and fork without that; asking
/// settles it, so that [`set_start_method`] comes too late afterwards. In a
/// child it is the method that the child was started with.
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
    let mut chosen = lock(&CHOSEN);
    let method = match *chosen {
        Some(method) => method,
        None => default_method()?,
    };
    *chosen = Some(method);
    Ok(method)
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
    *lock(&CHOSEN)
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
    let mut chosen = lock(&CHOSEN);
    if chosen.is_some() {
        return Err(ErrorKind::ContextSet.into());
    }
    *chosen = Some(method);
    Ok(())
}

/// Sets the start method even if it has been set.
///
/// Python: `multiprocessing.set_start_method(method, force=True)`.
///
/// # Examples
///
/// ```
/// use mp_core::{StartMethod, force_start_method, start_method};
///
/// force_start_method(StartMethod::ForkServer);
/// assert_eq!(start_method()?, StartMethod::ForkServer);
/// # Ok::<(), mp_core::Error>(())
/// ```
pub fn force_start_method(method: StartMethod) {
    *lock(&CHOSEN) = Some(method);
}

fn default_method() -> Result<StartMethod> {
    match std::env::var_os(VARIABLE) {
        None => Ok(StartMethod::Fork),
        Some(name) => {
            let name = name.to_string_lossy();
            name.parse().map_err(|_| {
                ErrorKind::BadStartMethod(name.into_owned()).into()
            })
        }
    }
}

/// Makes processes with one start method, whatever the program's is.
///
/// Python: [`multiprocessing.get_context`]. Their names begin with the type
/// that Python has for them, such as `SpawnProcess-1`.
///
/// [`multiprocessing.get_context`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.get_context
///
/// # Differences from Python
///
/// - Locks, values and arrays belong to no context: any process can be given
///   them, whatever its start method.
///
/// # Examples
///
/// ```
/// # fn main() -> mp_core::Result<()> {
/// # mp_core::init();
/// use mp_core::{Context, StartMethod};
///
/// let context = Context::new(StartMethod::Spawn);
/// let mut process = context.process(|n: i32| assert_eq!(n, 7), (7,));
/// process.start()?;
/// process.join()?;
/// assert_eq!(process.exitcode(), Some(0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    method: StartMethod,
}

impl Context {
    /// The context of a start method.
    pub const fn new(method: StartMethod) -> Self {
        Self { method }
    }

    /// Its start method.
    pub const fn start_method(self) -> StartMethod {
        self.method
    }

    /// As [`Process::new`], with this start method.
    pub fn process<F, Args>(self, target: F, args: Args) -> Process
    where
        F: Target<Args>,
        Args: Serialize + Deserialize<'static> + Send + 'static,
    {
        let type_name = self.method.type_name().to_owned();
        let body = Function::new(target, args);
        Process::with(body, type_name, Some(self.method))
    }

    /// As `Process::from`, with this start method.
    pub fn process_from<T: Run>(self, body: T) -> Process<T> {
        Process::with(body, T::type_name(), Some(self.method))
    }
}

impl FromStr for Context {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        name.parse().map(Self::new)
    }
}

/// The number of logical CPUs of the system.
///
/// Python: [`multiprocessing.cpu_count`].
///
/// [`multiprocessing.cpu_count`]: https://docs.python.org/3/library/multiprocessing.html#multiprocessing.cpu_count
///
/// # Differences from Python
///
/// None: this too counts the CPUs that are online, not those that this process
/// may use. [`std::thread::available_parallelism`] says the latter.
///
/// # Examples
///
/// ```
/// assert!(mp_core::cpu_count() >= 1);
/// ```
pub fn cpu_count() -> usize {
    use nix::unistd::{SysconfVar, sysconf};
    // Where the system does not say, what this process may use is known.
    sysconf(SysconfVar::_NPROCESSORS_ONLN)
        .ok()
        .flatten()
        .and_then(|count| usize::try_from(count).ok())
        .or_else(|| std::thread::available_parallelism().ok().map(NonZero::get))
        .unwrap_or(1)
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&CHOSEN)
}
