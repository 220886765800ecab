//! What was seen of a run.

use std::time::Duration;

use crate::State;

/// A run of a program. All times count from its start.
#[derive(Debug, Default)]
pub struct Recording {
    /// The program's name.
    pub program: String,
    /// The processes, in the order in which they appeared. The first is the
    /// one that was started.
    pub processes: Vec<Process>,
    /// The lines that they wrote to standard output.
    pub lines: Vec<Line>,
    /// When the first process had ended.
    pub end: Duration,
}

/// One process.
#[derive(Debug)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// What it did, without gaps, in order.
    pub spans: Vec<Span>,
    /// Whether it was seen to end.
    pub ended: bool,
}

/// A time during which a process was in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The state.
    pub state: State,
    /// When it began.
    pub start: Duration,
    /// When it ended, or was last seen.
    pub end: Duration,
}

impl Span {
    /// How long it was.
    pub fn length(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

/// A line of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The process that wrote it.
    pub pid: i32,
    /// When it arrived.
    pub time: Duration,
    /// The line, without its end.
    pub text: String,
}

impl Process {
    pub(crate) fn new(pid: i32, now: Duration) -> Self {
        let first = Span { state: State::Runs, start: now, end: now };
        Self { pid, spans: vec![first], ended: false }
    }

    /// When it was first seen.
    pub fn start(&self) -> Duration {
        self.spans.first().map_or(Duration::ZERO, |span| span.start)
    }

    /// When it had ended, or was last seen.
    pub fn end(&self) -> Duration {
        self.spans.last().map_or(Duration::ZERO, |span| span.end)
    }

    /// Takes note of its state, or of its end, which is none.
    pub(crate) fn see(&mut self, state: Option<State>, now: Duration) {
        let Some(last) = self.spans.last_mut() else { return };
        last.end = now;
        match state {
            None => self.ended = true,
            Some(state) if state != last.state => {
                self.spans.push(Span { state, start: now, end: now });
            }
            Some(_) => {}
        }
    }
}

impl Recording {
    /// How long a process was in a state, all in all.
    pub fn time_in(&self, pid: i32, state: State) -> Duration {
        self.processes
            .iter()
            .filter(|process| process.pid == pid)
            .flat_map(|process| &process.spans)
            .filter(|span| span.state == state)
            .map(Span::length)
            .sum()
    }

    /// What a process is called in a picture.
    pub fn name(&self, index: usize) -> String {
        if index == 0 { "main".to_owned() } else { format!("child {index}") }
    }
}
