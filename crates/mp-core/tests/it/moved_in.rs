//! What is moved into a process, and when each copy of it is dropped.

use std::fs::File;
use std::io::{Read, Write};

use mp_core::{Process, StartMethod};
use nix::unistd::pipe;
use serde::{Deserialize, Serialize};

use crate::notes::Notes;

crate::cases! {
    each_method: [arguments_are_dropped_at_the_start],
    once: [
        what_a_closure_captures_is_dropped_at_the_start,
        end_of_a_stream_that_a_child_was_given,
    ],
}

/// Notes in which process it is dropped.
#[derive(Serialize, Deserialize)]
struct Guard {
    notes: Notes,
    made_in: u32,
}

impl Guard {
    fn new(notes: &Notes) -> Self {
        Self { notes: notes.clone(), made_in: std::process::id() }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let here = std::process::id() == self.made_in;
        self.notes.add(if here { "parent" } else { "child" });
    }
}

fn arguments_are_dropped_at_the_start(_: StartMethod) {
    let notes = Notes::new();
    let mut process = Process::new(drop, (Guard::new(&notes),));
    assert_eq!(notes.read(), "");
    process.start().unwrap();
    assert!(notes.read().contains("parent"));
    process.join().unwrap();
    assert!(["parent child", "child parent"].contains(&&*notes.read()));
}

fn what_a_closure_captures_is_dropped_at_the_start() {
    let notes = Notes::new();
    let guard = Guard::new(&notes);
    let mut process = Process::fork(move || drop(guard));
    process.start().unwrap();
    assert!(notes.read().contains("parent"));
    process.join().unwrap();
    assert!(["parent child", "child parent"].contains(&&*notes.read()));
}

/// It comes when the child has ended, whether or not anybody looks after that.
fn end_of_a_stream_that_a_child_was_given() {
    let (reader, writer) = pipe().unwrap();
    let mut writer = File::from(writer);
    let mut process =
        Process::fork(move || writer.write_all(b"all of it").unwrap());
    process.start().unwrap();
    let mut text = String::new();
    File::from(reader).read_to_string(&mut text).unwrap();
    assert_eq!(text, "all of it");
    process.join().unwrap();
}
