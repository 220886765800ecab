//! Killed holders of locks: how soon the next one has the lock, and what is
//! half done then.

use std::hint::black_box;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mp_core::{Lock, LockGuard, RLock, RawValue, Reentrant, StartMethod};
use serde::{Deserialize, Serialize};

use crate::steps::{Running, Steps, start, wait_to_be_killed};
use crate::{is_long, times};

crate::cases! {
    each_method: [next_holder, torn_pairs],
    once: [],
}

/// Until the next holder has a lock whose holder is killed, ten times, or
/// 200 times. The long run holds it to 100 ms.
fn next_holder(method: StartMethod) {
    fn hold(lock: Lock, steps: Steps) {
        let _guard = lock.acquire().unwrap();
        steps.take();
        wait_to_be_killed();
    }
    let rounds = times(10, 200);
    let mut longest = Duration::ZERO;
    for _ in 0..rounds {
        let (lock, steps) = (Lock::new(), Steps::new());
        let holder = start(hold, (lock.clone(), steps.clone()));
        steps.wait(1);
        let killed = Instant::now();
        holder.kill().unwrap();
        let guard = lock.acquire().unwrap();
        longest = longest.max(killed.elapsed());
        assert!(guard.owner_died());
    }
    println!("{method}: the next of {rounds} killed holders: {longest:?}");
    assert!(!is_long() || longest < Duration::from_millis(100));
}

/// A counter and its mirror, which nothing protects but the lock.
#[derive(Clone, Serialize, Deserialize)]
struct Pair {
    lock: RLock,
    counter: RawValue<u64>,
    mirror: RawValue<u64>,
    /// Differed though nobody was told of a death.
    torn: Steps,
    /// Differed, and the holder was told.
    mended: Steps,
    over: Steps,
}

impl Pair {
    fn hold(&self) -> LockGuard<'_, Reentrant> {
        let guard = self.lock.acquire().unwrap();
        let counter = self.counter.atomic().load(Ordering::Relaxed);
        if counter != self.mirror.get() {
            let note =
                if guard.owner_died() { &self.mended } else { &self.torn };
            note.take();
            self.mirror.set(counter);
        }
        guard
    }
}

fn count(pair: Pair) {
    while pair.over.count() == 0 {
        let _guard = pair.hold();
        pair.counter.set(pair.counter.get() + 1);
        for turn in 0..200 {
            black_box(turn);
        }
        pair.mirror.set(pair.mirror.get() + 1);
    }
}

/// One of four processes is killed at a random moment, 50 times, and in the
/// long run 1,000 times.
fn torn_pairs(method: StartMethod) {
    let pair = Pair {
        lock: RLock::new(),
        counter: RawValue::new(0),
        mirror: RawValue::new(0),
        torn: Steps::new(),
        mended: Steps::new(),
        over: Steps::new(),
    };
    let counter = || start(count, (pair.clone(),));
    let mut processes: [Running; 4] = std::array::from_fn(|_| counter());
    for _ in 0..times(50, 1000) {
        let moment = Duration::from_micros(rand::random_range(0..3000));
        let began = Instant::now();
        while began.elapsed() < moment {
            std::thread::yield_now();
        }
        let victim = rand::random_range(0..processes.len());
        processes[victim].destroy();
        processes[victim] = counter();
    }
    // None of those that are left waits for a dead one.
    let before = pair.hold();
    let so_far = pair.counter.get();
    drop(before);
    while pair.counter.get() < so_far + 100 {
        std::thread::yield_now();
    }
    pair.over.take();
    for process in &processes {
        process.finish();
    }
    drop(pair.hold());
    assert_eq!(pair.torn.count(), 0);
    assert_eq!(pair.counter.get(), pair.mirror.get());
    println!("{method}: {} half done, each told of", pair.mended.count());
}
