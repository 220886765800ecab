//! A test binary under the ordinary harness, which has no `main` of its own.

use std::panic::catch_unwind;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use mp_core::{Context, Process, StartMethod, Value, isolated};

mp_core::init_before_main!();

fn add(total: Value<i64>, n: i64) {
    *total.lock() += n;
}

fn a_child_adds(method: StartMethod) -> mp_core::Result<()> {
    let total = Value::new(40);
    let context = Context::new(method);
    let mut process = context.process(add, (total.clone(), 2));
    process.start()?;
    process.join()?;
    assert_eq!(total.get(), 42);
    Ok(())
}

#[test]
fn a_spawned_child_adds() -> mp_core::Result<()> {
    a_child_adds(StartMethod::Spawn)
}

#[test]
fn a_child_of_the_forkserver_adds() -> mp_core::Result<()> {
    a_child_adds(StartMethod::ForkServer)
}

/// The harness runs tests on threads, beside which fork is refused.
#[test]
fn fork_is_refused_beside_threads() {
    let error = a_child_adds(StartMethod::Fork).unwrap_err();
    assert!(error.to_string().contains("while other threads are running"));
}

/// By fork, which needs a process with a single thread.
#[test]
fn an_isolated_test_forks() {
    isolated(|| {
        let words = ["captured", "by", "fork"].map(String::from);
        let mut process = Process::fork_returning(move || words.join(" "));
        process.start().unwrap();
        assert_eq!(process.start_method(), Some(StartMethod::Fork));
        assert_eq!(process.result().unwrap(), "captured by fork");
    });
}

#[test]
fn what_an_isolated_test_changes_stays_there() {
    static CHANGED: AtomicBool = AtomicBool::new(false);
    isolated(|| CHANGED.store(true, Ordering::Relaxed));
    assert!(!CHANGED.load(Ordering::Relaxed));
}

#[test]
fn a_panic_of_an_isolated_test_is_the_same() {
    let payload =
        catch_unwind(|| isolated(|| panic!("it is {}", 42))).unwrap_err();
    assert_eq!(payload.downcast_ref::<String>().unwrap(), "it is 42");
}

#[test]
#[should_panic(
    expected = "\"an_isolated_test_that_crashes\" was killed by SIGABRT"
)]
fn an_isolated_test_that_crashes() {
    isolated(|| std::process::abort());
}

#[test]
#[should_panic(expected = "exited with code 0 and gave no result")]
fn an_isolated_test_that_exits() {
    isolated(|| std::process::exit(0));
}

/// Makes the next test fail.
const FAILS: &str = "MP_TEST_FAILS";
const PANIC_LINE: u32 = line!() + 5;

#[test]
fn an_isolated_test_that_may_fail() {
    isolated(|| {
        assert!(std::env::var_os(FAILS).is_none(), "this test fails");
    });
}

/// What a user sees of it: this runs the test before once more.
#[test]
fn a_panic_of_an_isolated_test_is_printed_with_its_place() {
    let output = Command::new("/proc/self/exe")
        .args(["an_isolated_test_that_may_fail", "--exact"])
        .env(FAILS, "")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let place = format!("own at {}:{PANIC_LINE}:", file!());
    assert!(said.contains(&place), "{said}");
    assert!(said.contains(":\nthis test fails\n"), "{said}");
    assert!(!output.status.success());
    // All of it was captured.
    assert_eq!(output.stderr, b"");
}
