//! The way in for a program that has no `main` of its own: a test binary.

use crate::process::init::init;
use crate::sys::signal;

/// Makes [`init`](crate::init) run before `main`, for a test binary.
///
/// A `#[test]` has no `main` to put [`init`](crate::init) into: the harness
/// brings its own. With this line once in the file, anywhere at its top level,
/// the tests can start processes with spawn and forkserver. (With fork they
/// cannot: the harness runs tests on threads of its own.)
///
/// In a program with a `main` of its own, call [`init`](crate::init) there
/// instead: before `main` a child runs without the preparations that Rust makes
/// for it, such as the message about an overflowing stack.
///
/// # Examples
///
/// `tests/sum.rs` of a package that depends on `mp-core`:
///
/// ```
/// use mp_core::{Context, StartMethod, Value};
///
/// mp_core::init_before_main!();
///
/// fn add(total: Value<i64>, n: i64) {
///     *total.lock() += n;
/// }
///
/// #[test]
/// fn a_child_adds() -> mp_core::Result<()> {
///     let total = Value::new(40);
///     let context = Context::new(StartMethod::Spawn);
///     let mut process = context.process(add, (total.clone(), 2));
///     process.start()?;
///     process.join()?;
///     assert_eq!(total.get(), 42);
///     Ok(())
/// }
/// ```
#[allow(
    clippy::test_attr_in_doctest,
    reason = "the example is about tests; `tests/harness.rs` runs it"
)]
#[macro_export]
macro_rules! init_before_main {
    () => {
        $crate::__constructor!($crate::__init_before_main);
    };
}

/// What [`init_before_main!`] runs.
#[doc(hidden)]
pub extern "C" fn __init_before_main() {
    signal::ignore_broken_pipes();
    init();
}
