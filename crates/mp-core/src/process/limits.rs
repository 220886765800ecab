//! What a process may use.

use std::io;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::time::ClockId;
use serde::{Deserialize, Serialize};

use crate::sys::last_words;
use crate::sys::timer::{Clock, signal_after};

/// What a process may use: memory, CPU time, descriptors.
///
/// [`Process::with_limits`](crate::Process::with_limits) takes it. The limits
/// are set in the child before its target begins, whatever its start method.
/// Python: `resource.setrlimit`, called by the target.
///
/// This keeps a mistake from harming the machine. It is no sandbox: a target
/// that means harm can do it within these limits.
///
/// # Examples
///
/// ```
/// # fn main() -> mp_core::Result<()> {
/// # mp_core::init();
/// use std::time::Duration;
///
/// use mp_core::{ErrorKind, Limits, Process};
///
/// fn count_up() -> u64 {
///     (0..).fold(0, |sum: u64, n| std::hint::black_box(sum ^ n))
/// }
///
/// let limits = Limits::new()
///     .memory(512 << 20)
///     .cpu_time(Duration::from_millis(50))
///     .core(0);
/// let mut process = Process::returning(count_up, ()).with_limits(limits);
/// process.start()?;
/// let error = process.result().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::CpuTimeLimit);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub(crate) memory: Option<u64>,
    pub(crate) cpu_time: Option<Duration>,
    files: Option<u64>,
    core: Option<u64>,
}

impl Limits {
    /// No limits but those that the child inherits.
    pub const fn new() -> Self {
        Self { memory: None, cpu_time: None, files: None, core: None }
    }

    /// How many bytes of address space the target may add to what the child has
    /// when it begins.
    ///
    /// What a child has then differs by start method, and a forked one has all
    /// that its parent has; the limit leaves each the same room. It is the
    /// kernel's `RLIMIT_AS`: whatever is mapped counts, touched or not, and
    /// shared memory too. An allocation past it fails, which ends a Rust program
    /// by an abort; the result says [`ErrorKind::MemoryLimit`] then. Where an
    /// allocation's failure does something else (a segmentation fault in C code
    /// that does not check, a stack that cannot grow), the result says that.
    ///
    /// With `RUST_BACKTRACE` set, Rust prints a backtrace before it aborts, and
    /// what that takes can hide the reason: the result may say that SIGABRT
    /// killed the process. So can a standard error that cannot be written to. An
    /// abort for another reason looks like this one if an allocation has failed
    /// before it and the target went on.
    ///
    /// [`ErrorKind::MemoryLimit`]: crate::ErrorKind::MemoryLimit
    #[must_use]
    pub const fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// How long the target may compute, all its threads taken together.
    ///
    /// At the end of that time the kernel sends SIGXCPU, and SIGKILL one to two
    /// seconds of CPU time later to a process that lives on; the result says that
    /// it was killed then.
    #[must_use]
    pub const fn cpu_time(mut self, time: Duration) -> Self {
        self.cpu_time = Some(time);
        self
    }

    /// How many files the process may have open: no descriptor gets this number
    /// or a higher one. Those that are open already stay.
    #[must_use]
    pub const fn files(mut self, count: u64) -> Self {
        self.files = Some(count);
        self
    }

    /// The size in bytes of the core file that a crash may leave; 0 for none.
    #[must_use]
    pub const fn core(mut self, bytes: u64) -> Self {
        self.core = Some(bytes);
        self
    }

    /// Sets them for this process.
    pub(crate) fn apply(&self) -> io::Result<()> {
        // While a descriptor can still be had.
        let most = match self.memory {
            Some(bytes) => Some(address_space()?.saturating_add(bytes)),
            None => None,
        };
        if let Some(count) = self.files {
            lower(Resource::RLIMIT_NOFILE, count, count)?;
        }
        if let Some(bytes) = self.core {
            lower(Resource::RLIMIT_CORE, bytes, bytes)?;
        }
        if let Some(time) = self.cpu_time {
            // The thread that started the process may have blocked it.
            SigSet::from(Signal::SIGXCPU).thread_unblock()?;
            signal_after(Clock::ProcessCpu, time, libc::SIGXCPU)?;
            // It counts in seconds, from when the process was made, and stays
            // when another program is executed.
            let end = time.saturating_add(cpu_time()?);
            let seconds = end.as_secs().saturating_add(1);
            let hard = seconds.saturating_add(1);
            lower(Resource::RLIMIT_CPU, seconds, hard)?;
        }
        if let Some(most) = most {
            last_words::tell_lack_of_memory()?;
            lower(Resource::RLIMIT_AS, most, most)?;
        }
        Ok(())
    }
}

/// Lowers a limit. One that is lower already stays.
fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let (soft_now, hard_now) = getrlimit(resource)?;
    Ok(setrlimit(resource, soft.min(soft_now), hard.min(hard_now))?)
}

/// How long this process has computed.
fn cpu_time() -> io::Result<Duration> {
    Ok(ClockId::CLOCK_PROCESS_CPUTIME_ID.now()?.into())
}

/// How many bytes of address space this process has mapped.
fn address_space() -> io::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm
        .split_ascii_whitespace()
        .next()
        .and_then(|pages| pages.parse().ok())
        .ok_or(Errno::EINVAL)?;
    let page = crate::sys::memory::page_size() as u64;
    Ok(pages.saturating_mul(page))
}
