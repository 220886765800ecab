//! Pictures of what grows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use plotters::prelude::*;

use crate::results::{Results, Summary};

/// What grows, and along what.
const GROWING: [(&str, &str, &str); 6] = [
    ("start_join", "parent_mib", "MiB that the parent has touched"),
    ("first_line", "parent_mib", "MiB that the parent has touched"),
    ("start_join_args", "bytes", "bytes of arguments"),
    ("in_flight", "children", "children"),
    ("value_make", "values", "Values"),
    ("counter", "processes", "processes"),
];

const SIZE: (u32, u32) = (720, 440);

/// The lines of one picture, by subject.
type Lines<'a> = BTreeMap<&'a str, Vec<(f64, f64)>>;

/// Draws a picture of each measurement that grows, into the directory.
pub(crate) fn draw(results: &Results, directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    for (measurement, along, label) in GROWING {
        for (rest, (unit, lines)) in pictures(results, measurement, along) {
            // One point, or nothing, is no line.
            if lines.values().all(|points| points.len() < 2) {
                continue;
            }
            let title = [measurement, &rest].join(" ");
            let name = title.trim().replace([' ', '='], "_");
            let file = directory.join(name).with_extension("svg");
            picture(&file, title.trim(), (label, unit), &lines)
                .map_err(|error| anyhow::anyhow!("{error}"))
                .with_context(|| format!("cannot draw {}", file.display()))?;
        }
    }
    Ok(())
}

/// The pictures of one measurement, by the params that stay the same.
fn pictures<'a>(
    results: &'a Results,
    measurement: &str,
    along: &str,
) -> BTreeMap<String, (&'a str, Lines<'a>)> {
    let mut pictures = BTreeMap::new();
    for summary in results.summaries() {
        if summary.measurement != measurement || summary.median <= 0.0 {
            continue;
        }
        let Some((place, rest)) = split(summary, along) else { continue };
        let (_, lines): &mut (_, Lines) = pictures
            .entry(rest)
            .or_insert_with(|| (summary.unit.as_str(), Lines::new()));
        let line = lines.entry(summary.subject.as_str()).or_default();
        line.push((place, summary.median));
    }
    pictures
}

/// Where a median lies along what grows, and its other params.
fn split(summary: &Summary, along: &str) -> Option<(f64, String)> {
    let place = summary.params.get(along)?.as_f64()?;
    let params = summary.params();
    let rest: Vec<_> = params
        .split(',')
        .filter(|param| param.split('=').next() != Some(along))
        .collect();
    Some((place, rest.join(" ")))
}

fn picture(
    file: &Path,
    title: &str,
    (along, unit): (&str, &str),
    lines: &Lines,
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let points = || lines.values().flatten();
    // A logarithm has no place for nothing.
    let places = range(points().map(|point| point.0.max(1.0)));
    let values = range(points().map(|point| point.1));
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d(places.log_scale(), values.log_scale())?;
    chart
        .configure_mesh()
        .x_desc(along)
        .y_desc(unit)
        .light_line_style(WHITE)
        .x_label_formatter(&|value| plain(*value))
        .y_label_formatter(&|value| plain(*value))
        .draw()?;
    for (number, (subject, points)) in lines.iter().enumerate() {
        let color = Palette99::pick(number).to_rgba();
        let points = points.iter().map(|&(x, y)| (x.max(1.0), y));
        chart
            .draw_series(
                LineSeries::new(points, color.stroke_width(2)).point_size(3),
            )?
            .label(*subject)
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
            });
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}

/// From a little below the smallest to a little above the largest.
fn range(values: impl Iterator<Item = f64> + Clone) -> std::ops::Range<f64> {
    let smallest = values.clone().fold(f64::INFINITY, f64::min);
    let largest = values.fold(0.0, f64::max);
    smallest / 1.3..largest * 1.3
}

fn plain(value: f64) -> String {
    match value {
        value if value >= 1e9 => format!("{} G", value / 1e9),
        value if value >= 1e6 => format!("{} M", value / 1e6),
        value if value >= 1e3 => format!("{} k", value / 1e3),
        value => format!("{value}"),
    }
}
