//! The lock that a value has, and the guard to what is in it: the behaviours
//! VAL-03 and VAL-13.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mp_core::{RawValue, StartMethod, Value};

use crate::steps::{Steps, start};

crate::cases! {
    each_method: [
        val_13_scoped_locking,
    ],
    once: [
        val_03_its_own_lock,
        val_03_lock_taken_twice,
        val_13_guard_on_unwinding,
        val_13_debug_text,
        val_13_timeouts,
    ],
}

/// Each value has a lock of its own, and a clone has the same. A raw value has
/// none, by its type.
fn val_03_its_own_lock() {
    let (one, two) = (Value::new(1), Value::new(2));
    let same = one.clone();
    let guard = one.lock();
    assert!(one.try_lock().is_none());
    assert!(same.try_lock().is_none());
    assert_eq!(two.get(), 2);
    drop(guard);
    assert_eq!(*same.lock(), 1);
}

/// The lock is not reentrant: a second acquisition is a panic, at once.
fn val_03_lock_taken_twice() {
    let value = Value::new(1);
    let guard = value.lock();
    let silent = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let attempts: [&dyn Fn(); 4] = [
        &|| drop(value.lock()),
        &|| drop(value.lock_timeout(Duration::MAX)),
        &|| _ = value.get(),
        &|| value.set(2),
    ];
    let told = attempts.map(|attempt| {
        let payload = catch_unwind(AssertUnwindSafe(attempt)).unwrap_err();
        payload.downcast_ref::<String>().cloned().unwrap_or_default()
    });
    std::panic::set_hook(silent);
    for text in told {
        assert!(text.contains("already holds the lock"), "{text}");
    }
    drop(guard);
    assert_eq!(value.get(), 1);
}

fn val_13_scoped_locking(_: StartMethod) {
    fn child(value: Value<i32>, steps: Steps) {
        assert!(value.try_lock().is_none());
        assert!(value.lock_timeout(Duration::from_millis(50)).is_none());
        steps.take();
        // Waits for the parent, and sees what it wrote last.
        assert_eq!(value.get(), 2);
        steps.take();
    }
    let (value, steps) = (Value::new(0), Steps::new());
    let mut guard = value.lock();
    *guard = 1;
    let process = start(child, (value.clone(), steps.clone()));
    steps.wait(1);
    process.until_blocked();
    assert_eq!(steps.count(), 1);
    *guard = 2;
    drop(guard);
    process.finish();
}

fn val_13_guard_on_unwinding() {
    let value = Value::new(1);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        *value.lock() = 2;
        let mut guard = value.lock();
        *guard = 3;
        std::panic::resume_unwind(Box::new("not to be reported"));
    }));
    assert!(unwound.is_err());
    let guard = value.try_lock().expect("it was released");
    assert!(!guard.owner_died());
    assert_eq!(*guard, 3);
}

fn val_13_debug_text() {
    let value = Value::new(7);
    assert_eq!(format!("{value:?}"), "Value(7)");
    let guard = value.lock();
    assert_eq!(format!("{value:?}"), "Value(<locked>)");
    assert_eq!(format!("{guard:?}"), "7");
    assert_eq!(format!("{:?}", RawValue::new(8)), "RawValue(8)");
}

fn val_13_timeouts() {
    let value = Value::new(7);
    for timeout in [Duration::ZERO, Duration::from_secs(1), Duration::MAX] {
        let guard = value.lock_timeout(timeout).expect("it is free");
        assert!(!guard.owner_died());
        assert_eq!(*guard, 7);
    }
}
