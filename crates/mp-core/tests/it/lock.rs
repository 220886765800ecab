//! Locks: the behaviours LOCK and RLCK.

use mp_core::{Lock, Process, StartMethod, Value};

crate::cases! {
    each_method: [lock_05_mutual_exclusion],
    once: [lock_02_not_recursive],
}

/// Four processes count under one lock; nothing is lost.
fn lock_05_mutual_exclusion(_: StartMethod) {
    fn count(lock: Lock, total: Value<i64>) -> mp_core::Result<()> {
        for _ in 0..2000 {
            let _guard = lock.acquire()?;
            let seen = total.get();
            total.set(seen + 1);
        }
        Ok(())
    }
    let (lock, total) = (Lock::new(), Value::new(0));
    let mut processes: Vec<_> = (0..4)
        .map(|_| Process::new(count, (lock.clone(), total.clone())))
        .collect();
    for process in &mut processes {
        process.start().unwrap();
    }
    for process in &processes {
        process.join().unwrap();
    }
    assert_eq!(total.get(), 8000);
}

fn lock_02_not_recursive() {
    let lock = Lock::new();
    let _guard = lock.acquire().unwrap();
    assert!(lock.acquire().unwrap_err().is_deadlock());
}
