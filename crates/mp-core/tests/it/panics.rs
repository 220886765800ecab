//! Where a panic about a mistake of the caller says that it is: at the caller's
//! line, and not inside the library.

use std::cell::RefCell;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Mutex;
use std::time::Duration;

use mp_core::{
    Array, Guard, Lock, Process, RLock, RawArray, RawValue, StartMethod, Value,
    wait,
};
use nix::sys::resource::{Resource, setrlimit};

use crate::support::exit_code_of;

crate::cases! {
    each_method: [no_memory],
    once: [
        a_lock_that_is_held,
        an_item_that_is_not_there,
        a_process_that_was_started,
        what_belongs_to_the_parent,
    ],
}

/// The file and the line of the last panic.
static PLACE: Mutex<Option<(String, u32)>> = Mutex::new(None);

/// Asserts that this panics, and says the line of this very call.
#[track_caller]
fn assert_panics_here(work: impl FnOnce()) {
    let here = Location::caller();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location();
        *PLACE.lock().unwrap() =
            place.map(|place| (place.file().to_owned(), place.line()));
    }));
    let result = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(report);
    let place = PLACE.lock().unwrap().take();
    assert!(result.is_err(), "nothing panics at {here}");
    assert_eq!(place, Some((here.file().to_owned(), here.line())));
}

fn a_lock_that_is_held() {
    let value = Value::new(1);
    let array = Array::from_slice(&[1, 2]);
    let _held = (value.lock(), array.lock());
    assert_panics_here(|| _ = value.get());
    assert_panics_here(|| value.set(2));
    assert_panics_here(|| drop(value.lock()));
    assert_panics_here(|| drop(value.lock_timeout(Duration::MAX)));
    assert_panics_here(|| _ = array.get(0));
    assert_panics_here(|| array.set(0, 2));
    assert_panics_here(|| drop(array.lock()));
    assert_panics_here(|| drop(array.lock_timeout(Duration::MAX)));
}

fn an_item_that_is_not_there() {
    let array = Array::from_slice(&[1, 2]);
    let raw = RawArray::from_slice(&[1, 2]);
    assert_panics_here(|| array.set(2, 3));
    assert_panics_here(|| array.lock()[2] = 3);
    assert_panics_here(|| raw.set(2, 3));
}

fn a_process_that_was_started() {
    let mut process = Process::default();
    process.start().unwrap();
    process.join().unwrap();
    assert_panics_here(|| drop(process.with_daemon(true)));
}

thread_local! {
    /// A guard that a child by fork has a copy of.
    static HELD: RefCell<Option<Guard<'static, i32>>> =
        const { RefCell::new(None) };
}

/// A child by fork has copies of a guard and of a sentinel, and can use neither.
fn what_belongs_to_the_parent() {
    assert_eq!(exit_code_of(hold_and_fork, ()), Some(0));
}

fn hold_and_fork() {
    let value: &'static Value<i32> = Box::leak(Box::new(Value::new(1)));
    HELD.set(Some(value.lock()));
    let mut other = Process::default();
    other.start().unwrap();
    other.join().unwrap();
    let sentinel = other.sentinel().unwrap();
    let mut child = Process::fork(move || {
        let sentinels = [sentinel];
        assert_panics_here(|| _ = sentinels[0].as_fd());
        assert_panics_here(|| _ = wait(&sentinels, None));
        let mut guard = HELD.take().unwrap();
        assert_panics_here(|| assert_eq!(*guard, 1));
        assert_panics_here(|| *guard = 2);
    });
    child.start().unwrap();
    child.join().unwrap();
    assert_eq!(child.exitcode(), Some(0));
    HELD.set(None);
    assert_eq!(value.get(), 1);
}

/// Each thing that is made in shared memory, where there is no more of it.
fn no_memory(_: StartMethod) {
    assert_eq!(exit_code_of(make_all, ()), Some(0));
}

fn make_all() {
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0).unwrap();
    assert_panics_here(|| drop(Lock::new()));
    assert_panics_here(|| drop(RLock::new()));
    assert_panics_here(|| drop(Value::new(1)));
    assert_panics_here(|| drop(Value::<i32>::default()));
    assert_panics_here(|| drop(Array::<i32>::new(1)));
    assert_panics_here(|| drop(Array::from_slice(&[1])));
    assert_panics_here(|| drop(RawValue::new(1)));
    assert_panics_here(|| drop(RawArray::<i32>::new(1)));
    assert_panics_here(|| drop(RawArray::from_slice(&[1])));
}
