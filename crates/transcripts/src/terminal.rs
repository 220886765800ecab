//! A program run under a pseudo-terminal, to a hard end.
//!
//! Into a pipe Python writes all lines of a process at once, when it ends;
//! unbuffered, it writes a line in two parts, between which another process
//! can write. To a terminal it writes a line at a time, as Rust does.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Exited(ExitStatus),
    /// It had to be killed when its time was over.
    Hung,
}

/// What a run left behind.
#[derive(Debug)]
pub struct Run {
    /// What it wrote to the terminal.
    pub output: String,
    /// What it wrote to standard error.
    pub errors: String,
    /// The id of the process that was started.
    pub pid: u32,
    /// How it ended.
    pub end: End,
    /// How long it took.
    pub wall: Duration,
}

/// A file to make once a number of lines has come.
#[derive(Debug)]
pub struct Cue {
    /// The number of lines.
    pub lines: usize,
    /// The file.
    pub file: PathBuf,
}

/// How often to look up while nothing comes.
const LOOK_UP: Duration = Duration::from_millis(20);

/// Runs a command to its end, or to the end of its time. Nothing that it
/// started, and that stayed in its process group, is left running.
///
/// # Errors
///
/// If it cannot be started, or if this process was asked to stop.
pub fn run(
    mut command: Command,
    time: Duration,
    cue: Option<Cue>,
) -> Result<Run> {
    let (terminal, slave) =
        open_terminal().context("cannot open a terminal")?;
    let mut errors = tempfile::tempfile().context("cannot make a file")?;
    command
        .stdin(Stdio::null())
        .stdout(slave)
        .stderr(errors.try_clone()?)
        .process_group(0);
    let begin = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    // With it goes our own hold on the terminal, which has an end only when
    // no one can write to it any more.
    drop(command);
    let pid = child.id();
    let mut group = Group { child, until: begin + time };

    let output = group.read(terminal, cue)?;
    let ended = group.wait_for_end()?;
    let wall = begin.elapsed();
    let status = group.end()?;
    let mut text = String::new();
    errors.rewind()?;
    errors.read_to_string(&mut text).context("cannot read its errors")?;
    Ok(Run {
        output: output.replace('\r', ""),
        errors: text,
        pid,
        end: if ended { End::Exited(status) } else { End::Hung },
        wall,
    })
}

/// Opens both ends so that no other program, started at the same time from
/// another thread, holds on to them.
fn open_terminal() -> Result<(PtyMaster, File)> {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = posix_openpt(flags)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let slave = File::options()
        .read(true)
        .write(true)
        .custom_flags(OFlag::O_NOCTTY.bits())
        .open(ptsname_r(&master)?)?;
    Ok((master, slave))
}

/// A process and all that it starts, killed when it is dropped.
struct Group {
    child: Child,
    until: Instant,
}

impl Group {
    /// Reads until no one can write any more, or the time is over.
    fn read(
        &self,
        mut terminal: PtyMaster,
        mut cue: Option<Cue>,
    ) -> Result<String> {
        let mut output = Vec::new();
        let mut bytes = [0; 4096];
        while self.has_time()? {
            let mut ready = [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
            let wait = PollTimeout::try_from(LOOK_UP)?;
            match poll(&mut ready, wait) {
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(error) => bail!("cannot wait for its output: {error}"),
            }
            match terminal.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => output.extend_from_slice(&bytes[..count]),
                // How Linux says that no one can write any more.
                Err(e) if e.raw_os_error() == Some(Errno::EIO as i32) => break,
                Err(error) => return Err(error).context("cannot read"),
            }
            let lines = output.split(|byte| *byte == b'\n').skip(1).count();
            if let Some(cue) = cue.take_if(|cue| lines >= cue.lines) {
                File::create(&cue.file).with_context(|| {
                    format!("cannot make {}", cue.file.display())
                })?;
            }
        }
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    /// Whether the process ends while there is time. It is not reaped yet,
    /// so that its id cannot become another's before [`end`](Self::end).
    fn wait_for_end(&self) -> Result<bool> {
        let pid = self.pid()?;
        let flags =
            WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        while self.has_time()? {
            match waitid(Id::Pid(pid), flags) {
                Ok(WaitStatus::StillAlive) => sleep(LOOK_UP / 10),
                Ok(_) => return Ok(true),
                Err(error) => bail!("cannot wait for its end: {error}"),
            }
        }
        Ok(false)
    }

    /// Kills what is left of the group, and reaps the process.
    fn end(&mut self) -> Result<ExitStatus> {
        // If there is no one left, all the better.
        let _ = killpg(self.pid()?, Signal::SIGKILL);
        self.child.wait().context("cannot wait for its end")
    }

    fn pid(&self) -> Result<Pid> {
        Ok(Pid::from_raw(i32::try_from(self.child.id())?))
    }

    fn has_time(&self) -> Result<bool> {
        ensure!(!is_stopped(), "stopped by a signal");
        Ok(Instant::now() < self.until)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // After `end` the process is reaped and its id may be another's.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.end();
        }
    }
}

/// Whether this process was asked to stop. It is in another process group
/// than the programs it runs, so they do not see a Ctrl-C by themselves.
pub(crate) fn is_stopped() -> bool {
    static STOPPED: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
        let stopped = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // Without it a program only runs a while longer than we do.
            let _ = signal_hook::flag::register(signal, Arc::clone(&stopped));
        }
        stopped
    });
    STOPPED.load(Ordering::Relaxed)
}
