//! Whoever acquires or releases a lock is killed at every instruction of that.
//!
//! A program starts one victim after another. Each gets an instruction further
//! than the one before it, until one gets to the end.

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mp_core::{
    Lock, LockGuard, LockKind, RLock, RawValue, SemLock, StartMethod,
    Value,
};
use nix::sys::wait::WaitStatus;
use serde::{Deserialize, Serialize};

use crate::is_long;
use crate::observe::{eventually, has_ended, state};
use crate::steps::{Steps, start};
use crate::support::program;
use crate::tracer::{self, Mark, Pace, Task};

crate::cases! {
    each_method: [
        lock,
        reentrant_lock,
        lock_of_a_value,
        release_to_one_who_waits,
        wait_for_one_who_releases,
    ],
    once: [],
    programs: [walk],
}

/// What a victim does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Action {
    Lock,
    RLock,
    Value,
    Release,
    Wait,
}

fn lock(method: StartMethod) {
    kill_at_each_step(Action::Lock, method);
}

fn reentrant_lock(method: StartMethod) {
    kill_at_each_step(Action::RLock, method);
}

fn lock_of_a_value(method: StartMethod) {
    kill_at_each_step(Action::Value, method);
}

fn release_to_one_who_waits(method: StartMethod) {
    kill_at_each_step(Action::Release, method);
}

fn wait_for_one_who_releases(method: StartMethod) {
    kill_at_each_step(Action::Wait, method);
}

fn kill_at_each_step(action: Action, method: StartMethod) {
    // The bounded form takes every instruction of the C library, whose mutexes
    // they are, and for the methods whose children cost more, some.
    let (in_c_library, elsewhere) = match method {
        _ if is_long() => (1, 1),
        StartMethod::Spawn => (11, 397),
        StartMethod::ForkServer => (5, 197),
        _ => (1, 97),
    };
    let pace = Pace { in_c_library, elsewhere };
    let patience = Duration::from_secs(if is_long() { 3000 } else { 100 });
    nix::unistd::alarm::set(if is_long() { 3600 } else { 300 });
    let mut command = program("walk", method);
    command.arg(serde_json::to_string(&action).unwrap());
    let run = tracer::run(&mut command, method, Task::Walk(pace), patience);
    let Ok(run) = run else {
        println!("skipped: a process cannot be traced here: {run:?}");
        return;
    };
    println!("{method}: killed after {} instructions", run.killed);
    assert!(
        matches!(run.end, Some(WaitStatus::Exited(_, 0))) && !run.hung,
        "{:?} after {} of them: {}",
        run.end,
        run.killed,
        run.complaints
    );
    assert!(run.struck && run.killed > 5, "it was not looked at");
}

/// Two numbers that are equal unless somebody is between them, and their locks.
#[derive(Clone, Serialize, Deserialize)]
struct Pair {
    lock: Lock,
    reentrant: RLock,
    value: Value<[u32; 2]>,
    left: RawValue<u32>,
    right: RawValue<u32>,
    steps: Steps,
}

impl Pair {
    fn new() -> Self {
        Self {
            lock: Lock::new(),
            reentrant: RLock::new(),
            value: Value::new([0; 2]),
            left: RawValue::new(0),
            right: RawValue::new(0),
            steps: Steps::new(),
        }
    }

    /// Counts up both numbers, in few instructions.
    fn counter(&self) -> impl Fn() {
        let (left, right) = (self.left.atomic(), self.right.atomic());
        move || {
            left.fetch_add(1, Ordering::Relaxed);
            right.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Acquires a lock after a victim, and puts the numbers in order. Whether
    /// the victim died holding it.
    fn take_after<K: LockKind>(&self, lock: &SemLock<K>) -> bool {
        let guard = soon(lock);
        let died = guard.owner_died();
        assert!(died || self.left.get() == self.right.get(), "torn, not told");
        self.right.set(self.left.get());
        drop(guard);
        assert!(!soon(lock).owner_died(), "told twice");
        died
    }
}

/// Acquires a lock, which nobody who lives keeps for long.
fn soon<K: LockKind>(lock: &SemLock<K>) -> LockGuard<'_, K> {
    let guard = lock.acquire_timeout(Duration::from_secs(10)).unwrap();
    guard.expect("the lock of a killed process is free")
}

/// Starts victims until one lives.
fn walk() -> ExitCode {
    let action = std::env::args().nth(1).unwrap();
    let action = serde_json::from_str(&action).unwrap();
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    while !lives(action) {}
    ExitCode::SUCCESS
}

/// Starts a victim, and checks what it leaves. Whether it lives.
fn lives(action: Action) -> bool {
    let pair = Pair::new();
    let (victim, waiting) = match action {
        Action::Lock | Action::RLock | Action::Value => {
            (start(fall_victim, (action, pair.clone())), None)
        }
        Action::Release => {
            let victim = start(fall_victim, (action, pair.clone()));
            pair.steps.wait(1);
            let waiting = start(wait, (pair.clone(),));
            waiting.until_blocked();
            pair.steps.take();
            (victim, Some(waiting))
        }
        Action::Wait => {
            let guard = pair.lock.acquire().unwrap();
            let victim = start(fall_victim, (action, pair.clone()));
            let pid = victim.pid().unwrap();
            eventually("the victim waits, or is dead", || {
                pair.steps.count() > 0 && state(pid) == Some('S')
                    || has_ended(pid)
            });
            drop(guard);
            (victim, None)
        }
    };
    victim.join().unwrap();
    let lives = match victim.exitcode() {
        Some(0) => true,
        Some(-9) => false,
        code => panic!("a victim ended with {code:?}"),
    };
    if let Some(waiting) = waiting {
        assert!(waiting.join_timeout(Duration::from_secs(10)).unwrap());
        assert_eq!(waiting.exitcode(), Some(0));
        assert_eq!(pair.left.get(), 1, "the waiting process has counted");
    }
    let was_held = match action {
        Action::RLock => pair.take_after(&pair.reentrant),
        Action::Value => {
            let guard = pair.value.lock_timeout(Duration::from_secs(10));
            let guard = guard.expect("the lock of a killed process is free");
            assert!(guard.owner_died() || guard[0] == guard[1]);
            guard.owner_died()
        }
        _ => pair.take_after(&pair.lock),
    };
    assert!(!(lives && was_held));
    lives
}

/// Does it, and is killed meanwhile.
fn fall_victim(action: Action, pair: Pair) {
    let count = pair.counter();
    match action {
        Action::Lock | Action::Wait => {
            pair.steps.take();
            Mark::Walk.set();
            let guard = pair.lock.acquire().unwrap();
            count();
            drop(guard);
        }
        Action::RLock => {
            Mark::Walk.set();
            let guard = pair.reentrant.acquire().unwrap();
            let again = pair.reentrant.acquire().unwrap();
            count();
            drop(again);
            drop(guard);
        }
        Action::Value => {
            Mark::Walk.set();
            let mut numbers = pair.value.lock();
            numbers[0] += 1;
            numbers[1] += 1;
            drop(numbers);
        }
        Action::Release => {
            let guard = pair.lock.acquire().unwrap();
            pair.steps.take();
            pair.steps.wait(2);
            Mark::Walk.set();
            drop(guard);
        }
    }
    Mark::End.set();
}

/// Waits for the lock that a victim releases.
fn wait(pair: Pair) {
    let _guard = pair.lock.acquire().unwrap();
    pair.counter()();
}
