//! Children that end badly, at every stage of their life.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{ExitCode, exit};
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Process, StartMethod, init};
use nix::sys::signal::{Signal, raise};
use serde::{Deserialize, Deserializer, Serialize};

use crate::books::Books;
use crate::observe::Running;
use crate::steps::Steps;
use crate::support::{Program, exit_code_of, leave_at_once, program, silence};
use crate::times;

crate::cases! {
    each_method: [
        before_init,
        while_reading_arguments,
        while_running,
        killed_at_any_moment,
        no_frame_runs_twice,
    ],
    once: [],
    programs: [bad_reading, bad_running],
}

/// The program whose children do not come to `init`.
pub(crate) const NO_INIT: &[Program] = &[("bad_beginning", bad_beginning)];

/// How a child ends.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Way {
    Exit,
    Panic,
    Abort,
    Kill,
    Overflow,
}

impl Way {
    const ALL: [Self; 5] =
        [Self::Exit, Self::Panic, Self::Abort, Self::Kill, Self::Overflow];

    fn go(self) {
        match self {
            Self::Exit => exit(5),
            Self::Panic => panic!("on purpose"),
            Self::Abort => std::process::abort(),
            Self::Kill => raise(Signal::SIGKILL).unwrap(),
            Self::Overflow => {
                overflow(&[0; 64]);
            }
        }
    }

    fn code(self) -> i32 {
        match self {
            Self::Exit => 5,
            Self::Panic => 1,
            Self::Abort | Self::Overflow => -6,
            Self::Kill => -9,
        }
    }
}

#[allow(unconditional_recursion, reason = "it is to fill the stack")]
fn overflow(frame: &[u64; 64]) -> u64 {
    let next = std::hint::black_box([frame[0] + 1; 64]);
    overflow(&next) + next[1]
}

fn before_init(method: StartMethod) {
    for way in Way::ALL {
        let mut command = program("bad_beginning", method);
        let way = format!("{way:?}");
        let status = Running::of(command.arg(&way)).finish();
        assert!(status.success(), "{way}: {status}");
    }
}

fn bad_beginning() -> ExitCode {
    silence();
    let way = std::env::args().nth(1).unwrap();
    let ways = Way::ALL.into_iter();
    let way = ways.clone().find(|known| format!("{known:?}") == way).unwrap();
    if std::env::var_os("MP_CORE_CHILD").is_some() {
        way.go();
    }
    init();
    for _ in 0..3 {
        let mut process = Process::new(|| (), ());
        match (mp_core::start_method().unwrap(), process.start()) {
            (StartMethod::ForkServer, Err(error)) => {
                let text = error.to_string();
                assert!(text.contains("Process-"), "{text}");
                continue;
            }
            (_, started) => started.unwrap(),
        }
        process.join().unwrap();
        let code = process.exitcode().unwrap();
        match (mp_core::start_method().unwrap(), way) {
            (StartMethod::Fork, _) => assert_eq!(code, 0),
            // What Rust makes of a panic in `main`.
            (_, Way::Panic) => assert_eq!(code, 101),
            (_, way) => assert_eq!(code, way.code()),
        }
    }
    ExitCode::SUCCESS
}

/// An argument that ends the process which reads it.
#[derive(Serialize)]
struct Deadly(Way);

impl<'de> Deserialize<'de> for Deadly {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let way = Way::deserialize(from)?;
        way.go();
        Ok(Self(way))
    }
}

/// Runs a check of its own that keeps quiet.
fn passes(name: &str, method: StartMethod) {
    crate::observe::passes(name, method, &[]);
}

/// A copy of the parent has nothing to read.
fn while_reading_arguments(method: StartMethod) {
    passes("bad_reading", method);
}

fn bad_reading() -> ExitCode {
    silence();
    let books = Books::open();
    let forks = mp_core::start_method().unwrap() == StartMethod::Fork;
    for way in [Way::ALL, Way::ALL].concat() {
        let code = exit_code_of(|_: Deadly| (), (Deadly(way),));
        let wanted = if forks { 0 } else { way.code() };
        assert_eq!(code, Some(wanted), "{way:?}");
    }
    books.check();
    ExitCode::SUCCESS
}

fn while_running(method: StartMethod) {
    passes("bad_running", method);
}

fn bad_running() -> ExitCode {
    silence();
    let books = Books::open();
    for way in [Way::ALL, Way::ALL].concat() {
        let code = exit_code_of(|way: Way| way.go(), (way,));
        assert_eq!(code, Some(way.code()), "{way:?}");
    }
    books.check();
    ExitCode::SUCCESS
}

/// 100 children, or 2,000, from the first moment of a start to the last.
fn killed_at_any_moment(_: StartMethod) {
    let books = Books::open();
    let (mut killed, rounds) = (0, times(100, 2000));
    for round in 0..rounds {
        let mut process = Process::new(|| (), ());
        process.start().unwrap();
        sleep(Duration::from_micros(u64::from(round % 50) * 100));
        process.kill().unwrap();
        process.join().unwrap();
        let code = process.exitcode().unwrap();
        assert!([0, -9].contains(&code), "{code}");
        killed += u32::from(code == -9);
    }
    println!("{killed} of {rounds} were killed");
    books.check();
}

/// Counts how often it is dropped, in all processes.
struct Frame(Steps);

impl Drop for Frame {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// Whatever ends the child, only the parent goes on from the start, and only
/// it leaves the frames that it is in.
fn no_frame_runs_twice(_: StartMethod) {
    fn end(which: u32) {
        match which {
            0 => panic!("on purpose: this is what a child has to say"),
            1 => exit(3),
            2 => leave_at_once(3),
            _ => {}
        }
    }
    let (dropped, passed) = (Steps::new(), Steps::new());
    for which in 0..4 {
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let _frame = Frame(dropped.clone());
            let mut process = Process::new(end, (which,));
            process.start().unwrap();
            process.join().unwrap();
        }));
        passed.take();
    }
    assert_eq!((dropped.count(), passed.count()), (4, 4));
}
