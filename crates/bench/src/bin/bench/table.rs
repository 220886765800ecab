//! The table for people.

use std::fmt::Write;

use crate::results::{Results, Summary};

/// Everything that was measured, with the ratios to the limit and to CPython.
pub(crate) fn of(results: &Results) -> String {
    let mut text = String::new();
    let mut last = "";
    for summary in results.summaries() {
        if summary.measurement != last {
            last = &summary.measurement;
            let _ = writeln!(text, "\n## {last}\n");
            text.push_str(
                "| params | subject | median | p99 | n | × limit | × CPython |\n\
                 |---|---|--:|--:|--:|--:|--:|\n",
            );
        }
        let params = summary.params();
        let ratio = |to| {
            let base = results.median(&summary.measurement, to, &params);
            base.filter(|base| *base > 0.0)
                .map_or_else(String::new, |base| number(summary.median / base))
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            params.replace(',', " "),
            summary.subject,
            quantity(summary, summary.median),
            quantity(summary, summary.p99),
            summary.n,
            ratio("limit"),
            ratio("cpython"),
        );
    }
    if !text.is_empty() {
        text.push_str("\nOf rates (1/s) more is better, of the rest less.\n");
    }
    text
}

fn quantity(summary: &Summary, value: f64) -> String {
    match summary.unit.as_str() {
        "ns" => [("s", 1e9), ("ms", 1e6), ("µs", 1e3)]
            .iter()
            .find(|(_, size)| value >= *size)
            .map_or_else(
                || format!("{} ns", number(value)),
                |(unit, size)| format!("{} {unit}", number(value / size)),
            ),
        "1/s" => format!("{} M/s", number(value / 1e6)),
        unit => format!("{} {unit}", number(value)),
    }
}

/// Three digits, or all those before the point.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!(number(1234.5), "1234");
        assert_eq!(number(12.345), "12.3");
        assert_eq!(number(1.149), "1.15");
        assert_eq!(number(0.012_3), "0.012");
    }
}
