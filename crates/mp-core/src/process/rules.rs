//! The rules that a child sets itself before its target begins.

use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::process::limits::Limits;
use crate::sys::last_words::{end_when_time_is_over, time_over_signal};
use crate::sys::timer::{Clock, signal_after};
use crate::{Error, Result};

/// How long a process that was told to end because its time is over may take
/// to do so.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// What was asked for when the process was made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    pub(crate) timeout: Option<Duration>,
    pub(crate) quiet_panics: bool,
}

impl Rules {
    /// Binds this process to them.
    ///
    /// # Errors
    ///
    /// If the system has no timer left, or `/proc` is not there.
    pub(crate) fn apply(&self) -> Result<()> {
        self.start_timers()
            .and_then(|()| self.limits.apply())
            .map_err(Error::system("set the limits of the process"))
    }

    /// The kernel ends this process when its time is over: nobody has to wait
    /// for it, and nobody else has a thread for that.
    fn start_timers(&self) -> io::Result<()> {
        let Some(time) = self.timeout else { return Ok(()) };
        end_when_time_is_over()?;
        signal_after(Clock::Monotonic, time, time_over_signal())?;
        // One that is stopped goes on for that.
        signal_after(Clock::Monotonic, time, libc::SIGCONT)?;
        let end = time.saturating_add(GRACE);
        signal_after(Clock::Monotonic, end, libc::SIGKILL)
    }
}
