//! Lines lost, doubled, changed or out of order.

use transcripts::Difference;

use crate::{fails, passes, run};

const EX1: &str = "\
Parent process id: [main]
Waiting for the process...
Subprocess PID: [child 1]
Current working directory: [cwd]
Touch file \"STOP\" to stop the task...
Subprocess PID: [child 2]
Current working directory: [cwd]
Touch file \"STOP\" to stop the task...
Stopping
Stopping
Sub processes are all done!
Sleep 5s for main process to quit...
";

pub(crate) const EX2: &str = "\
Main process with PID: [main]
Waiting for the process...
Subprocess with PID: [child 1]
Subprocess with PID: [child 2]
New message from another process
Exit from [child 1]
New message from another process
Exit from [child 2]
Bye!
";

/// The same for ex2, whose lines are given in short.
pub(crate) fn ex2(printed: &str) -> Result<(), Difference> {
    let printed = printed
        .replace("Main", "Main process with PID:")
        .replace("Wait", "Waiting for the process...")
        .replace("Sub", "Subprocess with PID:")
        .replace("New", "New message from another process")
        .replace("Exit", "Exit from");
    run("ex2", EX2, &printed)
}

#[test]
fn the_expected_order_passes() {
    passes(ex2(
        "Main 100 / Wait / Sub 7 / Sub 8 / New / Exit 7 / New / Exit 8 / Bye!",
    ));
}

#[test]
fn allowed_orders_pass() {
    for printed in [
        "Main 100 / Sub 7 / Wait / Sub 8 / New / Exit 7 / New / Exit 8 / Bye!",
        "Main 100 / Sub 8 / Sub 7 / Wait / New / Exit 7 / New / Exit 8 / Bye!",
        "Main 100 / Sub 7 / New / Sub 8 / Exit 7 / New / Exit 8 / Wait / Bye!",
        "Main 100 / Sub 7 / New / Exit 7 / Sub 8 / New / Exit 8 / Wait / Bye!",
    ] {
        passes(ex2(printed));
    }
}

#[test]
fn a_lost_line_is_caught() {
    fails(
        ex2("Main 100 / Sub 7 / Sub 8 / New / Exit 7 / New / Exit 8 / Bye!"),
        &["--- ex2 as expected", "+++ this run", "\n-Waiting for"],
    );
    fails(
        ex2("Main 100 / Wait / Sub 7 / Sub 8 / New / Exit 7 / New / Exit 8"),
        &["\n-Bye!"],
    );
    fails(run("ex2", EX2, ""), &["\n-Main process", "\n-Bye!"]);
}

#[test]
fn a_doubled_line_is_caught() {
    fails(
        ex2("Main 100 / Wait / Wait / Sub 7 / Sub 8 / New / Exit 7 / New / \
             Exit 8 / Bye!"),
        &["\n+Waiting for"],
    );
    fails(
        ex2("Main 100 / Wait / Sub 7 / Sub 8 / New / Exit 7 / New / Exit 8 / \
             Bye! / Bye!"),
        &["\n+Bye!"],
    );
}

#[test]
fn a_changed_line_is_caught() {
    fails(
        ex2("Main 100 / Wait / Sub 7 / Sub 8 / new / Exit 7 / New / Exit 8 / \
             Bye!"),
        &["\n+new"],
    );
    fails(
        ex2("Main 100 / Wait / Sub 7 / Sub x / New / Exit 7 / New / Exit 8 / \
             Bye!"),
        &["\n-Subprocess with PID: [child 2]", "\n+Subprocess with PID: x"],
    );
}

#[test]
fn torn_lines_are_caught() {
    fails(
        ex2("Main 100 / WaitSub 7 /  / Sub 8 / New / Exit 7 / New / Exit 8 / \
             Bye!"),
        &["\n-Waiting for", "\n+Waiting for the process...Subprocess"],
    );
}

#[test]
fn the_end_before_a_joined_child_is_caught() {
    fails(
        ex2("Main 100 / Wait / Sub 7 / Sub 8 / New / Exit 7 / New / Bye! / \
             Exit 8"),
        &["Bye!", "Exit from [child 2]"],
    );
}

#[test]
fn a_child_before_its_start_is_caught() {
    fails(
        ex2("Sub 7 / Main 100 / Wait / Sub 8 / New / Exit 7 / New / Exit 8 / \
             Bye!"),
        &["\n+Subprocess with PID: [child 1]"],
    );
}

#[test]
fn children_end_in_the_order_of_their_sleeps() {
    fails(
        ex2("Main 100 / Wait / Sub 7 / Sub 8 / New / New / Exit 7 / Exit 8 / \
             Bye!"),
        &["Exit from [child 1]"],
    );
}

#[test]
fn no_one_stops_before_all_wait() {
    let ex1 = |printed: &str| {
        let printed = printed
            .replace("Parent", "Parent process id:")
            .replace("Sub ", "Subprocess PID: ")
            .replace("Wait", "Waiting for the process...")
            .replace("Dir", "Current working directory:")
            .replace("Touch", "Touch file \"STOP\" to stop the task...")
            .replace("Done", "Sub processes are all done!")
            .replace("Sleep", "Sleep 5s for main process to quit...");
        run("ex1", EX1, &printed)
    };
    passes(ex1(
        "Parent 100 / Sub 7 / Sub 8 / Dir /tmp/here / Wait / Dir /tmp/here / \
         Touch / Touch / Stopping / Stopping / Done / Sleep",
    ));
    fails(
        ex1("Parent 100 / Wait / Sub 7 / Sub 8 / Dir /tmp/here / \
             Dir /tmp/here / Touch / Stopping / Touch / Stopping / Done / \
             Sleep"),
        &["Stopping"],
    );
    fails(
        ex1("Parent 100 / Sub 7 / Sub 8 / Dir /tmp/there / Wait / \
             Dir /tmp/here / Touch / Touch / Stopping / Stopping / Done / \
             Sleep"),
        &["\n+Current working directory: /tmp/there"],
    );
}

#[test]
fn lines_without_an_order_may_come_in_any() {
    let child = |i, pid| {
        format!("<Process name='Process-{i}' pid={pid} parent=100 started>")
    };
    let line = |i| {
        format!(
            "<Process name='Process-{i}' pid=[child {i}] parent=[main] started>"
        )
    };
    let expected: Vec<_> = (1..=5).map(line).collect();
    let expected = format!("Active Children Count: 5\n{}", expected.join("\n"));
    let print = |children: [(i32, i32); 5]| {
        let children = children.map(|(i, pid)| child(i, pid)).join(" / ");
        let printed = format!("Active Children Count: 5 / {children}");
        run("active_children", &expected, &printed)
    };
    passes(print([(1, 11), (2, 12), (3, 13), (4, 14), (5, 15)]));
    passes(print([(4, 11), (2, 15), (5, 13), (1, 14), (3, 12)]));
    fails(
        print([(4, 11), (2, 15), (5, 13), (1, 14), (1, 12)]),
        &["\n-<Process name='Process-3'"],
    );
    fails(
        print([(4, 11), (2, 15), (5, 13), (1, 14), (3, 11)]),
        &["\n-<Process name='Process-3' pid=[child 3]"],
    );
}
