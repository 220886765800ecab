//! The tables for people.

use std::fmt::Write;

use serde_json::Value;

use crate::program::Subject;
use crate::results::{Results, Summary};
use crate::words::{heading, number, quantity, subject, value};

/// Everything that was measured, one table after the other.
pub(crate) fn of(results: &Results) -> String {
    let mut text = String::new();
    for measurement in results.measurements() {
        let _ = writeln!(text, "\n## {measurement}\n");
        text.push_str(&full(results, measurement));
    }
    if !text.is_empty() {
        text.push_str("\nOf rates (1/s) more is better, of the rest less.\n");
    }
    text
}

/// A line for each subject, with the ratios to the limit and to `CPython`.
pub(crate) fn full(results: &Results, measurement: &str) -> String {
    let rows = Rows::new(results, measurement);
    let mut text = String::new();
    let mut titles = rows.titles();
    titles.extend(
        ["subject", "median", "p99", "n", "× limit", "× CPython"]
            .map(str::to_owned),
    );
    head(&mut text, &titles, rows.columns.len() + 1);
    for row in &rows.rows {
        for summary in row {
            let median = |of| median(row, of);
            let ratio = |to| {
                median(to)
                    .filter(|base| *base > 0.0)
                    .map_or_else(String::new, |base| {
                        number(summary.median / base)
                    })
            };
            let mut cells = rows.params(row);
            cells.extend([
                subject(&summary.subject).to_owned(),
                quantity(&summary.unit, summary.median),
                quantity(&summary.unit, summary.p99),
                summary.n.to_string(),
                ratio("limit"),
                ratio("cpython"),
            ]);
            line(&mut text, &cells);
        }
    }
    text
}

/// The medians, the subjects side by side, and how mp-core compares.
pub(crate) fn compact(results: &Results, measurement: &str) -> String {
    let rows = Rows::new(results, measurement);
    let mut subjects: Vec<&str> = Vec::new();
    for summary in rows.rows.iter().flatten() {
        if !subjects.contains(&summary.subject.as_str()) {
            subjects.push(&summary.subject);
        }
    }
    subjects.sort_by_key(|name| Subject::place(name));
    let mut titles = rows.titles();
    titles.extend(subjects.iter().map(|name| subject(name).to_owned()));
    let has = |name| subjects.contains(&name);
    let ratios: Vec<_> =
        [("limit", "× limit"), ("cpython", "× better than CPython")]
            .into_iter()
            .filter(|(to, _)| has(to) && has("mp-core"))
            .collect();
    titles.extend(ratios.iter().map(|(_, title)| (*title).to_owned()));
    let mut text = String::new();
    head(&mut text, &titles, rows.columns.len());
    for row in &rows.rows {
        let mut cells = rows.params(row);
        cells.extend(subjects.iter().map(|name| {
            find(row, name).map_or_else(String::new, |summary| {
                quantity(&summary.unit, summary.median)
            })
        }));
        cells.extend(
            ratios
                .iter()
                .map(|(to, _)| ratio(row, to).map_or_else(String::new, number)),
        );
        line(&mut text, &cells);
    }
    text
}

/// How many times more mp-core takes than the limit, or `CPython` than mp-core.
fn ratio(row: &[&Summary], to: &str) -> Option<f64> {
    let own = find(row, "mp-core")?;
    let other = median(row, to)?;
    let is_rate = own.unit == "1/s";
    let ratio = if to == "limit" || is_rate {
        own.median / other
    } else {
        other / own.median
    };
    ratio.is_finite().then_some(ratio)
}

fn median(row: &[&Summary], of: &str) -> Option<f64> {
    find(row, of).map(|summary| summary.median)
}

fn find<'a>(row: &[&'a Summary], subject: &str) -> Option<&'a Summary> {
    row.iter().copied().find(|summary| summary.subject == subject)
}

/// The subjects of one measurement, by the params that they share.
struct Rows<'a> {
    columns: Vec<&'a str>,
    rows: Vec<Vec<&'a Summary>>,
}

impl<'a> Rows<'a> {
    fn new(results: &'a Results, measurement: &str) -> Self {
        let summaries = results
            .summaries()
            .iter()
            .filter(|summary| summary.measurement == measurement);
        let mut rows: Vec<Vec<&Summary>> = Vec::new();
        for summary in summaries {
            let same = |row: &&mut Vec<&Summary>| {
                row.iter().all(|other| other.params == summary.params)
            };
            match rows.iter_mut().find(same) {
                Some(row) => row.push(summary),
                None => rows.push(vec![summary]),
            }
        }
        let mut columns: Vec<&str> = rows
            .first()
            .and_then(|row| row.first())
            .map(|first| first.params.keys().map(String::as_str).collect())
            .unwrap_or_default();
        columns.sort_by_key(|column| heading(column).0);
        let mut this = Self { columns, rows: Vec::new() };
        let places: Vec<_> =
            rows.iter().map(|row| this.places(row, &rows)).collect();
        let mut rows: Vec<_> = places.into_iter().zip(rows).collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        this.rows = rows.into_iter().map(|(_, row)| row).collect();
        this
    }

    /// What a row is sorted by: numbers, and words in the order in which they
    /// first came.
    fn places(&self, row: &[&Summary], rows: &[Vec<&Summary>]) -> Vec<u64> {
        let param = |row: &[&Summary], column: &str| {
            row.first().and_then(|first| first.params.get(column).cloned())
        };
        let place = |column: &&str| {
            let own = param(row, column);
            own.as_ref().and_then(Value::as_u64).or_else(|| {
                let same = |other: &Vec<_>| param(other, column) == own;
                rows.iter().position(same)?.try_into().ok()
            })
        };
        self.columns.iter().map(|column| place(column).unwrap_or(0)).collect()
    }

    fn titles(&self) -> Vec<String> {
        let titles = self.columns.iter().map(|name| heading(name).1);
        titles.map(str::to_owned).collect()
    }

    fn params(&self, row: &[&Summary]) -> Vec<String> {
        let Some(first) = row.first() else { return Vec::new() };
        let cell = |name: &&str| {
            first
                .params
                .get(*name)
                .map_or_else(String::new, |param| value(name, param))
        };
        self.columns.iter().map(cell).collect()
    }
}

/// The first `left` columns have words, the others numbers.
fn head(text: &mut String, titles: &[String], left: usize) {
    line(text, titles);
    text.push('|');
    for column in 0..titles.len() {
        text.push_str(if column < left { "---|" } else { "--:|" });
    }
    text.push('\n');
}

fn line(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Series;

    fn results() -> Results {
        let mut results = Results::default();
        for (subject, size, sample) in [
            ("limit", 10, 200.0),
            ("mp-core", 10, 300.0),
            ("cpython", 10, 6000.0),
            ("mp-core", 4096, 500.0),
        ] {
            results.add(Series {
                measurement: "start_join".to_owned(),
                subject: subject.to_owned(),
                params: format!("parent_mib={size},method=fork"),
                unit: "ns".to_owned(),
                samples: vec![sample],
            });
        }
        results.finish(&["start_join".to_owned()]);
        results
    }

    #[test]
    fn a_full_table_has_a_line_for_each_subject() {
        assert_eq!(
            full(&results(), "start_join"),
            "| method | parent | subject | median | p99 | n | × limit | × CPython |\n\
             |---|---|---|--:|--:|--:|--:|--:|\n\
             | fork | 10 MiB | limit | 200\u{a0}ns | 200\u{a0}ns | 1 | 1.00 | 0.0333 |\n\
             | fork | 10 MiB | mp-core | 300\u{a0}ns | 300\u{a0}ns | 1 | 1.50 | 0.0500 |\n\
             | fork | 10 MiB | CPython | 6.00\u{a0}µs | 6.00\u{a0}µs | 1 | 30.0 | 1.00 |\n\
             | fork | 4 GiB | mp-core | 500\u{a0}ns | 500\u{a0}ns | 1 |  |  |\n"
        );
    }

    #[test]
    fn a_compact_table_has_the_subjects_side_by_side() {
        assert_eq!(
            compact(&results(), "start_join"),
            "| method | parent | limit | mp-core | CPython | × limit \
             | × better than CPython |\n\
             |---|---|--:|--:|--:|--:|--:|\n\
             | fork | 10 MiB | 200\u{a0}ns | 300\u{a0}ns | 6.00\u{a0}µs | 1.50 | 20.0 |\n\
             | fork | 4 GiB |  | 500\u{a0}ns |  |  |  |\n"
        );
    }
}
