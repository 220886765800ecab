//! How cases are made, and what many of them need.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode};

use libtest_mimic::Trial;
use mp_core::{
    ForkWithThreads, Process, StartMethod, Target, active_children,
    force_start_method,
};
use nix::unistd::dup2_stderr;
use serde::{Deserialize, Serialize};

use crate::observe::eventually;

/// The hard end of a case, in seconds: past it, SIGALRM ends the whole run.
const LONGEST: u32 = 60;

/// The environment variable that makes this binary one of the programs.
const PROGRAM: &str = "MP_TEST_PROGRAM";

/// A program that a case looks at from outside: its name and its `main`.
pub(crate) type Program = (&'static str, fn() -> ExitCode);

/// The program that this process was started to be, if any.
pub(crate) fn chosen_program(
    programs: &[&[Program]],
) -> Option<fn() -> ExitCode> {
    let name = std::env::var(PROGRAM).ok()?;
    let mut programs = programs.iter().copied().flatten();
    let (_, program) = programs.find(|(known, _)| *known == name)?;
    Some(*program)
}

/// This binary as one of its programs, with a start method.
pub(crate) fn program(name: &str, method: StartMethod) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.env(PROGRAM, name).env("MP_START_METHOD", method.name());
    command
}

/// Makes one trial of a case for each start method, which is the program's
/// start method while the case runs.
pub(crate) fn each_method(name: &str, case: fn(StartMethod)) -> Vec<Trial> {
    let trial = |method| {
        Trial::test(format!("{name} ({method})"), move || {
            run(method, || case(method))
        })
    };
    StartMethod::ALL.into_iter().map(trial).collect()
}

/// Makes the trial of a case to which the start method makes no difference.
pub(crate) fn once(name: &str, case: fn()) -> Vec<Trial> {
    vec![Trial::test(name, move || run(StartMethod::Fork, case))]
}

fn run(
    method: StartMethod,
    case: impl FnOnce(),
) -> Result<(), libtest_mimic::Failed> {
    // Those of a case that failed.
    end_children();
    // A scope of threads ends a moment before they do.
    eventually("the threads of the case before end", || {
        fs::read_dir("/proc/self/task").unwrap().count() == 1
    });
    force_start_method(method);
    nix::unistd::alarm::set(LONGEST);
    case();
    nix::unistd::alarm::cancel();
    match end_children() {
        0 => Ok(()),
        left => Err(format!("{left} children were left running").into()),
    }
}

/// Ends the children that are running. The result is how many there were.
fn end_children() -> usize {
    let children = active_children();
    for child in &children {
        child.kill().unwrap();
        child.join().unwrap();
    }
    children.len()
}

/// Starts a process and waits for its end. The result is its exit code.
pub(crate) fn exit_code_of<F, Args>(target: F, args: Args) -> Option<i32>
where
    F: Target<Args>,
    Args: Serialize + Deserialize<'static> + Send + 'static,
{
    let mut process = Process::new(target, args);
    process.start().unwrap();
    process.join().unwrap();
    process.exitcode()
}

/// Leave to fork beside threads.
#[allow(unsafe_code, reason = "it is what a case is about")]
pub(crate) fn permit() -> ForkWithThreads {
    // SAFETY: the children of the cases use the allocator, which the C library
    // keeps in order at a fork, this crate, and the standard streams, which it
    // holds meanwhile. A child that used more could hang, and fail its case.
    unsafe { ForkWithThreads::new() }
}

/// Keeps quiet what a child that fails as it should has to say of it.
pub(crate) fn silence() {
    let null = File::options().write(true).open("/dev/null").unwrap();
    dup2_stderr(null).unwrap();
}

/// Leaves this process in a way that nothing in it can notice: what `_exit`
/// does, and needs no `unsafe`.
pub(crate) fn leave_at_once(code: u8) -> ! {
    let error =
        Command::new("/bin/sh").args(["-c", &format!("exit {code}")]).exec();
    panic!("cannot execute a shell: {error}")
}

/// What a panic says, which is kept quiet.
pub(crate) fn panic_of(work: impl FnOnce()) -> String {
    let silent = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let payload = catch_unwind(AssertUnwindSafe(work)).unwrap_err();
    std::panic::set_hook(silent);
    let text = payload.downcast_ref::<String>().cloned();
    let literal = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or(literal).unwrap_or_default()
}

/// Lists functions as the cases of a module, each under its own name, and
/// others as the programs that the cases look at from outside.
#[macro_export]
macro_rules! cases {
    (
        each_method: [$($each:ident),* $(,)?],
        once: [$($once:ident),* $(,)?]
        $(, programs: [$($program:ident),* $(,)?])? $(,)?
    ) => {
        pub(crate) const PROGRAMS: &[$crate::support::Program] =
            &[$($((stringify!($program), $program)),*)?];

        pub(crate) fn cases() -> Vec<libtest_mimic::Trial> {
            let module = module_path!().rsplit("::").next().unwrap_or("");
            let mut cases = Vec::new();
            $({
                let name = format!("{module}::{}", stringify!($each));
                cases.extend($crate::support::each_method(&name, $each));
            })*
            $({
                let name = format!("{module}::{}", stringify!($once));
                cases.extend($crate::support::once(&name, $once));
            })*
            cases
        }
    };
}
