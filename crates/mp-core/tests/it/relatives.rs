//! The current process, its parent and its tree: the behaviours PROC, in part.

use std::process::ExitCode;
use std::time::Duration;

use mp_core::{
    ErrorKind, Process, StartMethod, active_children, current_process,
    parent_process,
};
use nix::unistd::getpid;

use crate::notes::Notes;
use crate::observe::Gate;
use crate::steps::{Steps, wait_to_be_killed};
use crate::support::{exit_code_of, leave_at_once, program};

crate::cases! {
    each_method: [
        proc_01_the_main_process,
        proc_28_the_current_process_in_a_child,
        proc_29_the_parent_process,
        proc_30_the_parent_is_killed,
        proc_30_the_parent_leaves,
        proc_31_trees,
        running_processes_cannot_be_closed,
    ],
    once: [handles_of_children_of_another],
    programs: [main_process],
}

fn proc_01_the_main_process(method: StartMethod) {
    let output = program("main_process", method).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn main_process() -> ExitCode {
    let me = current_process();
    assert_eq!(me.name(), "MainProcess");
    assert!(me.is_alive());
    assert!(!me.daemon());
    assert_eq!(me.exitcode(), None);
    assert_eq!(me.pid(), Some(std::process::id()));
    assert!(parent_process().is_none());
    ExitCode::SUCCESS
}

fn proc_28_the_current_process_in_a_child(_: StartMethod) {
    fn look(name: String) {
        let mut me = current_process();
        assert_eq!(me.name(), name);
        assert_eq!(me.pid(), Some(std::process::id()));
        assert!(me.is_alive());
        assert_eq!(me.exitcode(), None);
        let sentences = [
            (me.sentinel().map(|_| ()), "process not started"),
            (me.terminate(), "process not started"),
            (me.join(), "can only join a child process"),
            (
                me.start(),
                "can only start a process object created by current process",
            ),
            (
                parent_process().unwrap().start(),
                "can only start a process object created by current process",
            ),
        ];
        for (result, sentence) in sentences {
            assert_eq!(result.unwrap_err().to_string(), sentence);
        }
        assert!(active_children().is_empty());
    }
    let name = "Myself".to_owned();
    let mut process = Process::new(look, (name.clone(),)).with_name(&name);
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
    let error = current_process().start().unwrap_err();
    assert_eq!(
        error.to_string(),
        "can only start a process object created by current process"
    );
}

fn note_parent(notes: &Notes) {
    let parent = parent_process().unwrap();
    notes.add(parent.name());
    notes.add(parent.pid().unwrap());
}

fn proc_29_the_parent_process(_: StartMethod) {
    fn child(notes: Notes) {
        note_parent(&notes);
        let target = |notes: Notes| note_parent(&notes);
        assert_eq!(exit_code_of(target, (notes,)), Some(0));
    }
    let notes = Notes::new();
    let mut process = Process::new(child, (notes.clone(),));
    process.start().unwrap();
    process.join().unwrap();
    let (me, name) = (getpid(), process.name());
    let pid = process.pid().unwrap();
    assert_eq!(notes.read(), format!("MainProcess {me} {name} {pid}"));
}

/// Counts the step 1 when it sees its parent, and 2 when that is gone.
fn orphan(seen: Steps) {
    let parent = parent_process().unwrap();
    assert!(parent.is_alive());
    assert!(!parent.join_timeout(Duration::ZERO).unwrap());
    seen.take();
    // Longer than a case may take.
    assert!(parent.join_timeout(Duration::from_secs(1000)).unwrap());
    assert!(!parent.is_alive());
    parent.join().unwrap();
    seen.take();
}

fn proc_30_the_parent_is_killed(_: StartMethod) {
    fn child(seen: Steps) {
        Process::new(orphan, (seen,)).start().unwrap();
        wait_to_be_killed();
    }
    let seen = Steps::new();
    let mut process = Process::new(child, (seen.clone(),));
    process.start().unwrap();
    seen.wait(1);
    process.terminate().unwrap();
    seen.wait(2);
    process.join().unwrap();
}

fn proc_30_the_parent_leaves(_: StartMethod) {
    fn child(seen: Steps) {
        // A younger sibling of the one that looks must make no difference.
        let sibling = |seen: Steps| seen.wait(2);
        Process::new(orphan, (seen.clone(),)).start().unwrap();
        Process::new(sibling, (seen.clone(),)).start().unwrap();
        seen.wait(1);
        leave_at_once(0);
    }
    let seen = Steps::new();
    assert_eq!(exit_code_of(child, (seen.clone(),)), Some(0));
    seen.wait(2);
}

fn proc_31_trees(_: StartMethod) {
    fn grow(notes: Notes, path: String) {
        notes.add(format_args!("[{path}]"));
        if path.len() < 2 {
            for number in 0..3 {
                let args = (notes.clone(), format!("{path}{number}"));
                assert_eq!(exit_code_of(grow, args), Some(0));
            }
        }
    }
    let notes = Notes::new();
    assert_eq!(exit_code_of(grow, (notes.clone(), String::new())), Some(0));
    assert_eq!(
        notes.read(),
        "[] [0] [00] [01] [02] [1] [10] [11] [12] [2] [20] [21] [22]"
    );
}

/// Neither this one, nor its parent, as long as that lives.
fn running_processes_cannot_be_closed(_: StartMethod) {
    fn look() {
        let (me, parent) = (current_process(), parent_process().unwrap());
        for process in [&me, &parent] {
            let error = process.close().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StillRunning);
            assert!(process.is_alive() && process.pid().is_some());
        }
    }
    assert_eq!(exit_code_of(look, ()), Some(0));
    let error = current_process().close().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StillRunning);
    assert!(current_process().to_string().ends_with(" started>"));
}

/// A forked child has copies of its parent's handles. They are good for little,
/// and the errors say so.
fn handles_of_children_of_another() {
    let gate = Gate::new();
    let running = gate.start();
    let same = active_children().remove(0);
    let mut ended = Process::new(|| (), ());
    ended.start().unwrap();
    ended.join().unwrap();
    let not_started = Process::new(|| (), ());
    let mut copy = Process::fork(move || {
        for process in [&same, &not_started] {
            let refused = [
                (process.terminate(), "can only send a signal to"),
                (process.kill(), "can only send a signal to"),
                (process.interrupt(), "can only send a signal to"),
                (process.sentinel().map(drop), "can only give the sentinel of"),
                (process.join(), "can only join"),
            ];
            for (result, what) in refused {
                let error = result.unwrap_err();
                assert_eq!(
                    error.to_string(),
                    format!("{what} a child process")
                );
                assert_eq!(error.kind(), ErrorKind::NotAChild);
            }
        }
        let error = same.close().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotAChild);
        assert!(same.pid().is_some());
        not_started.close().unwrap();
        ended.close().unwrap();
    });
    copy.start().unwrap();
    copy.join().unwrap();
    assert_eq!(copy.exitcode(), Some(0));
    assert!(running.is_alive());
    gate.open();
    running.join().unwrap();
}
