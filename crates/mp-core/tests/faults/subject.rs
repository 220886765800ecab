//! The program that faults are put to under a tracer.
//!
//! It does one thing between two marks. Whatever fails there, it goes on: the
//! thing is done, or an error says why it is not, and nothing is half done. After
//! that everything works, and nothing is left over.

use std::fmt::Debug;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use mp_core::{
    Error, ErrorKind, Limits, Lock, Process, RawValue, Result, Returning, Value,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::observe::{eventually, has_ended, state};
use crate::report::{Outcome, Report};
use crate::steps::{Steps, wait_to_be_killed};
use crate::support::Program;
use crate::tracer::Mark;

/// It sets a mark before `init`, in its children too.
pub(crate) const NO_INIT: &[Program] = &[("subject", subject)];

/// What the program does while it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scene {
    /// It starts its first process, with a lock, a value, and arguments and a
    /// result that are too long for a message.
    First,
    /// It starts another process, which gives a number back.
    Later,
    /// It starts a daemon with limits, and tells it to end.
    Limited,
    /// It releases a lock that a child waits for.
    Waiting,
    /// It ends while it has children.
    End,
}

impl Scene {
    pub(crate) const ALL: [Self; 5] =
        [Self::First, Self::Later, Self::Limited, Self::Waiting, Self::End];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Later => "later",
            Self::Limited => "limited",
            Self::Waiting => "waiting",
            Self::End => "end",
        }
    }
}

/// What its hook prints when it ends.
pub(crate) const HOOK: &str = "the hook has run";

fn subject() -> ExitCode {
    Mark::InMain.set();
    mp_core::init();
    let name = std::env::args().nth(1).unwrap();
    let scene = Scene::ALL.into_iter().find(|scene| scene.name() == name);
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let outcome = match scene.unwrap() {
        Scene::First => {
            Mark::Begin.set();
            first()
        }
        Scene::Later => later(),
        Scene::Limited => limited(),
        Scene::Waiting => waiting(),
        Scene::End => return end(),
    };
    Mark::End.set();
    let outcome = outcome.unwrap_or_else(|error| {
        panic!("the second try failed too: {error}");
    });
    for _ in 0..3 {
        assert_eq!(later_round().unwrap(), Outcome::Done);
    }
    let sound = std::env::args().nth(2);
    let sound = sound.map(|sound| serde_json::from_str(&sound).unwrap());
    let mut report = Report::of(&outcome);
    // Memory that was dropped is collected only now and then.
    for _ in 0..20 {
        if sound.as_ref().is_none_or(|sound| report.more_than(sound).is_none())
        {
            break;
        }
        later_round().unwrap();
        report = Report::of(&outcome);
    }
    println!("{}", serde_json::to_string(&report).unwrap());
    ExitCode::SUCCESS
}

/// Does something, and if there is an error, does it again. With the result comes
/// what the error said.
fn twice<T>(
    mut work: impl FnMut() -> Result<T>,
) -> Result<(T, Option<String>)> {
    match work() {
        Ok(done) => Ok((done, None)),
        Err(error) => Ok((work()?, Some(error.to_string()))),
    }
}

fn first() -> Result<Outcome> {
    fn give(lock: Lock, value: Value<i64>, bytes: Vec<u8>) -> Vec<u8> {
        let _guard = lock.acquire().unwrap();
        *value.lock() += 1;
        bytes
    }
    let (lock, no_lock) = twice(Lock::try_new)?;
    let (value, no_value) = twice(|| Value::try_new(0))?;
    let bytes = vec![7; 40 << 10];
    let arguments = (lock.clone(), value.clone(), bytes.clone());
    let process = Process::returning(give, arguments);
    let outcome = carry_out(process, &bytes, &value)?;
    Ok(match no_lock.or(no_value) {
        Some(error) if outcome == Outcome::Done => Outcome::Refused(error),
        _ => outcome,
    })
}

fn later() -> Result<Outcome> {
    later_round()?;
    later_round()?;
    Mark::Begin.set();
    later_round()
}

fn later_round() -> Result<Outcome> {
    fn answer(value: Value<i64>, number: u32) -> u32 {
        *value.lock() += 1;
        number + 2
    }
    let value = Value::try_new(0)?;
    let process = Process::returning(answer, (value.clone(), 40));
    carry_out(process, &42, &value)
}

/// Starts a process that counts the runs of its target, and takes its result.
fn carry_out<R>(
    mut process: Process<Returning<R>>,
    expected: &R,
    runs: &Value<i64>,
) -> Result<Outcome>
where
    R: Serialize + DeserializeOwned + Debug + PartialEq + 'static,
{
    let ((), not_started) = twice(|| {
        assert_eq!(runs.get(), 0, "the target of a failed start has run");
        assert_eq!(process.pid(), None);
        process.start()
    })?;
    let ask = || match process.result() {
        Err(error) if is_final(&error) => Ok(Err(error)),
        other => other.map(Ok),
    };
    let (result, not_asked) = twice(ask)?;
    assert!(process.exitcode().is_some());
    match result {
        Ok(result) => {
            assert_eq!(result, *expected);
            assert_eq!(runs.get(), 1);
            let refusal = not_started.or(not_asked);
            Ok(refusal.map_or(Outcome::Done, Outcome::Refused))
        }
        Err(error) => {
            if error.kind() == ErrorKind::NotRun {
                assert_eq!(runs.get(), 0, "{error}, and the target has run");
            }
            Ok(Outcome::Lost(error.to_string()))
        }
    }
}

/// Whether an error tells what became of a process, and not that this could not
/// be found out.
fn is_final(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::System | ErrorKind::OutOfMemory)
}

fn limited() -> Result<Outcome> {
    fn work(begun: RawValue<u32>) {
        begun.set(1);
        wait_to_be_killed();
    }
    let begun = RawValue::try_new(0)?;
    let a_minute = Duration::from_secs(60);
    let limits = Limits::new().memory(1 << 30).files(200).core(0);
    Mark::Begin.set();
    let mut process = Process::new(work, (begun.clone(),))
        .with_daemon(true)
        .with_limits(limits.cpu_time(a_minute))
        .with_timeout(a_minute);
    let ((), not_started) = twice(|| process.start())?;
    let brief = Duration::from_millis(1);
    let begins =
        || process.join_timeout(brief).map(|ended| ended || begun.get() == 1);
    let mut refusal = not_started;
    loop {
        let (is_over, not_waited) = twice(begins)?;
        refusal = refusal.or(not_waited);
        if is_over {
            break;
        }
    }
    let ((), not_signalled) = twice(|| process.terminate())?;
    let ((), not_joined) = twice(|| process.join())?;
    match process.exitcode() {
        Some(-15) => {
            let refusal = refusal.or(not_signalled).or(not_joined);
            Ok(refusal.map_or(Outcome::Done, Outcome::Refused))
        }
        code => Ok(lost(code)),
    }
}

fn waiting() -> Result<Outcome> {
    fn wait(lock: Lock, value: Value<i64>, begun: RawValue<u8>) {
        begun.set(1);
        let _guard = lock.acquire().unwrap();
        *value.lock() += 1;
    }
    let lock = Lock::try_new()?;
    let value = Value::try_new(0)?;
    let guard = lock.acquire()?;
    let begun = RawValue::try_new(0)?;
    let arguments = (lock.clone(), value.clone(), begun.clone());
    let mut process = Process::new(wait, arguments);
    Mark::Begin.set();
    let ((), not_started) = twice(|| process.start())?;
    let pid = process.pid().unwrap();
    // A child of the forkserver sleeps before it has begun, too.
    eventually("the child waits for the lock", || {
        begun.get() == 1 && state(pid) == Some('S') || has_ended(pid)
    });
    drop(guard);
    process.join()?;
    // Whether or not the child died holding it.
    assert!(lock.acquire_timeout(Duration::from_secs(10))?.is_some());
    let count = *value.lock();
    match process.exitcode() {
        Some(0) => {
            assert_eq!(count, 1);
            Ok(not_started.map_or(Outcome::Done, Outcome::Refused))
        }
        code => Ok(lost(code)),
    }
}

/// What became of a child that has not done what it had to.
fn lost(code: Option<i32>) -> Outcome {
    Outcome::Lost(match code {
        Some(code) if code < 0 => format!("it was killed by signal {}", -code),
        code => format!("it ended with {code:?}"),
    })
}

fn end() -> ExitCode {
    fn work(steps: Steps) {
        steps.take();
        sleep(Duration::from_millis(20));
    }
    fn serve(steps: Steps) {
        steps.take();
        wait_to_be_killed();
    }
    let steps = Steps::new();
    let mut daemon = Process::new(serve, (steps.clone(),)).with_daemon(true);
    daemon.start().unwrap();
    let mut child = Process::new(work, (steps.clone(),));
    child.start().unwrap();
    steps.wait(2);
    mp_core::atexit(|| println!("{HOOK}")).unwrap();
    Mark::Begin.set();
    ExitCode::SUCCESS
}
