//! Start methods, and which one the program has chosen.
//!
//! CPython: `multiprocessing/context.py`.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::error::Cause;
use crate::sys::lock::lock;
use crate::{Error, Result};

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
            .ok_or_else(|| Cause::NoContext(name.to_owned()).into())
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
        return Err(Cause::ContextSet.into());
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
            name.parse()
                .map_err(|_| Cause::BadStartMethod(name.into_owned()).into())
        }
    }
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&CHOSEN)
}
