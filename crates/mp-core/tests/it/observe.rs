//! What one process can see of another, and waiting until it sees it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mp_core::{Lock, Process, RawValue, StartMethod, active_children};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::program;

/// How long what must happen may take, on a machine however busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until something is so. How long it took.
pub(crate) fn eventually(
    what: &str,
    mut is_so: impl FnMut() -> bool,
) -> Duration {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not in time: {what}");
        sleep(Duration::from_millis(1));
    }
    start.elapsed()
}

/// What `/proc` tells of a process behind its name, if there is one.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may have anything in it.
    let fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some(fields.map(str::to_owned).collect())
}

/// Whether a process goes on where the one that forked it was, having executed
/// nothing.
fn is_copy(pid: u32) -> bool {
    const PF_FORKNOEXEC: u32 = 0x40;
    let flags = stat(pid).and_then(|stat| stat[6].parse::<u32>().ok());
    flags.is_none_or(|flags| flags & PF_FORKNOEXEC != 0)
}

/// The state of a process: `S` for one that sleeps, `T` for one that is
/// stopped, `Z` for one that has ended and was not reaped.
pub(crate) fn state(pid: u32) -> Option<char> {
    stat(pid)?[0].chars().next()
}

/// Whether a process has ended, reaped or not.
pub(crate) fn has_ended(pid: u32) -> bool {
    matches!(state(pid), None | Some('Z' | 'X'))
}

/// The children of this process, those that were not reaped included.
pub(crate) fn children() -> Vec<u32> {
    let own = std::process::id();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids =
        processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let own = own.to_string();
    pids.filter(|&pid| stat(pid).is_some_and(|stat| stat[1] == own)).collect()
}

/// The forkserver of this process.
pub(crate) fn forkserver() -> Option<u32> {
    helpers().first().copied()
}

/// The forkserver and the children that it has forked ahead, once those are
/// there; nothing if there is no server.
pub(crate) fn forkserver_and_children_ahead() -> Vec<u32> {
    if !helpers().is_empty() {
        eventually("two children are ahead", || helpers().len() == 3);
    }
    helpers()
}

/// The children of the same program that are none of the processes that were
/// started, the server first.
fn helpers() -> Vec<u32> {
    let started: Vec<_> =
        active_children().iter().filter_map(Process::pid).collect();
    let image = |pid| fs::read_link(format!("/proc/{pid}/exe")).ok();
    let own = image(std::process::id());
    let is_helper = |pid: &u32| {
        !started.contains(pid) && image(*pid) == own && !has_ended(*pid)
    };
    let mut helpers: Vec<_> =
        children().into_iter().filter(is_helper).collect();
    helpers.sort_by_key(|&pid| is_copy(pid));
    helpers
}

/// The open descriptors of a process, and what each refers to.
pub(crate) fn descriptors(pid: u32) -> BTreeMap<i32, String> {
    let folder = PathBuf::from(format!("/proc/{pid}/fd"));
    let entries = fs::read_dir(&folder).unwrap().flatten();
    let described = entries.filter_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?;
        // The one by which this process is looking, if it looks at itself.
        let is_look = target == folder;
        let number = entry.file_name().to_str()?.parse().ok()?;
        (!is_look).then(|| (number, target.to_string_lossy().into_owned()))
    });
    described.collect()
}

/// The number of a process, as the system's calls take it.
pub(crate) fn id(pid: u32) -> Pid {
    Pid::from_raw(pid.try_into().unwrap())
}

/// Sends a signal to a process that is none of the library's.
pub(crate) fn send(pid: u32, signal: Signal) {
    kill(id(pid), signal).unwrap();
}

/// What children wait at until their parent lets them, or has ended.
pub(crate) struct Gate {
    lock: Lock,
    arrived: RawValue<u32>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let lock = Lock::new();
        lock.acquire().unwrap().forget();
        Self { lock, arrived: RawValue::new(0) }
    }

    /// A process that waits at the gate.
    pub(crate) fn process(&self) -> Process {
        fn pass(arrived: RawValue<u32>, lock: Lock) {
            use std::sync::atomic::Ordering::Relaxed;
            arrived.atomic().fetch_add(1, Relaxed);
            lock.acquire().unwrap().release();
        }
        Process::new(pass, (self.arrived.clone(), self.lock.clone()))
    }

    /// Starts a process that waits at the gate, and waits until it does.
    pub(crate) fn start(&self) -> Process {
        let mut process = self.process();
        let arrived = self.arrived.get();
        process.start().unwrap();
        self.await_arrivals(arrived + 1);
        process
    }

    /// Waits until so many processes have come to the gate.
    pub(crate) fn await_arrivals(&self, count: u32) {
        eventually("the children run", || self.arrived.get() >= count);
    }

    pub(crate) fn open(&self) {
        self.lock.release().unwrap();
    }
}

/// A program that is looked at while it runs. It does not outlive the case.
pub(crate) struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    /// Starts a program. It may go on or end when its standard input ends.
    pub(crate) fn start(
        name: &str,
        method: StartMethod,
        arguments: &[&str],
    ) -> Self {
        Self::of(program(name, method).args(arguments))
    }

    /// The same, of a program that was given what it needs.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The numbers on the next line that it prints.
    pub(crate) fn numbers(&mut self) -> Vec<u32> {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.split_whitespace().map(|word| word.parse().unwrap()).collect()
    }

    /// Lets it go on, and waits until it has ended. Its children may live on.
    pub(crate) fn finish(&mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        let mut status = None;
        eventually("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// What it and its children have printed, once they have all ended.
    pub(crate) fn rest(mut self) -> String {
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.lines, &mut rest).unwrap();
        rest
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program that checks itself.
pub(crate) fn passes(name: &str, method: StartMethod, arguments: &[&str]) {
    let mut running = Running::start(name, method, arguments);
    let status = running.finish();
    assert!(status.success(), "{name}: {status}");
}

/// Ends a child that `init` took for the program. It would run the case again,
/// whose children would do so too.
pub(crate) fn stop_a_chain_of_processes() {
    let environment = fs::read("/proc/self/environ").unwrap();
    let mut variables = environment.split(|&byte| byte == 0);
    if variables.any(|variable| variable.starts_with(b"MP_CORE_CHILD=")) {
        eprintln!("init returned in a child");
        std::process::abort();
    }
}

/// Waits, in a program, until the one who started it lets it go on.
pub(crate) fn await_permission() {
    std::io::stdin().lines().for_each(drop);
}
