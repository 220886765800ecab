//! That shared memory is used again: the behaviours HEAP-02 and HEAP-07.
//!
//! Each case is a program of its own, whose heap nobody else has used.

use std::fs;
use std::process::ExitCode;

use mp_core::{Process, RawArray, RawValue, StartMethod, Value};

use crate::observe::{eventually, has_ended};
use crate::steps::{Running, Steps, run, start, wait_to_be_killed};
use crate::support::program;

crate::cases! {
    each_method: [
        heap_02_memory_is_used_again,
        heap_02_memory_of_a_killed_child,
        heap_02_memory_of_an_orphan,
        heap_02_many_lasting_children,
        heap_07_empty_arenas,
    ],
    once: [],
    programs: [
        children_that_end,
        children_that_are_killed,
        children_that_are_orphaned,
        children_that_stay,
        nobody,
    ],
}

/// How much shared memory is mapped here, in bytes.
pub(crate) fn mapped() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let arenas = maps.lines().filter(|line| line.contains("mp-core arena"));
    let sizes = arenas.map(|line| {
        let (range, _) = line.split_once(' ').unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] =
            [from, to].map(|text| usize::from_str_radix(text, 16).unwrap());
        to - from
    });
    sizes.sum()
}

/// How many descriptors this process has.
pub(crate) fn descriptors() -> usize {
    crate::observe::descriptors(std::process::id()).len()
}

/// Makes values and drops them, as a program does that never stops.
pub(crate) fn churn(rounds: u64) {
    for round in 0..rounds {
        let value = Value::new(round);
        let array = RawArray::from_slice(&[round; 20]);
        assert_eq!((value.get(), array.get(19)), (round, Some(round)));
    }
}

/// So many descriptors may stand for children that have ended, until memory is
/// short and somebody looks.
const PIPES: usize = 17;

/// An eighth of the memory that a program may take.
const LARGE: usize = 128 << 10;

type Large = RawArray<u64>;

fn large() -> Large {
    RawArray::new(LARGE / size_of::<u64>())
}

/// Does something over and over, which must not take more and more memory.
fn stays_within_bounds(rounds: usize, round: impl Fn()) -> ExitCode {
    (0..3).for_each(|_| round());
    let before = descriptors();
    (0..rounds).for_each(|_| round());
    let (mapped, now) = (mapped(), descriptors());
    assert!(mapped <= 8 * LARGE, "{mapped} bytes are mapped");
    assert!(now <= before + PIPES, "{before} descriptors became {now}");
    ExitCode::SUCCESS
}

fn succeeds(name: &str, method: StartMethod) {
    let output = program(name, method).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// Memory that a child had is free again when the child has ended.
fn heap_02_memory_is_used_again(method: StartMethod) {
    succeeds("children_that_end", method);
}

fn children_that_end() -> ExitCode {
    stays_within_bounds(30, || {
        let (large, small) = (large(), Value::new(1));
        run(
            |large: Large, small: Value<i32>| {
                large.set(0, 2);
                small.set(2);
            },
            (large.clone(), small.clone()),
        );
        assert_eq!((large.get(0), small.get()), (Some(2), 2));
    })
}

/// A killed child leaves nothing that somebody would have to clear up.
fn heap_02_memory_of_a_killed_child(method: StartMethod) {
    succeeds("children_that_are_killed", method);
}

fn children_that_are_killed() -> ExitCode {
    stays_within_bounds(30, || {
        let (large, there) = (large(), Steps::new());
        let child = |_: Large, there: Steps| {
            there.take();
            wait_to_be_killed();
        };
        let process = start(child, (large, there.clone()));
        there.wait(1);
        process.destroy();
    })
}

/// Nor does a grandchild, of which its parent was the only one to know.
fn heap_02_memory_of_an_orphan(method: StartMethod) {
    succeeds("children_that_are_orphaned", method);
}

fn children_that_are_orphaned() -> ExitCode {
    fn child(large: Large, pid: RawValue<u32>, over: Steps) {
        let orphan = |_: Large, over: Steps| over.wait(1);
        let mut orphan = Process::new(orphan, (large, over));
        orphan.start().unwrap();
        pid.set(orphan.pid().unwrap());
        wait_to_be_killed();
    }
    stays_within_bounds(10, || {
        let (large, pid, over) = (large(), RawValue::new(0), Steps::new());
        let process = start(child, (large, pid.clone(), over.clone()));
        eventually("a grandchild", || pid.get() != 0);
        process.destroy();
        assert!(!has_ended(pid.get()));
        over.take();
        eventually("the orphan's end", || has_ended(pid.get()));
    })
}

/// Children that stay keep what was shared with them, and nothing that is made
/// later, however many they are.
fn heap_02_many_lasting_children(method: StartMethod) {
    succeeds("children_that_stay", method);
}

fn children_that_stay() -> ExitCode {
    let over = Steps::new();
    let child = |over: Steps, _: Value<i32>| over.wait(1);
    let children: Vec<Running> =
        (0..24).map(|_| start(child, (over.clone(), Value::new(0)))).collect();
    let code = stays_within_bounds(30, || churn(300));
    over.take();
    for child in &children {
        child.finish();
    }
    code
}

/// What nobody was given is free at once.
fn heap_07_empty_arenas(method: StartMethod) {
    succeeds("nobody", method);
}

fn nobody() -> ExitCode {
    let code = stays_within_bounds(100, || churn(100));
    let (before, held) = (mapped(), [(); 20].map(|()| large()));
    assert!(mapped() >= before + 20 * LARGE);
    drop(held);
    // All but the newest arena.
    assert!(mapped() < 25 * LARGE);
    code
}
