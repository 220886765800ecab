//! What a caller can tell errors apart by.

use std::io;

use crate::error::cause::Cause;

/// What kind of error it is: what a caller can act on.
///
/// [`Error::kind`](crate::Error::kind) gives it.
///
/// # Examples
///
/// ```
/// # fn main() -> mp_core::Result<()> {
/// # mp_core::init();
/// use mp_core::{ErrorKind, Process};
///
/// let mut process = Process::returning(|n: u32| 100 / n, (0,));
/// process.start()?;
/// match process.result() {
///     Ok(quotient) => println!("{quotient}"),
///     Err(error) if error.kind() == ErrorKind::Panicked => {
///         println!("{}", error.panic().unwrap().message());
///     }
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The process has been started, and what was asked for comes before that.
    AlreadyStarted,
    /// The process has not been started, and what was asked for comes after
    /// that.
    NotStarted,
    /// The process is not a child of this one, or was not made in it.
    NotAChild,
    /// This process is a daemon, which may not start others.
    ChildOfDaemon,
    /// The process object is closed.
    Closed,
    /// The process is still running.
    StillRunning,
    /// The process has ended, and something else took its exit code.
    ExitCodeLost,

    /// The start method has been set already.
    StartMethodSet,
    /// There is no start method of that name.
    NoSuchStartMethod,
    /// [`init`](crate::init) was not called, or not before something was
    /// started.
    NoInit,
    /// Other threads are running, and fork would copy only one of them; or the
    /// program starts threads before [`init`](crate::init).
    OtherThreads,
    /// The target is not part of the program itself.
    NotInProgram,
    /// The object can only be given to a process when it is started.
    NotInheriting,
    /// The arguments cannot be sent.
    BadArguments,
    /// What was sent cannot be read.
    BadMessage,

    /// The target panicked; [`Error::panic`](crate::Error::panic) says how.
    Panicked,
    /// A signal ended the process.
    Killed {
        /// The signal's number.
        signal: i32,
    },
    /// The process exited by itself and gave no result.
    Exited {
        /// The exit code.
        code: i32,
    },
    /// The process had the time that it was given.
    TimedOut,
    /// The process had the CPU time that it was given.
    CpuTimeLimit,
    /// The process had the memory that it was given.
    MemoryLimit,
    /// The target returned, and its result cannot be sent or read.
    BadResult,
    /// The process ended before its target began.
    NotRun,

    /// An array cannot be in such chunks.
    BadChunks,
    /// This thread holds the lock, and would wait for itself.
    Deadlock,
    /// This thread does not hold the lock.
    NotOwner,
    /// This thread holds the lock too many times.
    TooDeep,

    /// The system has no memory left for it.
    OutOfMemory,
    /// The system refused it for another reason. The error's
    /// [`source`](std::error::Error::source) is the system's own.
    System,
}

impl Cause {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::StartedTwice | Self::AlreadyStarted => {
                ErrorKind::AlreadyStarted
            }
            Self::JoinBeforeStart | Self::NotStarted => ErrorKind::NotStarted,
            Self::NotStartable
            | Self::JoinOfOther
            | Self::TestOfOther
            | Self::SignalToOther
            | Self::SentinelOfOther
            | Self::CloseOfOther => ErrorKind::NotAChild,
            Self::ChildOfDaemon => ErrorKind::ChildOfDaemon,
            Self::Closed => ErrorKind::Closed,
            Self::StillRunning => ErrorKind::StillRunning,
            Self::ExitCodeLost { .. } => ErrorKind::ExitCodeLost,
            Self::ContextSet => ErrorKind::StartMethodSet,
            Self::NoContext(_) | Self::BadStartMethod(_) => {
                ErrorKind::NoSuchStartMethod
            }
            Self::NoInit { .. }
            | Self::NoInitBesideThreads { .. }
            | Self::Bootstrapping => ErrorKind::NoInit,
            Self::Threads { .. } | Self::ServerThreads { .. } => {
                ErrorKind::OtherThreads
            }
            Self::NotInImage { .. } => ErrorKind::NotInProgram,
            Self::NotInheriting(_) => ErrorKind::NotInheriting,
            Self::Pack { .. } => ErrorKind::BadArguments,
            Self::Unpack(..) => ErrorKind::BadMessage,
            Self::Panicked { .. } | Self::PanickedUnseen { .. } => {
                ErrorKind::Panicked
            }
            Self::Killed { signal, .. }
            | Self::KilledAfterPanic { signal, .. } => {
                ErrorKind::Killed { signal: *signal }
            }
            Self::Exited { code, .. } => ErrorKind::Exited { code: *code },
            Self::TimedOut { .. } => ErrorKind::TimedOut,
            Self::CpuTimeLimit { .. } => ErrorKind::CpuTimeLimit,
            Self::MemoryLimit { .. } => ErrorKind::MemoryLimit,
            Self::NotSent { .. } | Self::NotDecoded { .. } => {
                ErrorKind::BadResult
            }
            Self::NotRun { .. } => ErrorKind::NotRun,
            Self::BadChunks { .. } => ErrorKind::BadChunks,
            Self::Deadlock => ErrorKind::Deadlock,
            Self::OverRelease | Self::NotOwner | Self::RecursiveNotOwner => {
                ErrorKind::NotOwner
            }
            Self::TooDeep => ErrorKind::TooDeep,
            Self::InFlight { .. } => ErrorKind::System,
            Self::System { source, .. } | Self::SystemOf { source, .. } => {
                match source.kind() {
                    io::ErrorKind::OutOfMemory => ErrorKind::OutOfMemory,
                    _ => ErrorKind::System,
                }
            }
        }
    }
}
