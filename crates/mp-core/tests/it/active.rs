//! The list of children: the behaviours ACT.

use std::process;
use std::thread;

use mp_core::{Process, RawValue, StartMethod, active_children, wait};

use crate::observe::{Gate, eventually, state};

crate::cases! {
    each_method: [
        act_01_membership_over_time,
        act_02_asking_reaps,
        act_03_only_own_children,
        act_04_a_new_child_has_none,
        act_05_a_dropped_process_is_still_listed,
        act_06_other_ways_out_of_the_list,
        act_07_the_same_list_in_all_threads,
        starting_one_reaps_others,
    ],
    once: [],
}

fn listed() -> Vec<u32> {
    active_children().iter().filter_map(Process::pid).collect()
}

/// Starts a child that exits with a code, and waits until it has, without
/// reaping it.
fn ended(code: i32) -> Process {
    let mut process = Process::new(|code| process::exit(code), (code,));
    process.start().unwrap();
    wait(&[process.sentinel().unwrap()], None).unwrap();
    assert_eq!(state(process.pid().unwrap()), Some('Z'));
    process
}

fn act_01_membership_over_time(_: StartMethod) {
    let gate = Gate::new();
    let mut processes = [gate.process(), gate.process()];
    assert!(listed().is_empty());
    let mut started = Vec::new();
    for process in &mut processes {
        process.start().unwrap();
        started.push(process.pid().unwrap());
        assert_eq!(listed(), started);
    }
    gate.open();
    for process in &processes {
        process.join().unwrap();
        started.remove(0);
        let left = listed();
        assert!(left.iter().all(|pid| started.contains(pid)));
    }
    assert!(listed().is_empty());
}

fn act_02_asking_reaps(_: StartMethod) {
    let processes = [0, 1, 2].map(ended);
    let pids = [0, 1, 2].map(|n: usize| processes[n].pid().unwrap());
    assert!(listed().is_empty());
    assert_eq!(pids.map(state), [None; 3]);
    let codes = processes.map(|process| process.exitcode());
    assert_eq!(codes, [Some(0), Some(1), Some(2)]);
}

fn act_03_only_own_children(_: StartMethod) {
    fn be_parent(grandchild: RawValue<u32>) {
        let gate = Gate::new();
        let process = gate.start();
        let own = process.pid().unwrap();
        assert_eq!(listed(), [own]);
        grandchild.set(own);
        eventually("it was seen", || grandchild.get() == 0);
        gate.open();
    }
    let grandchild = RawValue::new(0);
    let mut child = Process::new(be_parent, (grandchild.clone(),));
    child.start().unwrap();
    eventually("the grandchild runs", || grandchild.get() != 0);
    assert_eq!(listed(), [child.pid().unwrap()]);
    assert!(state(grandchild.get()).is_some());
    grandchild.set(0);
    child.join().unwrap();
    assert_eq!(child.exitcode(), Some(0));
}

fn act_04_a_new_child_has_none(_: StartMethod) {
    let gate = Gate::new();
    let others = [gate.start(), gate.start()];
    let mut third = Process::new(|| assert!(listed().is_empty()), ());
    third.start().unwrap();
    third.join().unwrap();
    assert_eq!(third.exitcode(), Some(0));
    gate.open();
    for process in others {
        process.join().unwrap();
    }
}

fn act_05_a_dropped_process_is_still_listed(_: StartMethod) {
    let gate = Gate::new();
    let process = gate.start();
    let pid = process.pid().unwrap();
    drop(process);
    assert_eq!(listed(), [pid]);
    assert!(active_children()[0].is_alive());
    gate.open();
    eventually("it leaves the list", || listed().is_empty());
    assert_eq!(state(pid), None);
}

fn act_06_other_ways_out_of_the_list(_: StartMethod) {
    let ways: [fn(&Process); 3] = [
        |process| assert!(!process.is_alive()),
        |process| process.close().unwrap(),
        |process| assert_eq!(process.exitcode(), Some(0)),
    ];
    for leave in ways {
        let process = ended(0);
        let pid = process.pid().unwrap();
        leave(&process);
        assert_eq!(state(pid), None);
        assert!(listed().is_empty());
    }
}

/// By fork the children are started before there is a second thread.
fn act_07_the_same_list_in_all_threads(method: StartMethod) {
    let gate = Gate::new();
    let start = || gate.start();
    let process = match method {
        StartMethod::Fork => start(),
        _ => thread::scope(|scope| scope.spawn(start).join().unwrap()),
    };
    let pid = process.pid().unwrap();
    assert_eq!(listed(), [pid]);
    thread::spawn(move || assert_eq!(listed(), [pid])).join().unwrap();
    let same = active_children().remove(0);
    gate.open();
    thread::spawn(move || same.join()).join().unwrap().unwrap();
    assert_eq!(process.exitcode(), Some(0));
    assert!(listed().is_empty());
}

/// Nobody may ever ask about them. What became of them is still known.
fn starting_one_reaps_others(_: StartMethod) {
    let processes = [0, 1, 2].map(ended);
    let pids = [0, 1, 2].map(|n: usize| processes[n].pid().unwrap());
    let gate = Gate::new();
    let another = gate.start();
    assert_eq!(pids.map(state), [None; 3]);
    assert_eq!(listed(), [another.pid().unwrap()]);
    let codes = processes.map(|process| process.exitcode());
    assert_eq!(codes, [Some(0), Some(1), Some(2)]);
    gate.open();
    another.join().unwrap();
}
