//! A test binary under the ordinary harness, which has no `main` of its own.

use mp_core::{Context, StartMethod, Value};

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
