//! Runs programs and compares what they print.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::{Result, ensure};

use crate::attempt::attempt;
use crate::compare::{Difference, Expected, compare};
use crate::program::Program;
use crate::subject::{Method, Subject};
use crate::terminal::is_stopped;

/// What to check.
#[derive(Debug)]
pub struct Plan {
    /// The programs to run.
    pub programs: Vec<Program>,
    /// Who runs them.
    pub subjects: Vec<Subject>,
    /// The start methods to run them under.
    pub methods: Vec<Method>,
    /// How often to run each.
    pub repeat: usize,
    /// How many to run at a time. They sleep for most of it.
    pub jobs: usize,
}

/// How many runs were as expected, and how many not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// As expected.
    pub passed: usize,
    /// Not as expected.
    pub failed: usize,
}

/// How often a program may take a time that only a busy machine explains.
const TRIES: usize = 3;

/// Makes all runs of the plan, and reports each program when it is done: a
/// line if all its runs were as expected, else what differs.
///
/// # Errors
///
/// If it was stopped by a signal.
pub fn check(
    plan: &Plan,
    root: &Path,
    mut report: impl FnMut(&str),
) -> Result<Tally> {
    let runs = plan.runs();
    let each = runs.len() / plan.programs.len().max(1);
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    let work = |sender: Sender<_>| {
        let next = || runs.get(next.fetch_add(1, Ordering::Relaxed));
        while let Some(run) = next().filter(|_| !is_stopped()) {
            // There is someone to receive it until all senders are gone.
            let _ = sender.send((run.program, run.make(root)));
        }
    };
    let mut tally = Tally::default();
    let mut outcomes = vec![Vec::new(); plan.programs.len()];
    let mut reported = 0;
    thread::scope(|scope| {
        for _ in 0..plan.jobs.max(1) {
            let sender = sender.clone();
            scope.spawn(move || work(sender));
        }
        drop(sender);
        for (program, outcome) in results {
            outcomes[program].push(outcome);
            // In the order of the plan, whichever program is done first.
            while outcomes.get(reported).is_some_and(|o| o.len() == each) {
                let id = plan.programs[reported].id();
                report(&tally.add(&id, &outcomes[reported]));
                reported += 1;
            }
        }
    });
    ensure!(!is_stopped(), "stopped by a signal");
    Ok(tally)
}

impl Tally {
    /// Counts the outcomes of a program, and tells of them.
    fn add(&mut self, id: &str, outcomes: &[Result<(), String>]) -> String {
        let failed = outcomes.iter().filter_map(|o| o.as_ref().err());
        let failed: Vec<&str> = failed.map(String::as_str).collect();
        self.failed += failed.len();
        let all = outcomes.len();
        let right = all - failed.len();
        self.passed += right;
        if failed.is_empty() {
            format!("ok    {id}: {right} of {all}")
        } else {
            format!("FAIL  {id}: {right} of {all}\n{}", failed.join("\n"))
        }
    }
}

/// One run of the plan.
struct OneRun<'a> {
    program: usize,
    plan: &'a Plan,
    subject: &'a Subject,
    method: Method,
}

impl Plan {
    fn runs(&self) -> Vec<OneRun<'_>> {
        let mut runs = Vec::new();
        for program in 0..self.programs.len() {
            for subject in &self.subjects {
                for &method in &self.methods {
                    let run =
                        || OneRun { program, plan: self, subject, method };
                    runs.extend((0..self.repeat).map(|_| run()));
                }
            }
        }
        runs
    }
}

impl OneRun<'_> {
    /// Makes the run. The error tells what is wrong with it.
    fn make(&self, root: &Path) -> Result<(), String> {
        let id = self.plan.programs[self.program].id();
        let subject = format!("{} under {}", self.subject, self.method.name());
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.once(root, &subject) {
                Ok(None) => return Ok(()),
                Ok(Some(difference)) if difference.by_time && tries > 0 => {}
                Ok(Some(Difference { text, .. })) => {
                    return Err(format!("{id}, {subject}: {text}"));
                }
                Err(error) => {
                    return Err(format!("{id}, {subject}: {error:#}"));
                }
            }
        }
    }

    fn once(&self, root: &Path, subject: &str) -> Result<Option<Difference>> {
        let program = &self.plan.programs[self.program];
        let expected = Expected::load(program, root)?;
        let attempt = attempt(program, self.subject, self.method)?;
        let fault = attempt.fault().map(Difference::from);
        let difference = fault.or_else(|| {
            compare(program, &expected, &attempt.transcript, subject).err()
        });
        // Standard error may tell why.
        Ok(difference.map(|Difference { text, by_time }| Difference {
            text: text + &attempt.run.errors,
            by_time,
        }))
    }
}
