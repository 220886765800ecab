//! Runs a program with all its processes under `ptrace(2)`, and does something
//! to one of them at one of its system calls or instructions.

mod calls;
mod follow;
mod registers;
mod steps;
mod tracee;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use mp_core::StartMethod;
use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

pub(crate) use self::calls::{failures_of, name_of};
use self::follow::Tracer;
pub(crate) use self::tracee::{Mark, Place, Role};

/// What is done to a process at a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    /// The call is not made, and gives an error.
    Fail(Errno),
    /// The call is made, and gives an error all the same: `close` frees the
    /// descriptor even when it fails.
    FailAfter(Errno),
    /// The process is killed before the call is made.
    KillBefore,
    /// The process is killed this many instructions after the call.
    KillAfter(u32),
    /// The instructions are counted from the call to the next one.
    Measure,
}

/// What is done while a program runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    /// Nothing.
    LookOn,
    /// One thing at one place.
    Strike(Place, Deed),
    /// Each child that sets [`Mark::Walk`] is killed a little further on than the
    /// one before it, until one reaches [`Mark::End`].
    Walk(Pace),
}

/// At which instructions children are killed: at every one, or at one in so many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Of the C library's, where the mutexes are.
    pub(crate) in_c_library: u32,
    /// Of all others.
    pub(crate) elsewhere: u32,
}

/// What became of a program and its processes, all of which have ended.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The system calls between the marks, in their order.
    pub(crate) places: Vec<Place>,
    /// Whether the task was done.
    pub(crate) struck: bool,
    /// The number of instructions to the next call, if they were counted.
    pub(crate) measured: u32,
    /// The number of children that were killed on a walk.
    pub(crate) killed: u32,
    /// Whether some of it did not end in time, and was ended.
    pub(crate) hung: bool,
    /// How the program ended.
    pub(crate) end: Option<WaitStatus>,
    /// What the program printed.
    pub(crate) lines: Vec<String>,
    /// What all its processes wrote to standard error.
    pub(crate) complaints: String,
}

/// Runs a program, which prints a line and waits for one before it does anything.
/// What has not ended after a time is ended.
///
/// # Errors
///
/// If the system does not let one process trace another.
pub(crate) fn run(
    command: &mut Command,
    method: StartMethod,
    task: Task,
    patience: Duration,
) -> nix::Result<Run> {
    let mut complaints = tempfile::tempfile().unwrap();
    // A group of its own, so that its processes, and no others, can be waited
    // for, and ended.
    let mut child = command
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(complaints.try_clone().unwrap())
        .spawn()
        .unwrap();
    let main = Pid::from_raw(child.id().try_into().unwrap());
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    if let Err(error) = seize(main) {
        child.kill().unwrap();
        child.wait().unwrap();
        return Err(error);
    }
    let mut tracer = Tracer::new(main, method, task);
    let hung = watched(main, patience, || {
        writeln!(child.stdin.as_mut().unwrap(), "go").unwrap();
        tracer.follow();
    });
    // The tracer has waited for it.
    assert_eq!(waitpid(main, None), Err(Errno::ECHILD));
    drop(child);
    Ok(Run {
        hung,
        lines: output.lines().map(Result::unwrap).collect(),
        complaints: read_again(&mut complaints),
        ..tracer.run
    })
}

/// Begins to trace a process, and all that it will start, and stops it.
fn seize(pid: Pid) -> nix::Result<()> {
    let options = Options::PTRACE_O_EXITKILL
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACEVFORK;
    ptrace::seize(pid, options)?;
    ptrace::interrupt(pid)
}

fn read_again(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Does work that lasts as long as a group of processes, and ends the group if
/// that takes too long. The result is whether it did.
fn watched(group: Pid, patience: Duration, work: impl FnOnce()) -> bool {
    let hung = AtomicBool::new(false);
    thread::scope(|scope| {
        let (working, done) = channel::<()>();
        let hung = &hung;
        scope.spawn(move || {
            let over = done.recv_timeout(patience);
            if over == Err(RecvTimeoutError::Timeout) {
                hung.store(true, Ordering::Relaxed);
                // Some of them have not been waited for: the group is theirs.
                let _ = killpg(group, Signal::SIGKILL);
            }
        });
        work();
        drop(working);
    });
    hung.into_inner()
}
