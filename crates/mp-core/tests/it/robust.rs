//! What becomes of locks when processes are killed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use mp_core::{
    Guard, Lock, LockGuard, LockKind, RLock, RawValue, SemLock, StartMethod,
    Value,
};
use serde::{Deserialize, Serialize};

use crate::observe::eventually;
use crate::steps::{Running, Steps, start, wait_to_be_killed};

crate::cases! {
    each_method: [
        killed_holder_of_a_lock,
        killed_holder_of_an_rlock,
        killed_holder_of_a_value,
        killed_holders_one_after_the_other,
        killed_while_waiting,
        killed_at_random,
    ],
    once: [],
}

/// Something that can be held, inside a type of one's own.
#[derive(Clone, Serialize, Deserialize)]
enum Holdable {
    Lock(Lock),
    RLock(RLock),
    Value(Value<i64>),
}

/// A way of waiting for it.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Way {
    Plain,
    Timed(Duration),
    Try,
}

const AN_HOUR: Duration = Duration::from_secs(3600);

impl Holdable {
    /// Holds it during the work, which is told if the last holder died. What
    /// can be held twice, is.
    fn hold(&self, way: Way, work: impl FnOnce(bool)) {
        match self {
            Self::Lock(lock) => {
                let guard = acquire(lock, way);
                work(guard.owner_died());
            }
            Self::RLock(lock) => {
                let outer = acquire(lock, way);
                let inner = acquire(lock, way);
                assert!(!inner.owner_died());
                work(outer.owner_died());
            }
            Self::Value(value) => {
                let guard = lock(value, way);
                work(guard.owner_died());
            }
        }
    }
}

fn acquire<K: LockKind>(lock: &SemLock<K>, way: Way) -> LockGuard<'_, K> {
    match way {
        Way::Plain => lock.acquire().unwrap(),
        Way::Timed(time) => lock.acquire_timeout(time).unwrap().unwrap(),
        Way::Try => try_until(|| lock.try_acquire()),
    }
}

fn lock(value: &Value<i64>, way: Way) -> Guard<'_, i64> {
    match way {
        Way::Plain => value.lock(),
        Way::Timed(time) => value.lock_timeout(time).unwrap(),
        Way::Try => try_until(|| value.try_lock()),
    }
}

fn try_until<T>(attempt: impl Fn() -> Option<T>) -> T {
    loop {
        if let Some(guard) = attempt() {
            return guard;
        }
        std::thread::yield_now();
    }
}

/// What the processes of a case share.
#[derive(Clone, Serialize, Deserialize)]
struct Shared {
    held: Holdable,
    steps: Steps,
    /// Who was told that the last holder died.
    told: Steps,
    /// Counted without atomic operations, by whoever holds it.
    count: RawValue<u32>,
}

impl Shared {
    fn new(held: Holdable) -> Self {
        let (steps, told) = (Steps::new(), Steps::new());
        Self { held, steps, told, count: RawValue::new(0) }
    }
}

fn hold_until_killed(shared: Shared) {
    shared.held.hold(Way::Plain, |owner_died| {
        assert!(!owner_died);
        shared.steps.take();
        wait_to_be_killed();
    });
}

fn wait_and_count(shared: Shared, way: Way) {
    shared.steps.take();
    shared.held.hold(way, |owner_died| {
        if owner_died {
            shared.told.take();
        }
        shared.count.set(shared.count.get() + 1);
    });
}

fn killed_holder_of_a_lock(_: StartMethod) {
    killed_holder(Holdable::Lock(Lock::new()));
}

/// At depth 2, as every holder here.
fn killed_holder_of_an_rlock(_: StartMethod) {
    killed_holder(Holdable::RLock(RLock::new()));
}

fn killed_holder_of_a_value(_: StartMethod) {
    killed_holder(Holdable::Value(Value::new(0)));
}

/// The next one gets the lock and is told, the others get it and are not.
fn killed_holder(held: Holdable) {
    let shared = Shared::new(held);
    let holder = start(hold_until_killed, (shared.clone(),));
    shared.steps.wait(1);
    let ways = [Way::Plain, Way::Timed(AN_HOUR), Way::Plain, Way::Try];
    let waiting = ways.map(|way| start(wait_and_count, (shared.clone(), way)));
    shared.steps.wait(5);
    for (process, way) in waiting.iter().zip(ways) {
        if !matches!(way, Way::Try) {
            process.until_blocked();
        }
    }
    assert_eq!(shared.count.get(), 0);
    holder.destroy();
    for process in &waiting {
        process.finish();
    }
    assert_eq!(shared.count.get(), 4);
    assert_eq!(shared.told.count(), 1);
    shared.held.hold(Way::Try, |owner_died| assert!(!owner_died));
}

/// The lock is as good after many deaths as after one, and the one who is told
/// can be this process.
fn killed_holders_one_after_the_other(_: StartMethod) {
    let everything = [
        Holdable::Lock(Lock::new()),
        Holdable::RLock(RLock::new()),
        Holdable::Value(Value::new(0)),
    ];
    for held in everything {
        let ways = [Way::Plain, Way::Timed(Duration::ZERO), Way::Try];
        for way in ways {
            let shared = Shared::new(held.clone());
            let holder = start(hold_until_killed, (shared.clone(),));
            shared.steps.wait(1);
            holder.destroy();
            held.hold(way, |owner_died| assert!(owner_died));
            held.hold(way, |owner_died| assert!(!owner_died));
        }
    }
}

/// Nobody notices, neither the holder nor the others that wait.
fn killed_while_waiting(_: StartMethod) {
    let shared = Shared::new(Holdable::Lock(Lock::new()));
    let mut waiting = Vec::new();
    shared.held.hold(Way::Plain, |_| {
        let ways = [Way::Plain, Way::Timed(AN_HOUR)];
        for way in [ways, ways, ways].concat() {
            waiting.push(start(wait_and_count, (shared.clone(), way)));
        }
        shared.steps.wait(6);
        for process in &waiting {
            process.until_blocked();
        }
        for victim in waiting.drain(1..5) {
            victim.destroy();
        }
    });
    for process in &waiting {
        process.finish();
    }
    assert_eq!(shared.count.get(), 2);
    assert_eq!(shared.told.count(), 0);
}

/// A counter and its mirror under one lock.
#[derive(Clone, Serialize, Deserialize)]
struct Pair {
    numbers: Value<[u64; 2]>,
    /// How often they differed though nobody was said to have died.
    torn: Steps,
    over: RawValue<u8>,
}

impl Pair {
    /// Whoever gets the lock, this process too, may be the one who is told.
    fn lock(&self) -> Guard<'_, [u64; 2]> {
        let mut numbers = self.numbers.lock();
        if numbers[0] != numbers[1] {
            if !numbers.owner_died() {
                self.torn.take();
            }
            numbers[1] = numbers[0];
        }
        numbers
    }
}

fn count_pair(pair: Pair) {
    while pair.over.get() == 0 {
        let mut numbers = pair.lock();
        numbers[0] += 1;
        for _ in 0..50 {
            // Another process must be able to see the one without the other.
            black_box(&mut *numbers);
        }
        numbers[1] += 1;
    }
}

fn killed_at_random(_: StartMethod) {
    const KILLS: usize = 100;
    let pair = Pair {
        numbers: Value::new([0; 2]),
        torn: Steps::new(),
        over: RawValue::new(0),
    };
    let counter = || start(count_pair, (pair.clone(),));
    let mut processes: [Running; 4] = std::array::from_fn(|_| counter());
    for _ in 0..KILLS {
        let moment = Duration::from_micros(rand::random_range(0..2000));
        let began = Instant::now();
        while began.elapsed() < moment {
            std::thread::yield_now();
        }
        let victim = rand::random_range(0..processes.len());
        processes[victim].destroy();
        processes[victim] = counter();
    }
    let before = pair.lock()[0];
    eventually("the pair counted on", || pair.lock()[0] > before + 100);
    pair.over.set(1);
    for process in &processes {
        process.finish();
    }
    let numbers = pair.numbers.lock();
    assert!(numbers[0] == numbers[1] && !numbers.owner_died());
    assert_eq!(pair.torn.count(), 0);
}
