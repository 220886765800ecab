//! The recording as a picture.
//!
//! A process is a row. What it does is a thick bar, waiting is a thin one, so
//! that the difference does not depend on colours. The colours are custom
//! properties, so that a page can give its own.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::{Line, Recording, Span, State};

/// What can be chosen about a picture.
#[derive(Debug, Default)]
pub struct Style {
    /// What it is called.
    pub title: String,
    /// How far the axis of time goes at least, so that two pictures can be
    /// compared.
    pub until: Duration,
    /// Other words for what is meant by a state.
    pub words: Vec<(State, String)>,
}

const WIDTH: f64 = 720.0;
const LEFT: f64 = 92.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 30.0;
const ROW: f64 = 24.0;

/// Waiting for a lock is the one thing that must be seen at once.
const CSS: &str = "\
svg.timeline { --runs: #175a8c; --sleeps: #4c96cf; --lock: #c77700; \
--waits: #9aa0a6; color: #24292e; font: 15px sans-serif; width: 100%; \
height: auto }
svg.timeline text { fill: currentColor }
svg.timeline .runs { fill: var(--runs) }
svg.timeline .sleeps { fill: var(--sleeps) }
svg.timeline .lock { fill: var(--lock) }
svg.timeline .waits { fill: var(--waits) }
svg.timeline .grid { stroke: currentColor; stroke-opacity: 0.15 }
svg.timeline .end { stroke: currentColor; stroke-dasharray: 4 3 }
svg.timeline .line { fill: currentColor }
@media (prefers-color-scheme: dark) { svg.timeline { --runs: #8cc6f2; \
--sleeps: #3f8fc9; --lock: #f0a93b; --waits: #7d848c; color: #d5d9dd } }";

/// Draws the recording.
///
/// There are no empty lines in it, so that it can stand in a page of Markdown.
pub fn draw(recording: &Recording, style: &Style) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = Picture::new(recording, style).write(&mut text);
    text
}

struct Picture<'a> {
    recording: &'a Recording,
    style: &'a Style,
    /// The seconds that the axis has.
    seconds: f64,
    legend: Vec<State>,
}

impl<'a> Picture<'a> {
    fn new(recording: &'a Recording, style: &'a Style) -> Self {
        let last = recording.processes.iter().map(crate::Process::end).max();
        let last = last.unwrap_or_default().max(recording.end);
        let seconds = last.max(style.until).as_secs_f64().max(0.001);
        let shown = |state: &State| {
            let spans = recording.processes.iter().flat_map(|p| &p.spans);
            let time: Duration = spans
                .filter(|span| span.state == *state)
                .map(Span::length)
                .sum();
            time.as_secs_f64() > seconds / 100.0
        };
        let legend = State::ALL.into_iter().filter(shown).collect();
        Self { recording, style, seconds, legend }
    }

    fn x(&self, time: Duration) -> f64 {
        let share = time.as_secs_f64() / self.seconds;
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn bottom(&self) -> f64 {
        let rows = u32::try_from(self.recording.processes.len());
        TOP + ROW * f64::from(rows.unwrap_or(u32::MAX))
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let bottom = self.bottom();
        let entries = u32::try_from(self.legend.len() + 1).unwrap_or(1);
        let height = bottom + 34.0 + ROW * f64::from(entries);
        let title = escape(&self.style.title);
        writeln!(
            out,
            "<svg class=\"timeline\" xmlns=\"http://www.w3.org/2000/svg\" \
             viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             aria-label=\"{title}\">\n<style>{CSS}</style>"
        )?;
        self.axis(out)?;
        for (index, process) in self.recording.processes.iter().enumerate() {
            self.row(out, index, process.pid, &process.spans)?;
        }
        self.the_end(out)?;
        self.write_legend(out, bottom + 34.0)?;
        writeln!(out, "</svg>")
    }

    fn axis(&self, out: &mut String) -> fmt::Result {
        let bottom = self.bottom();
        let step = step(self.seconds);
        let mut time = Duration::ZERO;
        while time.as_secs_f64() <= self.seconds {
            let x = self.x(time);
            let label = time.as_secs_f64();
            writeln!(
                out,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" \
                 y1=\"{TOP}\" y2=\"{bottom}\"/>\n\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">\
                 {label} s</text>",
                bottom + 20.0
            )?;
            time += step;
        }
        Ok(())
    }

    fn row(
        &self,
        out: &mut String,
        index: usize,
        pid: i32,
        spans: &[Span],
    ) -> fmt::Result {
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let middle = TOP + ROW * (f64::from(number) + 0.5);
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 10.0,
            middle + 5.0,
            self.recording.name(index)
        )?;
        for span in merged(spans, self.seconds / 600.0) {
            let (start, end) = (self.x(span.start), self.x(span.end));
            writeln!(
                out,
                "<rect class=\"{}\" x=\"{start:.1}\" y=\"{:.1}\" \
                 width=\"{:.1}\" height=\"{}\"><title>{}: {:.3} s</title>\
                 </rect>",
                span.state.name(),
                middle - thickness(span.state) / 2.0,
                (end - start).max(0.7),
                thickness(span.state),
                escape(self.words(span.state)),
                span.length().as_secs_f64(),
            )?;
        }
        let lines = self.recording.lines.iter();
        for Line { time, text, .. } in lines.filter(|line| line.pid == pid) {
            writeln!(
                out,
                "<circle class=\"line\" cx=\"{:.1}\" cy=\"{middle:.1}\" \
                 r=\"3\"><title>{}</title></circle>",
                self.x(*time),
                escape(text)
            )?;
        }
        Ok(())
    }

    fn the_end(&self, out: &mut String) -> fmt::Result {
        let (x, bottom) = (self.x(self.recording.end), self.bottom());
        let anchor = if x > WIDTH - 90.0 { "end" } else { "middle" };
        writeln!(
            out,
            "<line class=\"end\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" \
             y2=\"{bottom}\"/>\n<text x=\"{x:.1}\" y=\"{:.1}\" \
             text-anchor=\"{anchor}\" font-weight=\"bold\">{:.2} s</text>",
            TOP - 8.0,
            TOP - 12.0,
            self.recording.end.as_secs_f64()
        )
    }

    fn write_legend(&self, out: &mut String, top: f64) -> fmt::Result {
        let mut middle = top + ROW / 2.0;
        for &state in &self.legend {
            let thickness = thickness(state);
            writeln!(
                out,
                "<rect class=\"{}\" x=\"{LEFT}\" y=\"{:.1}\" width=\"40\" \
                 height=\"{thickness}\"/>\n\
                 <text x=\"{}\" y=\"{:.1}\">{}</text>",
                state.name(),
                middle - thickness / 2.0,
                LEFT + 52.0,
                middle + 5.0,
                escape(self.words(state))
            )?;
            middle += ROW;
        }
        writeln!(
            out,
            "<circle class=\"line\" cx=\"{}\" cy=\"{middle:.1}\" r=\"3\"/>\n\
             <text x=\"{}\" y=\"{:.1}\">prints a line</text>",
            LEFT + 20.0,
            LEFT + 52.0,
            middle + 5.0
        )
    }

    fn words(&self, state: State) -> &str {
        let own = self.style.words.iter().find(|(other, _)| *other == state);
        own.map_or(state.description(), |(_, words)| words)
    }
}

fn thickness(state: State) -> f64 {
    match state {
        State::Runs | State::Sleeps => 14.0,
        State::WaitsForLock => 4.0,
        State::Waits => 2.0,
    }
}

/// The spans, without those that are too short to be seen: each of them
/// becomes a part of the one before it.
fn merged(spans: &[Span], shortest: f64) -> Vec<Span> {
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        let length = span.length().as_secs_f64();
        match merged.last_mut() {
            Some(last) if length < shortest || last.state == span.state => {
                last.end = span.end;
            }
            Some(last) if last.length().as_secs_f64() < shortest => {
                *last = Span { start: last.start, ..*span };
            }
            _ => merged.push(*span),
        }
    }
    merged
}

/// A round time that fits at most ten times into the axis.
fn step(seconds: f64) -> Duration {
    let mut step = Duration::from_millis(1);
    for factor in [2, 5, 10].into_iter().cycle() {
        if seconds / step.as_secs_f64() <= 8.0 {
            break;
        }
        let decade = match factor {
            5 => step / 2,
            10 => step / 5,
            _ => step,
        };
        step = decade * factor;
    }
    step
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(state: State, start: u64, end: u64) -> Span {
        let [start, end] = [start, end].map(Duration::from_millis);
        Span { state, start, end }
    }

    #[test]
    fn a_step_is_round_and_leaves_room() {
        let of = |seconds| step(seconds).as_secs_f64().to_string();
        assert_eq!(of(6.0), "1");
        assert_eq!(of(1.0), "0.2");
        assert_eq!(of(35.0), "5");
        assert_eq!(of(100.0), "20");
    }

    #[test]
    fn what_is_too_short_to_be_seen_is_left_out() {
        let spans = [
            span(State::Runs, 0, 1),
            span(State::WaitsForLock, 1, 500),
            span(State::Runs, 500, 501),
            span(State::Sleeps, 501, 900),
        ];
        let seen =
            [span(State::WaitsForLock, 0, 501), span(State::Sleeps, 501, 900)];
        assert_eq!(merged(&spans, 0.01), seen);
    }

    #[test]
    fn a_line_cannot_break_the_picture() {
        assert_eq!(escape("a<b> & \"c\""), "a&lt;b&gt; &amp; &quot;c&quot;");
    }
}
