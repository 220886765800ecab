//! Names of processes, and how they are shown: the behaviours PROC, in part.

use std::process::ExitCode;

use mp_core::{Context, Process, Run, StartMethod, current_process};
use nix::unistd::getpid;
use serde::{Deserialize, Serialize};

use crate::notes::Notes;
use crate::steps::{Steps, wait_to_be_killed};
use crate::support::program;

crate::cases! {
    each_method: [
        proc_09_default_names_count_up,
        proc_10_names_of_children_of_children,
        proc_11_names_by_context,
        proc_12_renaming,
        proc_27_shown_as_in_python,
    ],
    once: [proc_27_shown_before_the_start],
    programs: [names],
}

fn proc_09_default_names_count_up(method: StartMethod) {
    let output = program("names", method).output().unwrap();
    assert_eq!(output.stdout, b"Process-1 Foo Process-3\n");
}

fn names() -> ExitCode {
    let first = Process::default();
    let second = Process::default().with_name("Foo");
    let third = Process::default();
    println!("{} {} {}", first.name(), second.name(), third.name());
    ExitCode::SUCCESS
}

fn proc_10_names_of_children_of_children(_: StartMethod) {
    fn descend(notes: Notes, depth: u32) {
        notes.add(current_process().name());
        if depth == 0 {
            return;
        }
        for depth in [depth - 1, 0] {
            let mut child = Process::new(descend, (notes.clone(), depth));
            child.start().unwrap();
            child.join().unwrap();
        }
    }
    let notes = Notes::new();
    let mut process = Process::new(descend, (notes.clone(), 2));
    let name = process.name();
    process.start().unwrap();
    process.join().unwrap();
    let wanted = ["", ":1", ":1:1", ":1:2", ":2"];
    let wanted = wanted.map(|numbers| format!("{name}{numbers}"));
    assert_eq!(notes.read(), wanted.join(" "));
}

fn proc_11_names_by_context(method: StartMethod) {
    #[derive(Serialize, Deserialize)]
    struct Sub;
    impl Run for Sub {
        fn run(&self) {}
    }
    let type_name = match method {
        StartMethod::Fork => "ForkProcess-",
        StartMethod::Spawn => "SpawnProcess-",
        StartMethod::ForkServer => "ForkServerProcess-",
        other => panic!("{other} is new"),
    };
    let context = Context::new(method);
    assert!(context.process(|| (), ()).name().starts_with(type_name));
    assert!(context.process_from(Sub).name().starts_with("Sub-"));
    assert!(Process::new(|| (), ()).name().starts_with("Process-"));
    assert!(Process::from(Sub).name().starts_with("Sub-"));
    assert!(Process::fork(|| ()).name().starts_with("ForkProcess-"));
}

fn proc_12_renaming(_: StartMethod) {
    fn report(notes: Notes, arrived: Steps, go: Steps) {
        notes.add(current_process().name());
        arrived.take();
        go.wait(1);
        notes.add(current_process().name());
    }
    let (notes, arrived, go) = (Notes::new(), Steps::new(), Steps::new());
    let args = (notes.clone(), arrived.clone(), go.clone());
    let mut process = Process::new(report, args).with_name("A");
    process.set_name("B");
    process.start().unwrap();
    arrived.wait(1);
    process.set_name("C");
    assert_eq!(process.name(), "C");
    go.take();
    process.join().unwrap();
    assert_eq!(notes.read(), "B B");

    let process = Process::default();
    let name = process.name();
    process.set_name("D");
    process.set_name("");
    assert_eq!(process.name(), name);
}

fn proc_27_shown_before_the_start() {
    let me = getpid();
    let process = Process::default().with_name("Foo").with_daemon(true);
    assert_eq!(
        process.to_string(),
        format!("<Process name='Foo' parent={me} initial daemon>")
    );
    assert_eq!(format!("{process:?}"), process.to_string());
    process.close().unwrap();
    assert_eq!(
        process.to_string(),
        format!("<Process name='Foo' parent={me} closed daemon>")
    );
    assert_eq!(
        current_process().to_string(),
        "<_MainProcess name='MainProcess' parent=None started>"
    );
}

fn proc_27_shown_as_in_python(_: StartMethod) {
    fn end_as_told(notes: Notes, arrived: Steps, go: Steps) -> ExitCode {
        notes.add(current_process());
        arrived.take();
        go.wait(1);
        ExitCode::from(3)
    }
    let me = getpid();
    let (notes, arrived, go) = (Notes::new(), Steps::new(), Steps::new());
    let args = (notes.clone(), arrived.clone(), go.clone());
    let mut process = Process::new(end_as_told, args).with_name("A");
    process.start().unwrap();
    let pid = process.pid().unwrap();
    arrived.wait(1);
    let shown = format!("<Process name='A' pid={pid} parent={me} started>");
    assert_eq!(process.to_string(), shown);
    go.take();
    process.join().unwrap();
    let shown =
        format!("<Process name='A' pid={pid} parent={me} stopped exitcode=3>");
    assert_eq!(process.to_string(), shown);
    let shown = format!("<Process name='A' parent={me} started>");
    assert_eq!(notes.read(), shown);

    for signal in ["SIGTERM", "SIGKILL"] {
        let mut process = Process::new(|| wait_to_be_killed(), ());
        process.set_name("B");
        process.start().unwrap();
        let pid = process.pid().unwrap();
        match signal {
            "SIGTERM" => process.terminate().unwrap(),
            _ => process.kill().unwrap(),
        }
        process.join().unwrap();
        assert_eq!(
            process.to_string(),
            format!(
                "<Process name='B' pid={pid} parent={me} stopped \
                 exitcode=-{signal}>"
            )
        );
    }
}
