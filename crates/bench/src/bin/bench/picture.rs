//! One picture: lines with logarithmic axes, and the subjects beside them.

use std::error::Error;
use std::ops::Range;

use plotters::coord::combinators::WithKeyPoints;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::words::{short_quantity, subject};

const SIZE: (u32, u32) = (720, 330);
/// Where the names of the subjects begin.
const NAMES: i32 = 545;
const FONT: (&str, u32) = ("sans-serif", 17);

/// The medians of one subject.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) subject: &'a str,
    /// From left to right.
    pub(crate) points: Vec<(f64, f64)>,
}

impl Line<'_> {
    /// Adds a point where it belongs: what is measured comes in any order.
    pub(crate) fn add(&mut self, point: (f64, f64)) {
        let place = self.points.partition_point(|other| other.0 < point.0);
        self.points.insert(place, point);
    }
}

/// What an axis shows, and where it has marks.
pub(crate) struct Axis<'a> {
    label: &'a str,
    range: Range<f64>,
    marks: Vec<f64>,
    text: Box<dyn Fn(f64) -> String + 'a>,
}

pub(crate) struct Picture<'a> {
    pub(crate) title: &'a str,
    pub(crate) across: Axis<'a>,
    pub(crate) up: Axis<'a>,
    pub(crate) lines: &'a [Line<'a>],
}

/// A logarithm has no place for nothing: that stands so much to the left of
/// the least of the others.
const BEFORE: f64 = 64.0;

impl<'a> Axis<'a> {
    /// With a mark at each place.
    pub(crate) fn of_places<'l>(
        lines: impl Iterator<Item = &'l Line<'l>>,
        label: &'a str,
        text: Box<dyn Fn(f64) -> String + 'a>,
    ) -> Self {
        let points = lines.flat_map(|line| &line.points);
        let mut marks: Vec<_> = points.map(|point| point.0).collect();
        marks.sort_by(f64::total_cmp);
        marks.dedup();
        let range = around(&positive(&marks), 1.25);
        Self { label, range, marks, text }
    }

    /// With marks at powers of ten, and between if there are few.
    pub(crate) fn of_values<'l>(
        lines: impl Iterator<Item = &'l Line<'l>>,
        unit: &'a str,
    ) -> Self {
        let points = lines.flat_map(|line| &line.points);
        let values: Vec<_> = points.map(|point| point.1).collect();
        let range = around(&values, 1.4);
        let of = |steps: &[f64]| {
            let powers = (-3..13).map(|power| 10_f64.powi(power));
            let marks = powers
                .flat_map(|power| steps.iter().map(move |step| power * step));
            marks.filter(|mark| range.contains(mark)).collect::<Vec<_>>()
        };
        let marks = [&[1.0][..], &[1.0, 3.0], &[1.0, 2.0, 5.0]]
            .into_iter()
            .map(of)
            .find(|marks| marks.len() > 3)
            .unwrap_or_else(|| of(&[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0]));
        let text = Box::new(move |value| short_quantity(unit, value));
        Self { label: "", range, marks, text }
    }

    fn coordinates(&self) -> WithKeyPoints<LogCoord<f64>> {
        let marks = positive(&self.marks);
        self.range.clone().log_scale().with_key_points(marks)
    }

    /// Nothing, where a line has it, is what the first mark stands for.
    fn text(&self, mark: f64) -> String {
        let first = positive(&self.marks).first() == Some(&mark);
        let is_nothing = first && self.marks.first() == Some(&0.0);
        (self.text)(if is_nothing { 0.0 } else { mark })
    }
}

/// The places where the values are drawn.
fn positive(values: &[f64]) -> Vec<f64> {
    let others = values.iter().copied().filter(|value| *value > 0.0);
    let least = others.fold(f64::INFINITY, f64::min);
    values.iter().map(|&value| drawn(value, least)).collect()
}

fn drawn(value: f64, least: f64) -> f64 {
    if value > 0.0 { value } else { least / BEFORE }
}

/// From a little below the smallest to a little above the largest.
fn around(values: &[f64], factor: f64) -> Range<f64> {
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(0.0, f64::max);
    smallest / factor..largest * factor
}

impl Picture<'_> {
    pub(crate) fn svg(&self) -> Result<String, Box<dyn Error>> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE);
            let area = area.into_drawing_area();
            let (plot, names) = area.split_horizontally(NAMES);
            self.draw(&plot)?;
            self.name_lines(&names)?;
            area.present()?;
        }
        // What is black takes the colour of the text around it.
        let begin = format!(
            "<svg class=\"plot\" role=\"img\" aria-label=\"{}\" ",
            self.title
        );
        Ok(svg.replacen("<svg ", &begin, 1).replace("#000000", "currentColor"))
    }

    fn draw(&self, area: &Area) -> Result<(), Box<dyn Error>> {
        let (across, up) = (&self.across, &self.up);
        let mut chart = ChartBuilder::on(area)
            .caption(self.title, ("sans-serif", 20))
            .margin(8)
            .x_label_area_size(50)
            .y_label_area_size(92)
            .build_cartesian_2d(across.coordinates(), up.coordinates())?;
        chart
            .configure_mesh()
            .label_style(FONT)
            .axis_desc_style(FONT)
            .x_desc(across.label)
            .bold_line_style(BLACK.mix(0.15))
            .axis_style(BLACK.mix(0.5))
            .x_labels(across.marks.len())
            .y_labels(up.marks.len())
            .x_label_formatter(&|mark| across.text(*mark))
            .y_label_formatter(&|mark| up.text(*mark))
            .draw()?;
        let least = positive(&across.marks)[0] * BEFORE;
        for line in self.lines {
            let style = style(line.subject);
            let points: Vec<_> = line
                .points
                .iter()
                .map(|&(place, value)| (drawn(place, least), value))
                .collect();
            chart.draw_series(
                LineSeries::new(points, style.filled())
                    .point_size(dot(line.subject)),
            )?;
        }
        Ok(())
    }

    /// The subjects in the order of the lines' ends, from above.
    fn name_lines(&self, area: &Area) -> Result<(), Box<dyn Error>> {
        let end = |line: &Line| line.points.last().map_or(0.0, |last| last.1);
        let mut lines: Vec<_> = self.lines.iter().collect();
        lines.sort_by(|a, b| end(b).total_cmp(&end(a)));
        let font = TextStyle::from(FONT.into_font())
            .pos(Pos::new(HPos::Left, VPos::Center));
        let mut y = 60;
        for line in lines {
            let style = style(line.subject);
            area.draw(&PathElement::new([(4, y), (28, y)], style))?;
            let dot = Circle::new((16, y), dot(line.subject), style.filled());
            area.draw(&dot)?;
            area.draw(&Text::new(
                subject(line.subject),
                (36, y),
                font.clone(),
            ))?;
            y += 28;
        }
        Ok(())
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Colours that can be told from a light page and from a dark one. The limit is
/// broad and pale, so that a line upon it does not hide it.
fn style(subject: &str) -> ShapeStyle {
    let (red, green, blue) = match subject {
        "limit" => (140, 145, 150),
        "mp-core" => (214, 105, 50),
        "cpython" => (66, 139, 200),
        "procspawn" => (155, 105, 200),
        "process-sync" => (60, 160, 105),
        "raw_sync" => (190, 150, 30),
        _ => (200, 85, 140),
    };
    let color = RGBColor(red, green, blue);
    if subject == "limit" {
        color.mix(0.5).stroke_width(8)
    } else {
        color.stroke_width(2)
    }
}

/// The radius of the dots on a line.
fn dot(subject: &str) -> u32 {
    if subject == "limit" { 0 } else { 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_a_place() {
        let line =
            Line { subject: "limit", points: vec![(0.0, 1.0), (64.0, 2.0)] };
        let axis = Axis::of_places(
            [&line].into_iter(),
            "bytes",
            Box::new(|place| place.to_string()),
        );
        let marks = positive(&axis.marks);
        assert_eq!(marks, [1.0, 64.0]);
        let texts: Vec<_> = marks.iter().map(|mark| axis.text(*mark)).collect();
        assert_eq!(texts, ["0", "64"]);
    }

    #[test]
    fn a_picture_takes_the_colour_of_the_text() {
        let lines = [Line {
            subject: "mp-core",
            points: vec![(1.0, 1e3), (10.0, 1e6)],
        }];
        let picture = Picture {
            title: "it grows",
            across: Axis::of_places(
                lines.iter(),
                "children",
                Box::new(|place| place.to_string()),
            ),
            up: Axis::of_values(lines.iter(), "ns"),
            lines: &lines,
        };
        let svg = picture.svg().unwrap();
        assert!(svg.contains("currentColor") && !svg.contains("#000000"));
        assert!(
            svg.contains("mp-core") && svg.contains("100\u{a0}µs"),
            "{svg}"
        );
    }
}
