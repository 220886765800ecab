//! A run: round by round every work, and in it all sizes and subjects.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::build::Programs;
use crate::examples::Examples;
use crate::measurement::Measurement;
use crate::plan::{Pace, Work, is_due, work};
use crate::program::{Running, Subject, is_interrupted};
use crate::results::{Results, Series};
use crate::{idle, words};

/// How much memory is left to others beside a large parent, in MiB.
const RESERVE: usize = 1024;

/// What takes longer is not done again: its rounds would be most of the run.
const LONG: Duration = Duration::from_secs(20);

/// Measures what is asked for.
pub(crate) fn run(wanted: &[Measurement], pace: Pace) -> Result<Results> {
    let wanted = match wanted {
        [] => Measurement::value_variants(),
        some => some,
    };
    let mut run = Run::new(wanted, pace)?;
    let rounds = run.rounds();
    for round in 0..rounds {
        let begin = Instant::now();
        run.measure(round, rounds)?;
        eprintln!("round {} of {rounds} in {:.0?}", round + 1, begin.elapsed());
    }
    let names: Vec<_> = wanted.iter().map(|wanted| wanted.name()).collect();
    run.results.finish(&names);
    Ok(run.results)
}

/// A work at one size by one subject.
type Task = (String, usize, Subject);

struct Run {
    works: Vec<Work>,
    programs: Programs,
    examples: Option<Examples>,
    results: Results,
    /// What is not done again.
    done: Vec<Task>,
    /// What draws the order in each round.
    dice: RandomState,
}

impl Run {
    /// Builds all that is to be measured.
    fn new(wanted: &[Measurement], pace: Pace) -> Result<Self> {
        let mut works: Vec<Work> = Vec::new();
        for &measurement in wanted {
            if let Some(work) = work(measurement, pace) {
                if works.iter().all(|other| other.name != work.name) {
                    works.push(work);
                }
            }
        }
        let mut results = Results::default();
        let programs = find_programs(&works, pace, &mut results)?;
        let examples = wanted
            .contains(&Measurement::ExampleOverhead)
            .then(|| Examples::new(pace, &mut results));
        Ok(Self {
            works,
            programs,
            examples,
            results,
            done: Vec::new(),
            dice: RandomState::new(),
        })
    }

    fn rounds(&self) -> usize {
        let works = self.works.iter().map(|work| work.effort);
        let examples = self.examples.as_ref().map(|examples| examples.effort);
        works
            .chain(examples)
            .map(|effort| effort.rounds)
            .max()
            .unwrap_or_default()
    }

    fn measure(&mut self, round: usize, rounds: usize) -> Result<()> {
        for work in self.works.clone() {
            let mut tasks: Vec<Task> = Vec::new();
            for &size in work.sizes {
                for &subject in work.subjects {
                    if work.is_due((size, subject), (round, rounds)) {
                        tasks.push((work.name.clone(), size, subject));
                    }
                }
            }
            // Whatever one leaves behind is not always left to the same other.
            tasks.sort_by_cached_key(|task| self.dice.hash_one((round, task)));
            for task in tasks {
                self.try_to_measure(&work, task)?;
            }
        }
        if let Some(examples) = &self.examples {
            if is_due(examples.effort.rounds, (round, rounds)) {
                examples.measure(&mut self.results)?;
            }
        }
        Ok(())
    }

    fn try_to_measure(&mut self, work: &Work, task: Task) -> Result<()> {
        let (name, size, subject) = &task;
        if self.done.contains(&task) || !self.has_memory(name, *size)? {
            return Ok(());
        }
        let begin = Instant::now();
        let measured = self.measure_once(work, *size, *subject);
        if is_interrupted() {
            bail!("interrupted");
        }
        let again = measured.unwrap_or_else(|error| {
            self.results.note_failure(format!(
                "{subject} failed at {name} {size}: {error:#}"
            ));
            false
        });
        if !again || begin.elapsed() > LONG {
            self.done.push(task);
        }
        Ok(())
    }

    fn has_memory(&mut self, work: &str, size: usize) -> Result<bool> {
        if !matches!(work, "start" | "first_line") {
            return Ok(true);
        }
        let available = idle::available_mib()?;
        if available >= size + RESERVE {
            return Ok(true);
        }
        self.results
            .note(format!("a parent of {size} MiB has too little room"));
        Ok(false)
    }

    /// Whether it should be done again: a subject may say that it cannot.
    fn measure_once(
        &mut self,
        work: &Work,
        size: usize,
        subject: Subject,
    ) -> Result<bool> {
        let Some(mut command) = self.programs.command(subject) else {
            return Ok(false);
        };
        command
            .arg(&work.name)
            .arg(size.to_string())
            .arg(work.effort.samples.to_string())
            .arg(work.effort.budget_ms.to_string())
            .arg(self.programs.mp_core()?);
        let mut running = Running::start(&mut command)?;
        let mut can = true;
        while let Some(line) = running.next_line()? {
            if let Some(note) = line.strip_prefix("note: ") {
                let subject = words::subject(subject.name());
                self.results.note(format!("{subject}, {}: {note}", work.name));
                can = false;
                continue;
            }
            let series = series(&line, subject)
                .with_context(|| format!("it printed {line:?}"))?;
            if series.measurement == "idle" {
                for series in memory_of(&series)? {
                    self.results.add(series);
                }
                running.go_on()?;
            } else {
                self.results.add(series);
            }
        }
        running.finish()?;
        Ok(can)
    }
}

fn find_programs(
    works: &[Work],
    pace: Pace,
    results: &mut Results,
) -> Result<Programs> {
    let mut subjects: Vec<Subject> = Vec::new();
    for &subject in works.iter().flat_map(|work| work.subjects) {
        let is_left_out =
            pace == Pace::Smoke && Subject::PEERS.contains(&subject);
        if !is_left_out && !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    let (programs, missing) = Programs::new(&subjects)?;
    for (subject, why) in missing {
        results.note(format!("{subject} is not measured: {why}"));
    }
    Ok(programs)
}

/// Reads MEASUREMENT UNIT PARAMS and the samples.
fn series(line: &str, subject: Subject) -> Option<Series> {
    let mut words = line.split_ascii_whitespace();
    let measurement = words.next()?.to_owned();
    let unit = words.next()?;
    let params = words.next()?.to_owned();
    let samples: Vec<f64> =
        words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
    // The programs count in whole numbers.
    let (unit, samples) = match unit {
        "ps" => ("ns", samples.iter().map(|sample| sample / 1000.0).collect()),
        unit => (unit, samples),
    };
    let subject = subject.name().to_owned();
    Some(Series {
        measurement,
        subject,
        params,
        unit: unit.to_owned(),
        samples,
    })
}

/// The memory of children that wait.
fn memory_of(pids: &Series) -> Result<[Series; 2]> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "they are the ids of processes"
    )]
    let ids: Vec<_> = pids.samples.iter().map(|&pid| pid as u32).collect();
    let memory = idle::memory(&ids)?;
    let series = |what, samples: Vec<u32>| Series {
        measurement: "idle_child".to_owned(),
        subject: pids.subject.clone(),
        params: format!("{},what={what}", pids.params),
        unit: "KiB".to_owned(),
        samples: samples.into_iter().map(f64::from).collect(),
    };
    Ok([
        series("pss", memory.iter().map(|one| one.pss).collect()),
        series(
            "private_dirty",
            memory.iter().map(|one| one.private_dirty).collect(),
        ),
    ])
}
