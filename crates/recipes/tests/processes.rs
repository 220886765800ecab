//! Tests that start processes, in a file as `cargo test` wants it.

use mp_core::{Context, Process, Result, StartMethod, Value};

// ANCHOR: tests
// once in the file: the way in for the processes that its tests start
mp_core::init_before_main!();

fn add(total: Value<i64>, n: i64) {
    *total.lock() += n;
}

#[test]
fn by_the_default() -> Result<()> {
    let total = Value::new(40);
    let mut process = Process::new(add, (total.clone(), 2));
    process.start()?;
    process.join()?;
    assert_eq!(total.get(), 42);
    Ok(())
}

#[test]
fn by_spawn() -> Result<()> {
    adds_by(StartMethod::Spawn)
}

#[test]
fn by_forkserver() -> Result<()> {
    adds_by(StartMethod::ForkServer)
}

// the harness runs tests on threads, and fork needs a process without them
#[test]
fn by_fork() {
    mp_core::isolated(|| adds_by(StartMethod::Fork).unwrap());
}

fn adds_by(method: StartMethod) -> Result<()> {
    let total = Value::new(40);
    let context = Context::new(method);
    let mut process = context.process(add, (total.clone(), 2));
    process.start()?;
    process.join()?;
    assert_eq!(total.get(), 42);
    Ok(())
}

// what it changes is gone with its process
#[test]
fn in_another_folder() {
    mp_core::isolated(|| {
        std::env::set_current_dir("/").unwrap();
        assert!(std::path::Path::new("proc").is_dir());
    });
}

#[test]
#[should_panic(expected = "was killed by SIGABRT")]
fn a_crash_fails_one_test() {
    mp_core::isolated(|| std::process::abort());
}
// ANCHOR_END: tests
