//! A real run, seen from outside.

use std::process::Command;
use std::time::Duration;

use timeline::{Recording, State, record, svg, trace};

/// A shell that starts a process which sleeps, and waits for it.
fn recording() -> Recording {
    let mut command = Command::new("sh");
    command.args(["-c", "echo one; (echo two; exec sleep 0.3) & wait"]);
    let mut echoed = Vec::new();
    let (recording, status) =
        record(command, |line| echoed.push(line.to_owned())).unwrap();
    assert!(status.success());
    assert_eq!(echoed, ["one", "two"]);
    recording
}

#[test]
fn a_line_belongs_to_the_process_that_wrote_it() {
    let recording = recording();
    let [one, two] = &recording.lines[..] else { panic!("{recording:?}") };
    let pids: Vec<_> = recording.processes.iter().map(|p| p.pid).collect();
    assert_eq!(pids[0], one.pid);
    assert_eq!(pids[1], two.pid);
}

#[test]
fn a_child_that_sleeps_is_seen_to_sleep() {
    let recording = recording();
    let [parent, child] = &recording.processes[..] else {
        panic!("{recording:?}")
    };
    assert!(parent.ended && child.ended);
    let slept = recording.time_in(child.pid, State::Sleeps);
    assert!(slept >= Duration::from_millis(100), "{recording:?}");
    assert!(recording.end >= Duration::from_millis(300));
    assert_eq!(recording.time_in(parent.pid, State::Sleeps), Duration::ZERO);
}

#[test]
fn it_becomes_a_picture_and_a_trace() {
    let recording = recording();
    let picture = svg::draw(&recording, &svg::Style::default());
    assert!(picture.contains("class=\"sleeps\""), "{picture}");
    assert!(!picture.contains("\n\n"), "a page of Markdown would end it");
    let mut text = Vec::new();
    trace::write(&recording, &mut text).unwrap();
    let trace: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |phase| events.iter().filter(move |event| event["ph"] == phase);
    assert_eq!(of("i").count(), 2);
    assert!(of("X").any(|event| event["name"] == "sleeps"));
}
