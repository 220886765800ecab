//! The recording as a file for trace viewers.
//!
//! The format is the JSON of Chrome's trace viewer, which Perfetto reads too.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::Recording;

/// Writes the recording: a track for each process, with its states as slices
/// and its lines as instants.
///
/// # Errors
///
/// If it cannot be written.
pub fn write(recording: &Recording, to: impl Write) -> Result<()> {
    let mut events = Vec::new();
    for (index, process) in recording.processes.iter().enumerate() {
        let pid = process.pid;
        let name = recording.name(index);
        for (what, args) in [
            ("process_name", json!({ "name": name })),
            ("process_sort_index", json!({ "sort_index": index })),
        ] {
            events.push(json!({
                "ph": "M", "name": what, "pid": pid, "tid": pid, "args": args,
            }));
        }
        for span in &process.spans {
            events.push(json!({
                "ph": "X", "name": span.state.description(), "cat": "state",
                "pid": pid, "tid": pid, "ts": micros(span.start),
                "dur": micros(span.length()),
            }));
        }
    }
    for line in &recording.lines {
        events.push(json!({
            "ph": "i", "name": line.text, "cat": "output", "s": "p",
            "pid": line.pid, "tid": line.pid, "ts": micros(line.time),
        }));
    }
    let trace = json!({ "displayTimeUnit": "ms", "traceEvents": events });
    Ok(serde_json::to_writer(to, &trace)?)
}

fn micros(time: Duration) -> Value {
    // A run of more than 500,000 years is not expected.
    json!(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}
