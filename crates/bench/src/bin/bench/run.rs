//! A run: every work, round by round, subject by subject.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::build::Programs;
use crate::measurement::Measurement;
use crate::plan::{Pace, Work, effort, work};
use crate::program::{Running, Subject, is_interrupted};
use crate::results::{Results, Series};
use crate::{examples, idle};

/// How much memory is left to others beside a large parent, in MiB.
const RESERVE: usize = 1024;

/// Measures what is asked for.
pub(crate) fn run(wanted: &[Measurement], pace: Pace) -> Result<Results> {
    let wanted = match wanted {
        [] => Measurement::value_variants(),
        some => some,
    };
    let mut results = Results::default();
    let mut works: Vec<Work> = Vec::new();
    for &measurement in wanted {
        if let Some(work) = work(measurement, pace) {
            if works.iter().all(|other| other.name != work.name) {
                works.push(work);
            }
        }
    }
    let programs = find_programs(&works, pace, &mut results)?;
    for work in &works {
        let begin = Instant::now();
        for &size in work.sizes {
            measure(work, size, &programs, &mut results)?;
        }
        progress(&work.name, begin);
    }
    if wanted.contains(&Measurement::ExampleOverhead) {
        let begin = Instant::now();
        let effort = effort(Measurement::ExampleOverhead, pace);
        examples::measure(effort.rounds, pace, &mut results)?;
        progress("the examples", begin);
    }
    let names: Vec<_> = wanted.iter().map(|wanted| wanted.name()).collect();
    results.finish(&names);
    Ok(results)
}

fn progress(name: &str, begin: Instant) {
    eprintln!("measured {name} in {:.0?}", begin.elapsed());
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

fn measure(
    work: &Work,
    size: usize,
    programs: &Programs,
    results: &mut Results,
) -> Result<()> {
    let needs_memory = matches!(&*work.name, "start" | "first_line");
    for _ in 0..work.effort.rounds {
        for &subject in work.subjects {
            let available = idle::available_mib()?;
            if needs_memory && available < size + RESERVE {
                results.note(format!(
                    "a parent of {size} MiB is not measured: \
                     {available} MiB are left"
                ));
                return Ok(());
            }
            let done = measure_once(work, size, subject, programs, results);
            if is_interrupted() {
                bail!("interrupted");
            }
            if let Err(error) = done {
                results.note_failure(format!(
                    "{subject} failed at {} {size}: {error:#}",
                    work.name
                ));
            }
        }
    }
    Ok(())
}

fn measure_once(
    work: &Work,
    size: usize,
    subject: Subject,
    programs: &Programs,
    results: &mut Results,
) -> Result<()> {
    let Some(mut command) = programs.command(subject) else {
        return Ok(());
    };
    command
        .arg(&work.name)
        .arg(size.to_string())
        .arg(work.effort.samples.to_string())
        .arg(work.effort.budget_ms.to_string())
        .arg(programs.mp_core()?);
    let mut running = Running::start(&mut command)?;
    while let Some(line) = running.next_line()? {
        if let Some(note) = line.strip_prefix("note: ") {
            results.note(format!("{subject}: {note}"));
            continue;
        }
        let series = series(&line, subject)
            .with_context(|| format!("it printed {line:?}"))?;
        if series.measurement == "idle" {
            for series in memory_of(&series)? {
                results.add(series);
            }
            running.go_on()?;
        } else {
            results.add(series);
        }
    }
    running.finish()
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
