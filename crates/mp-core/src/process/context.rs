//! Contexts, which make processes with one start method.
//!
//! CPython: `multiprocessing/context.py`.

use std::num::NonZero;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::process::body::{Body, Function};
use crate::process::returning::Returning;
use crate::process::start_method::StartMethod;
use crate::process::target::{Run, Target, Task};
use crate::{Error, Process, Result};

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
        Args: Serialize + Deserialize<'static> + Send, // sent to the child
        Args: 'static, // nothing borrowed: take a `String`, not a `&str`
    {
        let type_name = self.method.type_name().to_owned();
        let body = Function::new(target, args);
        Process::with(body, type_name, Some(self.method))
    }

    /// As [`Process::returning`], with this start method.
    pub fn returning<F, Args>(
        self,
        target: F,
        args: Args,
    ) -> Process<Returning<F::Output>>
    where
        F: Task<Args, Output: Serialize + DeserializeOwned + 'static>,
        Args: Serialize + Deserialize<'static> + Send, // sent to the child
        Args: 'static, // nothing borrowed: take a `String`, not a `&str`
    {
        let type_name = self.method.type_name().to_owned();
        let body = Returning::new(target, args);
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
