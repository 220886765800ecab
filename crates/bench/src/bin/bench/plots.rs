//! Pictures of what grows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::picture::{Axis, Line, Picture};
use crate::results::{Results, Summary};
use crate::words::value;

/// A measurement, the param along which it grows, what that is, and what is
/// shown of it.
struct Growing {
    measurement: &'static str,
    along: &'static str,
    label: &'static str,
    /// By the value of one other param: the title.
    titles: &'static [(&'static str, &'static str)],
}

const GROWING: [Growing; 6] = [
    Growing {
        measurement: "start_join",
        along: "parent_mib",
        label: "memory that the parent has touched",
        titles: &[
            ("fork", "start + join, fork"),
            ("spawn", "start + join, spawn"),
            ("forkserver", "start + join, forkserver"),
        ],
    },
    Growing {
        measurement: "first_line",
        along: "parent_mib",
        label: "memory that the parent has touched",
        titles: &[
            ("fork", "the child's first line, fork"),
            ("spawn", "the child's first line, spawn"),
            ("forkserver", "the child's first line, forkserver"),
        ],
    },
    Growing {
        measurement: "start_join_args",
        along: "bytes",
        label: "length of the text that is the argument",
        titles: &[
            ("fork", "start + join with an argument, fork"),
            ("spawn", "start + join with an argument, spawn"),
            ("forkserver", "start + join with an argument, forkserver"),
        ],
    },
    Growing {
        measurement: "in_flight",
        along: "children",
        label: "children at a time",
        titles: &[
            ("fork", "starting all, then joining all, fork"),
            ("spawn", "starting all, then joining all, spawn"),
            ("forkserver", "starting all, then joining all, forkserver"),
        ],
    },
    Growing {
        measurement: "value_make",
        along: "values",
        label: "Values",
        titles: &[
            ("make", "making one of so many Values"),
            ("shared_memory", "shared memory for each of so many Values"),
            ("descriptors", "descriptors for all Values"),
        ],
    },
    Growing {
        measurement: "counter",
        along: "processes",
        label: "processes that count",
        titles: &[("rate", "a counter under one lock, in all processes")],
    },
];

/// Draws a picture of each measurement that grows, into the directory.
pub(crate) fn draw(results: &Results, directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    for growing in &GROWING {
        let lines = growing.lines(results);
        // The same scale for what may be compared.
        for (part, title) in growing.titles {
            let Some((unit, own)) = lines.get(part) else { continue };
            let alike = lines.values().filter(|(other, _)| other == unit);
            let all = || alike.clone().flat_map(|(_, lines)| lines);
            // One point is no line.
            if own.iter().all(|line| line.points.len() < 2) {
                continue;
            }
            let along = growing.along;
            let picture = Picture {
                title,
                across: Axis::of_places(
                    all(),
                    growing.label,
                    Box::new(move |place| value(along, &whole(place).into())),
                ),
                up: Axis::of_values(all(), unit),
                lines: own,
            };
            let name = format!("{}-{part}.svg", growing.measurement);
            let file = directory.join(name);
            let svg = picture
                .svg()
                .map_err(|error| anyhow::anyhow!("{error}"))
                .with_context(|| format!("cannot draw {title}"))?;
            fs::write(&file, svg)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(())
}

/// A place on an axis, which is a whole number.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it was one"
)]
fn whole(place: f64) -> u64 {
    place.round() as u64
}

impl Growing {
    /// The unit and the lines of each picture, by what is shown.
    fn lines<'a>(
        &self,
        results: &'a Results,
    ) -> BTreeMap<&'static str, (&'a str, Vec<Line<'a>>)> {
        let mut pictures: BTreeMap<_, (_, Vec<Line>)> = BTreeMap::new();
        for summary in results.summaries() {
            if summary.measurement != self.measurement || summary.median <= 0.0
            {
                continue;
            }
            let Some((part, place)) = self.place(summary) else { continue };
            let (_, lines) = pictures
                .entry(part)
                .or_insert_with(|| (summary.unit.as_str(), Vec::new()));
            let point = (place, summary.median);
            let own = |line: &&mut Line| line.subject == summary.subject;
            match lines.iter_mut().find(own) {
                Some(line) => line.add(point),
                None => lines.push(Line {
                    subject: &summary.subject,
                    points: vec![point],
                }),
            }
        }
        pictures
    }

    /// In which picture a median is, and where in it.
    fn place(&self, summary: &Summary) -> Option<(&'static str, f64)> {
        let place = summary.params.get(self.along)?.as_f64()?;
        let is_of = |part: &str| {
            summary.params.values().any(|value| value.as_str() == Some(part))
        };
        let (part, _) = self.titles.iter().find(|(part, _)| is_of(part))?;
        Some((part, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Series;

    #[test]
    fn lines_go_from_left_to_right_whatever_came_first() {
        let mut results = Results::default();
        for size in [256, 4096, 10, 1024] {
            results.add(Series {
                measurement: "start_join".to_owned(),
                subject: "mp-core".to_owned(),
                params: format!("method=fork,parent_mib={size}"),
                unit: "ns".to_owned(),
                samples: vec![f64::from(size) * 2.0],
            });
        }
        results.finish(&["start_join".to_owned()]);
        let pictures = GROWING[0].lines(&results);
        let (_, lines) = &pictures["fork"];
        assert_eq!(
            lines[0].points,
            [(10.0, 20.0), (256.0, 512.0), (1024.0, 2048.0), (4096.0, 8192.0)]
        );
    }
}
