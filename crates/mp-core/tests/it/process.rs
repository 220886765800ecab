//! Processes and their life cycle: the behaviours PROC.

use std::process::ExitCode;

use mp_core::{Process, StartMethod};

use crate::support::{Program, program};

crate::cases! {
    each_method: [proc_06_no_target, proc_09_default_names_count_up],
    once: [],
}

pub(crate) const PROGRAMS: &[Program] = &[("names", names)];

fn proc_06_no_target(_: StartMethod) {
    let mut process = Process::default();
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
}

fn proc_09_default_names_count_up(method: StartMethod) {
    let output = program("names", method).output().unwrap();
    assert_eq!(output.stdout, b"Process-1 Foo Process-3\n");
}

fn names() -> ExitCode {
    let made = [(); 3].map(|()| Process::default());
    let [first, second, third] = made;
    let second = second.with_name("Foo");
    println!("{} {} {}", first.name(), second.name(), third.name());
    ExitCode::SUCCESS
}
