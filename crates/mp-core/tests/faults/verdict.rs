//! What became of a program that met a fault, and whether that is right.

use std::fmt;
use std::time::Duration;

use mp_core::StartMethod;
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use crate::is_long;
use crate::report::{Outcome, Report};
use crate::subject::{HOOK, Scene};
use crate::support::program;
use crate::tracer::{self, Deed, Place, Role, Run, Task};

/// What may become of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// It was done all the same.
    Done,
    /// There was an error, and it was done at the second try.
    Refused,
    /// A child ended without doing it, and the program learned that.
    Lost,
    /// Rust ended the program for lack of memory.
    NoMemory,
    /// The program was killed, and all that it had started ended too.
    Ended,
    /// The program did not get there.
    NotMet,
}

impl Verdict {
    pub(crate) const ALL: [Self; 6] = [
        Self::Done,
        Self::Refused,
        Self::Lost,
        Self::NoMemory,
        Self::Ended,
        Self::NotMet,
    ];
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Lost => "child lost",
            Self::NoMemory => "no memory",
            Self::Ended => "all ended",
            Self::NotMet => "not met",
        })
    }
}

/// What may be said instead of some errors, which have a meaning there.
const OTHER_WORDS: &[(Errno, &str)] = &[
    (Errno::EPIPE, "the server ended before it answered"),
    // That the file is sealed already; it is not, and that is seen next.
    (Errno::EPERM, "Invalid argument"),
];

/// What was done to a program.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// A system call gave an error.
    Error(Place, Errno),
    /// A process was killed there.
    Kill(Place),
}

impl Fault {
    /// Whether a sentence says why something failed.
    fn explains(self, text: &str) -> bool {
        match self {
            // A process repeats what the system has told it.
            Self::Error(place, error)
                if matches!(place.role, Role::Main | Role::Launcher(_)) =>
            {
                let other = OTHER_WORDS
                    .iter()
                    .find(|(known, _)| *known == error)
                    .map_or("?", |(_, words)| words);
                text.ends_with(&format!("(os error {})", error as i32))
                    || text.contains(other)
            }
            Self::Error(..) | Self::Kill(_) => !text.is_empty(),
        }
    }

    /// Whether memory stays mapped since it could not be unmapped.
    fn keeps_mapping(self) -> bool {
        matches!(self, Self::Error(place, _) if place.call == libc::SYS_munmap)
    }
}

/// What a program does when there is no fault.
pub(crate) struct Plan {
    pub(crate) scene: Scene,
    method: StartMethod,
    pub(crate) places: Vec<Place>,
    /// What it reports, if it lives on after the end.
    report: Option<Report>,
}

impl Plan {
    /// Whether the bounded form takes a place: the first call of each kind, in the
    /// first process of each kind that runs the library's code.
    pub(crate) fn is_bounded(&self, place: Place) -> bool {
        let name = place.role.name();
        let is_of_kind = |other: &&Place| other.role.name() == name;
        let first = self.places.iter().find(is_of_kind);
        place.nth == 1
            && !matches!(place.role, Role::Loader(_))
            && first.is_some_and(|first| first.role == place.role)
    }
}

/// How long the program may take. What it waits for, it waits for less long, and
/// says what did not happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the program, with a fault at one place.
pub(crate) fn strike(plan: &Plan, place: Place, deed: Deed) -> Run {
    let mut command = program("subject", plan.method);
    command.arg(plan.scene.name());
    if let Some(sound) = &plan.report {
        command.arg(serde_json::to_string(sound).unwrap());
    }
    let task = Task::Strike(place, deed);
    tracer::run(&mut command, plan.method, task, PATIENCE).unwrap()
}

/// Runs the program without any fault. None, and a reason is printed, where no
/// process may trace another.
pub(crate) fn look_on(scene: Scene, method: StartMethod) -> Option<Plan> {
    // A program that hangs is ended long before that.
    nix::unistd::alarm::set(if is_long() { 3600 } else { 300 });
    let mut command = program("subject", method);
    command.arg(scene.name());
    let run = match tracer::run(&mut command, method, Task::LookOn, PATIENCE) {
        Ok(run) => run,
        Err(error) => {
            println!("skipped: a process cannot be traced here: {error}");
            return None;
        }
    };
    let report = come_to_end(&run, scene).unwrap();
    Some(Plan { scene, method, places: run.places, report })
}

/// What the program reports.
///
/// # Errors
///
/// If it has not come to its end as it should.
fn come_to_end(run: &Run, scene: Scene) -> Result<Option<Report>, String> {
    if !matches!(run.end, Some(WaitStatus::Exited(_, 0))) {
        return Err(format!("it ended: {:?}: {}", run.end, run.complaints));
    }
    if run.hung {
        return Err("what it has started does not end".into());
    }
    let line = run.lines.last().map_or("", String::as_str);
    if scene == Scene::End {
        return match line {
            HOOK => Ok(None),
            _ => Err("its hook did not run".into()),
        };
    }
    let report = serde_json::from_str(line);
    report.map(Some).map_err(|error| format!("it said {line:?}: {error}"))
}

/// Compares what became of the program with what it does without a fault.
///
/// # Errors
///
/// What is wrong.
pub(crate) fn judge(
    run: &Run,
    fault: Fault,
    plan: &Plan,
) -> Result<Verdict, String> {
    if matches!(fault, Fault::Kill(place) if place.role == Role::Main) {
        return match (run.hung, run.struck) {
            (true, _) => Err("what it has started does not end".into()),
            (_, true) => Ok(Verdict::Ended),
            _ => Ok(Verdict::NotMet),
        };
    }
    let report = match come_to_end(run, plan.scene) {
        Err(_) if is_out_of_memory(run) => return Ok(Verdict::NoMemory),
        report => report?,
    };
    if let (Some(report), Some(sound)) = (&report, &plan.report) {
        match report.more_than(sound) {
            Some(more) if !fault.keeps_mapping() => return Err(more),
            _ => {}
        }
    }
    if !run.struck {
        return Ok(Verdict::NotMet);
    }
    match report.map_or(Outcome::Done, |report| report.outcome) {
        Outcome::Done => Ok(Verdict::Done),
        Outcome::Refused(why) if fault.explains(&why) => Ok(Verdict::Refused),
        Outcome::Refused(why) => Err(format!("it does not say why: {why}")),
        Outcome::Lost(how) => {
            // A process that was killed can say nothing.
            if run.complaints.is_empty() && !how.contains("killed by") {
                return Err(format!("a child does not say why: {how}"));
            }
            Ok(Verdict::Lost)
        }
    }
}

/// Whether Rust ended the program for lack of memory.
fn is_out_of_memory(run: &Run) -> bool {
    matches!(run.end, Some(WaitStatus::Signaled(_, Signal::SIGABRT, _)))
        && run.complaints.contains("memory allocation of ")
}
