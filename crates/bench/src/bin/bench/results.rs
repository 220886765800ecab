//! What was measured.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::mem;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::program::Subject;

/// One measurement of one subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) measurement: String,
    pub(crate) subject: String,
    pub(crate) params: BTreeMap<String, Value>,
    pub(crate) unit: String,
    pub(crate) median: f64,
    pub(crate) p99: f64,
    pub(crate) n: usize,
}

/// Samples of one measurement of one subject, of all rounds.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) measurement: String,
    pub(crate) subject: String,
    /// `name=value`, with commas.
    pub(crate) params: String,
    pub(crate) unit: String,
    pub(crate) samples: Vec<f64>,
}

/// What one run measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    series: Vec<Series>,
    summaries: Vec<Summary>,
    notes: Vec<String>,
    is_broken: bool,
}

impl Results {
    /// Adds samples to those of the same measurement and subject.
    pub(crate) fn add(&mut self, new: Series) {
        let same = |old: &&mut Series| {
            (&old.measurement, &old.subject, &old.params)
                == (&new.measurement, &new.subject, &new.params)
        };
        match self.series.iter_mut().find(same) {
            Some(old) => old.samples.extend(new.samples),
            None => self.series.push(new),
        }
    }

    /// Notes what could not be measured.
    pub(crate) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Notes what should have been measured, and failed.
    pub(crate) fn note_failure(&mut self, note: String) {
        self.is_broken = true;
        self.note(note);
    }

    /// Makes the summaries of these measurements. No samples come after this.
    pub(crate) fn finish(&mut self, measurements: &[String]) {
        let all = mem::take(&mut self.series);
        let mut all: Vec<_> = all
            .into_iter()
            .filter(|series| measurements.contains(&series.measurement))
            .collect();
        all.sort_by_key(|series| Subject::place(&series.subject));
        // What is to be compared stands together, in the order in which the
        // first subject has it.
        let mut params: Vec<_> = Vec::new();
        for series in &all {
            if !params.contains(&series.params) {
                params.push(series.params.clone());
            }
        }
        all.sort_by_key(|series| {
            let measurement = place(measurements, &series.measurement);
            (measurement, place(&params, &series.params))
        });
        self.summaries = all.into_iter().filter_map(summary).collect();
    }

    /// Whether nothing failed that should have run.
    pub(crate) fn is_complete(&self) -> bool {
        !self.is_broken
    }

    pub(crate) fn summaries(&self) -> &[Summary] {
        &self.summaries
    }

    /// The names of what was measured, in their order.
    pub(crate) fn measurements(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for summary in &self.summaries {
            if !names.contains(&summary.measurement.as_str()) {
                names.push(&summary.measurement);
            }
        }
        names
    }

    /// The median of a measurement, if it was made.
    pub(crate) fn median(
        &self,
        measurement: &str,
        subject: &str,
        params: &str,
    ) -> Option<f64> {
        let found = self.summaries.iter().find(|summary| {
            summary.measurement == measurement
                && summary.subject == subject
                && summary.params() == params
        });
        found.map(|summary| summary.median)
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let failed = || format!("cannot read {}", file.display());
        let text = fs::read_to_string(file).with_context(failed)?;
        let summaries =
            text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        Ok(Self {
            summaries: summaries.with_context(failed)?,
            ..Self::default()
        })
    }

    /// Writes a line of JSON for each measurement of each subject.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let mut text = String::new();
        for summary in &self.summaries {
            writeln!(text, "{}", serde_json::to_string(summary)?)?;
        }
        fs::write(file, text)
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

/// What could not be measured in some of the runs.
pub(crate) fn notes(runs: &[Results]) -> Vec<&String> {
    let mut notes: Vec<&String> = Vec::new();
    for note in runs.iter().flat_map(|run| &run.notes) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

impl Summary {
    /// `name=value`, with commas, in the order of the names.
    pub(crate) fn params(&self) -> String {
        let params = self.params.iter().map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        });
        params.collect::<Vec<_>>().join(",")
    }
}

fn summary(mut series: Series) -> Option<Summary> {
    series.samples.sort_by(f64::total_cmp);
    let middle = series.samples.len().checked_sub(1)? / 2;
    let upper = series.samples.len() / 2;
    let place = (series.samples.len() * 99).div_ceil(100) - 1;
    Some(Summary {
        measurement: series.measurement,
        subject: series.subject,
        params: params(&series.params),
        unit: series.unit,
        median: f64::midpoint(series.samples[middle], series.samples[upper]),
        p99: series.samples[place],
        n: series.samples.len(),
    })
}

fn params(text: &str) -> BTreeMap<String, Value> {
    let params = text.split(',').filter_map(|param| param.split_once('='));
    params
        .map(|(name, value)| {
            let value = value
                .parse()
                .map_or_else(|_| Value::from(value), |n: u64| Value::from(n));
            (name.to_owned(), value)
        })
        .collect()
}

fn place(names: &[String], name: &str) -> Option<usize> {
    names.iter().position(|other| other == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(samples: &[f64]) -> Series {
        Series {
            measurement: "start_join".to_owned(),
            subject: "mp-core".to_owned(),
            params: "parent_mib=10,method=fork".to_owned(),
            unit: "ns".to_owned(),
            samples: samples.to_owned(),
        }
    }

    #[test]
    fn rounds_are_taken_together() {
        let mut results = Results::default();
        results.add(series(&[3.0, 1.0]));
        results.add(series(&[2.0]));
        results.finish(&["start_join".to_owned()]);
        let median = results.median(
            "start_join",
            "mp-core",
            "method=fork,parent_mib=10",
        );
        assert_eq!(median, Some(2.0));
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let summary = summary(series(&[4.0, 1.0, 2.0, 9.0])).unwrap();
        assert_eq!((summary.median, summary.p99, summary.n), (3.0, 9.0, 4));
    }

    #[test]
    fn one_in_a_hundred_lies_above_the_99th_percentile() {
        let samples: Vec<_> = (1..=200).map(f64::from).collect();
        let p99 = summary(series(&samples)).map(|summary| summary.p99);
        assert_eq!(p99, Some(198.0));
    }

    #[test]
    fn a_summary_is_a_line_of_json() {
        let summary = summary(series(&[212_000.0])).unwrap();
        let line = serde_json::to_string(&summary).unwrap();
        assert_eq!(
            line,
            r#"{"measurement":"start_join","subject":"mp-core","params":{"method":"fork","parent_mib":10},"unit":"ns","median":212000.0,"p99":212000.0,"n":1}"#
        );
    }
}
