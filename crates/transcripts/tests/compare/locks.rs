//! What ten processes with one lock must print, and what they must not.

use transcripts::Difference;

use crate::{fails, outcome, passes};

/// The times that the children sleep: their sum is 4.5, the longest 0.9.
fn sleep(identifier: usize) -> f64 {
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9][identifier]
}

/// A run of ex5 by the numbers that it prints, which took `wall`.
struct Ex5 {
    program: &'static str,
    order: [usize; 10],
    elapsed: &'static str,
    sum: &'static str,
    wall: f64,
}

const PLAIN: Ex5 = Ex5 {
    program: "ex5",
    order: [3, 1, 4, 0, 5, 9, 2, 6, 8, 7],
    elapsed: "0:00:00.934223",
    sum: "4.500",
    wall: 1.1,
};

const LOCKED: Ex5 = Ex5 {
    program: "ex5-with-lock",
    elapsed: "0:00:04.461200",
    wall: 4.7,
    ..PLAIN
};

impl Ex5 {
    fn outcome(&self) -> Result<(), Difference> {
        let got = "got the lock, sleeping for";
        let child = |i| format!(">process {i} {got} [seconds]s");
        let mut expected: Vec<_> = (0..10).map(child).collect();
        expected.push("Done in [elapsed]  (random nubmer sum=[sum])!".into());
        let line = |&i| format!(">process {i} {got} {:.3}s", sleep(i));
        let mut lines: Vec<_> = self.order.iter().map(line).collect();
        let (elapsed, sum) = (self.elapsed, self.sum);
        lines.push(format!("Done in {elapsed}  (random nubmer sum={sum})!"));
        outcome(self.program, &expected.join("\n"), lines, self.wall)
    }

    #[track_caller]
    fn passes(&self) {
        passes(self.outcome());
    }

    #[track_caller]
    fn fails(&self, with: &str, by_time: bool) {
        let outcome = self.outcome();
        let is_by_time = outcome.as_ref().is_err_and(|d| d.by_time);
        fails(outcome, &[with]);
        assert_eq!(is_by_time, by_time, "{with}");
    }
}

#[test]
fn ex5_passes_in_any_order_of_its_children() {
    PLAIN.passes();
    LOCKED.passes();
    Ex5 { order: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], ..PLAIN }.passes();
    // No fraction where there are no microseconds.
    Ex5 { elapsed: "0:00:01", ..PLAIN }.passes();
    // The sum is of the numbers before they were rounded.
    Ex5 { sum: "4.503", ..PLAIN }.passes();
}

#[test]
fn ex5_has_each_child_once() {
    let order = [3, 1, 4, 0, 5, 9, 2, 6, 8, 8];
    Ex5 { order, ..PLAIN }.fails("->process 7", false);
}

#[test]
fn ex5_with_a_wrong_sum_is_caught() {
    Ex5 { sum: "4.510", ..PLAIN }.fails("the sum is 4.500", false);
    Ex5 { sum: "4.4", ..PLAIN }.fails("sum=4.4)!", false);
}

#[test]
fn ex5_with_a_malformed_time_is_caught() {
    for elapsed in ["0:00:00.934", "00:00.934223", "0.934223"] {
        Ex5 { elapsed, ..PLAIN }.fails("-Done in [elapsed]", false);
    }
}

#[test]
fn ex5_must_not_overlap_with_the_lock() {
    // Faster than the sleeps one after another.
    Ex5 { wall: 4.4, elapsed: "0:00:04.2", ..LOCKED }.fails("Done in", false);
    Ex5 { wall: 4.4, elapsed: "0:00:04.200000", ..LOCKED }
        .fails("took 4.400 s", false);
    // The same by the program's own clock.
    Ex5 { elapsed: "0:00:00.934223", ..LOCKED }
        .fails("not about the sum", true);
}

#[test]
fn ex5_must_overlap_without_the_lock() {
    Ex5 { wall: 4.7, elapsed: "0:00:04.461200", ..PLAIN }
        .fails("about the sum", true);
    // Nor can it be faster than one sleep.
    Ex5 { wall: 0.5, elapsed: "0:00:00.400000", ..PLAIN }
        .fails("took 0.500 s", false);
    // Nor can its clock count more than passed.
    Ex5 { wall: 1.0, elapsed: "0:00:01.200000", ..PLAIN }
        .fails("took 1.000 s", false);
}

/// A run of ex6 in the order of `children`: a child that is named for the
/// first time sleeps, and the second time it is done. Child 0 sleeps for
/// `zero`.
fn ex6(children: &[usize], zero: &str, wall: f64) -> Result<(), Difference> {
    let expected: Vec<_> = (0..10)
        .flat_map(|i| {
            let sleeping = format!(">process {i} sleeping for [random]");
            [sleeping, format!(">process {i} done")]
        })
        .collect();
    let line = |(at, i): (usize, &usize)| {
        if children[..at].contains(i) {
            format!(">process {i} done")
        } else if *i == 0 {
            format!(">process 0 sleeping for {zero}")
        } else {
            format!(">process {i} sleeping for {}", sleep(*i))
        }
    };
    let lines = children.iter().enumerate().map(line).collect();
    outcome("ex6", &expected.join("\n"), lines, wall)
}

/// Each child twice, one after another.
fn in_turn() -> Vec<usize> {
    (0..10).flat_map(|i| [i, i]).collect()
}

#[test]
fn ex6_passes_in_any_order_of_its_children() {
    let backward: Vec<_> = in_turn().into_iter().rev().collect();
    for children in [in_turn(), backward] {
        passes(ex6(&children, "0.0", 4.6));
    }
}

#[test]
fn ex6_with_another_child_in_between_is_caught() {
    let mut children = in_turn();
    // Child 1 sleeps while child 0 holds the lock.
    children.swap(1, 2);
    fails(ex6(&children, "0.0", 4.6), &["\n+>process 1 sleeping"]);
    // Both hold the lock, and both are done before the next.
    children.swap(2, 3);
    fails(ex6(&children, "0.0", 4.6), &["\n->process 0 done"]);
}

#[test]
fn ex6_prints_floats_as_python_does() {
    let outcome = |zero| ex6(&in_turn(), zero, 10.0);
    for good in ["0.5", "0.9643689843106737", "5e-05"] {
        passes(outcome(good));
    }
    for bad in ["0.50", "0.00005", "5e-5", "1.5", "0.5s", ""] {
        let line = format!("\n+>process 0 sleeping for {bad}\n");
        fails(outcome(bad), &[&line]);
    }
}

#[test]
fn ex6_with_less_time_than_its_sleeps_is_caught() {
    fails(ex6(&in_turn(), "0.0", 4.4), &["took 4.400 s"]);
}
