//! Arrays in chunks, each with a lock of its own: several processes work on one
//! array at the same time.

use std::time::Duration;

use mp_core::{Chunk, ChunkedArray, Guard, StartMethod, Value};
use serde::{Deserialize, Serialize};

use crate::steps::{Steps, run, start, wait_to_be_killed};
use crate::support::panic_of;

crate::cases! {
    each_method: [
        chunks_are_written_at_once,
        chunks_of_one_array_however_they_are_sent,
        chunk_whose_holder_is_killed,
        chunks_that_are_all_held_by_one_that_is_killed,
        whole_array_waits_for_its_chunks,
        two_that_lock_everything,
    ],
    once: [
        chunk_locked_twice,
    ],
}

/// Longer than any case takes.
const LONG: Duration = Duration::from_secs(40);

/// Both have locked theirs before one of them goes on. Nobody waits.
fn chunks_are_written_at_once(_: StartMethod) {
    fn work(chunk: Chunk<u64>, steps: Steps) {
        let mut items = chunk.lock();
        steps.take();
        steps.wait(2);
        for (item, place) in items.iter_mut().zip(chunk.range()) {
            *item += place as u64;
        }
        steps.take();
        steps.wait(4);
    }
    let (length, steps) = (10_001, Steps::new());
    let array = ChunkedArray::from_slice(&vec![7; length], 5001);
    let workers: Vec<_> = array
        .chunks()
        .map(|chunk| start(work, (chunk, steps.clone())))
        .collect();
    assert_eq!(workers.len(), 2);
    for worker in &workers {
        worker.finish();
    }
    let items = array.lock();
    assert!(!items.owner_died());
    assert!(items.iter().copied().eq(7..7 + length as u64));
}

#[derive(Clone, Serialize, Deserialize)]
struct Job {
    array: ChunkedArray<u32>,
    chunks: Vec<Chunk<u32>>,
    other: Option<Box<Job>>,
}

/// The array itself, a chunk twice, both inside types of one's own, and on to
/// a grandchild: they are all the same.
fn chunks_of_one_array_however_they_are_sent(_: StartMethod) {
    fn check(job: Job, depth: u32) {
        let array = &job.array;
        assert_eq!((array.len(), array.chunks().len()), (5, 3));
        let [last, first, same] = &job.chunks[..] else { panic!("three") };
        assert_eq!((last.index(), last.range(), last.len()), (2, 4..5, 1));
        assert_eq!((first.index(), first.range(), first.len()), (0, 0..2, 2));
        let other = job.other.as_ref().unwrap();
        let mut items = first.lock();
        assert!(same.try_lock().is_none() && array.try_lock().is_none());
        assert!(other.array.chunk(0).unwrap().try_lock().is_none());
        assert_eq!(array.get(2), Some(30));
        items[1] += 1;
        drop(items);
        assert_eq!(other.array.get(1), Some(21 + depth));
        if depth < 1 {
            run(check, (job, depth + 1));
        }
    }
    let array = ChunkedArray::from_slice(&[10, 20, 30, 40, 50], 2);
    let first = array.chunk(0).unwrap();
    let chunks = vec![array.chunk(2).unwrap(), first.clone(), first];
    let other = Job { array: array.clone(), chunks: vec![], other: None };
    let job = Job { array, chunks, other: Some(other.into()) };
    run(check, (job.clone(), 0));
    assert_eq!(*job.array.lock(), [10, 22, 30, 40, 50]);
}

/// The next one to lock that chunk is told, and nobody else is.
fn chunk_whose_holder_is_killed(_: StartMethod) {
    fn hold(chunk: Chunk<u8>, steps: Steps) {
        let mut items = chunk.lock();
        items[0] = 1;
        steps.take();
        wait_to_be_killed();
    }
    let array = ChunkedArray::<u8>::new(6, 2);
    let chunk = array.chunk(1).unwrap();
    for round in 0..2 {
        let steps = Steps::new();
        let holder = start(hold, (chunk.clone(), steps.clone()));
        steps.wait(1);
        assert!(chunk.try_lock().is_none());
        assert!(!array.chunk(0).unwrap().lock().owner_died());
        holder.destroy();
        if round == 0 {
            let items = chunk.lock_timeout(LONG).expect("the holder died");
            assert!(items.owner_died());
            assert_eq!(*items, [1, 0]);
        } else {
            let items = array.lock_timeout(LONG).expect("the holder died");
            assert!(items.owner_died());
            assert!(items.abandoned().eq([1]));
        }
        let items = array.lock();
        assert!(!items.owner_died() && items.abandoned().next().is_none());
    }
}

/// As many chunks as there can be, and almost as many other locks: the kernel
/// does not free any number.
fn chunks_that_are_all_held_by_one_that_is_killed(_: StartMethod) {
    fn hold(array: ChunkedArray<u8>, others: Vec<Value<usize>>, steps: Steps) {
        let _others: Vec<_> = others.iter().map(|value| value.lock()).collect();
        let mut items = array.lock();
        items.fill(1);
        steps.take();
        wait_to_be_killed();
    }
    let array = ChunkedArray::<u8>::new(3072, 3);
    let others: Vec<_> = (0..1000).map(Value::new).collect();
    let steps = Steps::new();
    let sent = (array.clone(), others.clone(), steps.clone());
    let holder = start(hold, sent);
    steps.wait(1);
    assert!(array.chunks().all(|chunk| chunk.try_lock().is_none()));
    holder.destroy();
    let items = array.lock_timeout(LONG).expect("the holder died");
    assert!(items.abandoned().eq(0..1024));
    assert!(items.iter().all(|&item| item == 1));
    for other in &others {
        assert!(other.try_lock().expect("the holder died").owner_died());
    }
}

fn hold_until_step_2(chunk: Chunk<u8>, steps: Steps) {
    let mut items = chunk.lock();
    steps.take();
    steps.wait(2);
    items.fill(9);
}

/// It has all or nothing, within the time that it is given.
fn whole_array_waits_for_its_chunks(_: StartMethod) {
    let (array, steps) = (ChunkedArray::<u8>::new(6, 2), Steps::new());
    let chunk = array.chunk(2).unwrap();
    let holder = start(hold_until_step_2, (chunk, steps.clone()));
    steps.wait(1);
    assert!(array.try_lock().is_none());
    for timeout in [Duration::ZERO, Duration::from_millis(20)] {
        assert!(array.lock_timeout(timeout).is_none());
    }
    // It let go of those that it had.
    assert_eq!(*array.chunk(0).unwrap().try_lock().unwrap(), [0, 0]);
    steps.take();
    assert_eq!(*array.lock(), [0, 0, 0, 0, 9, 9]);
    holder.finish();
    for timeout in [Duration::ZERO, LONG, Duration::MAX] {
        assert_eq!(array.lock_timeout(timeout).unwrap().len(), 6);
    }
}

/// Neither waits for the other for ever, and none is between the other's two
/// changes.
fn two_that_lock_everything(_: StartMethod) {
    const ROUNDS: u32 = 2000;
    fn count(array: ChunkedArray<u32>) {
        for _ in 0..ROUNDS {
            let mut items = array.lock();
            let last = items.len() - 1;
            assert_eq!(items[0], items[last]);
            items[0] += 1;
            items[last] += 1;
        }
    }
    let array = ChunkedArray::<u32>::new(8, 1);
    let workers = [(); 2].map(|()| start(count, (array.clone(),)));
    for worker in &workers {
        worker.finish();
    }
    assert_eq!(array.get(7), Some(2 * ROUNDS));
}

/// A panic at once, also of the whole array; and what the panic unwinds is
/// released.
fn chunk_locked_twice() {
    let array = ChunkedArray::<u8>::new(6, 2);
    let chunk = array.chunk(1).unwrap();
    let refused = |attempt: &dyn Fn()| {
        let text = panic_of(attempt);
        assert!(text.contains("already holds the lock"), "{text}");
    };
    let items: Guard<[u8]> = chunk.lock();
    refused(&|| drop(chunk.clone().lock()));
    refused(&|| drop(chunk.lock_timeout(Duration::MAX)));
    refused(&|| drop(array.lock()));
    refused(&|| drop(array.lock_timeout(Duration::MAX)));
    refused(&|| _ = array.get(2));
    assert!(chunk.try_lock().is_none() && array.try_lock().is_none());
    assert!(array.chunk(0).unwrap().try_lock().is_some());
    drop(items);
    let items = array.lock();
    refused(&|| drop(array.lock()));
    refused(&|| drop(chunk.lock()));
    drop(items);
    assert!(array.try_lock().is_some_and(|items| !items.owner_died()));

    // Also if it would first wait for somebody else.
    let steps = Steps::new();
    let sent = (array.chunk(0).unwrap(), steps.clone());
    let holder = start(hold_until_step_2, sent);
    steps.wait(1);
    let items = chunk.lock();
    refused(&|| drop(array.lock()));
    refused(&|| drop(array.lock_timeout(Duration::MAX)));
    drop(items);
    steps.take();
    holder.finish();
}
