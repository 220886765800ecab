//! The programs that are measured, and talking to them.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{
    Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Limit,
    MpCore,
    CPython,
    Procspawn,
    ProcessSync,
    RawSync,
    ParkingLot,
}

impl Subject {
    /// The other crates.
    pub(crate) const PEERS: [Self; 4] =
        [Self::Procspawn, Self::ProcessSync, Self::RawSync, Self::ParkingLot];

    const ALL: [Self; 7] = [
        Self::Limit,
        Self::MpCore,
        Self::CPython,
        Self::Procspawn,
        Self::ProcessSync,
        Self::RawSync,
        Self::ParkingLot,
    ];

    /// Where a name stands among the others.
    pub(crate) fn place(name: &str) -> Option<usize> {
        Self::ALL.iter().position(|subject| subject.name() == name)
    }

    /// Its name in the results. Of a crate, it is the crate's.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::MpCore => "mp-core",
            Self::CPython => "cpython",
            Self::Procspawn => "procspawn",
            Self::ProcessSync => "process-sync",
            Self::RawSync => "raw_sync",
            Self::ParkingLot => "parking_lot",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No measurement takes longer.
const LONGEST: Duration = Duration::from_secs(300);

/// How often one looks whether the user has had enough.
const TICK: Duration = Duration::from_millis(100);

/// Whether the user has had enough, by SIGINT or SIGTERM.
fn interrupted() -> &'static Arc<AtomicBool> {
    static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    INTERRUPTED.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [Signal::SIGINT, Signal::SIGTERM] {
            // Without it the signal ends this program, which is all right.
            let _ = signal_hook::flag::register(signal as i32, flag.clone());
        }
        flag
    })
}

/// A program that runs, with all that it starts.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    errors: Option<JoinHandle<String>>,
    deadline: Instant,
    has_ended: bool,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        interrupted();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that nothing of it is left behind.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot run {command:?}"))?;
        let (Some(output), Some(errors)) =
            (child.stdout.take(), child.stderr.take())
        else {
            unreachable!("both are piped")
        };
        Ok(Self {
            child,
            lines: lines(output),
            errors: Some(thread::spawn(|| last_line(errors))),
            deadline: Instant::now() + LONGEST,
            has_ended: false,
        })
    }

    /// The next line that it prints. None if it prints no more.
    pub(crate) fn next_line(&self) -> Result<Option<String>> {
        loop {
            match self.lines.recv_timeout(TICK) {
                Ok(line) => return Ok(Some(line)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if interrupted().load(Ordering::Relaxed) {
                bail!("interrupted");
            }
            if Instant::now() > self.deadline {
                bail!("it took longer than {LONGEST:?}");
            }
        }
    }

    /// Tells it to go on.
    pub(crate) fn go_on(&mut self) -> Result<()> {
        let input = self.child.stdin.as_mut().context("it has an input")?;
        Ok(input.write_all(b"\n")?)
    }

    /// Waits for its end, and says why it failed if it did.
    pub(crate) fn finish(mut self) -> Result<()> {
        while self.next_line()?.is_some() {}
        let leader = Id::Pid(self.group());
        // Its id stays its own until it is waited for without WNOWAIT.
        waitid(leader, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
        let status = self.end()?;
        if status.success() {
            return Ok(());
        }
        let errors = self.errors.take().map(JoinHandle::join);
        let errors = errors.and_then(Result::ok).unwrap_or_default();
        bail!("{status}: {errors}")
    }

    /// Ends what is left of its group.
    fn end(&mut self) -> io::Result<ExitStatus> {
        self.has_ended = true;
        // Often there is nothing left.
        let _ = killpg(self.group(), Signal::SIGKILL);
        self.child.wait()
    }

    fn group(&self) -> Pid {
        let id = self.child.id().try_into();
        Pid::from_raw(id.expect("the id of a process fits its type"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            let _ = self.end();
        }
    }
}

/// Whether the user wants no more.
pub(crate) fn is_interrupted() -> bool {
    interrupted().load(Ordering::Relaxed)
}

fn lines(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

fn last_line(mut errors: ChildStderr) -> String {
    let mut text = String::new();
    let _ = errors.read_to_string(&mut text);
    text.trim_end().lines().last().unwrap_or_default().to_owned()
}
