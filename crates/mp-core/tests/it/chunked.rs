//! An array in chunks, each with a lock of its own.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use mp_core::{
    Array, Chunk, ChunkedArray, ErrorKind, Process, RawValue, StartMethod,
};
use nix::sys::signal::{Signal, raise};
use serde::{Deserialize, Serialize};

use crate::observe::eventually;
use crate::support::exit_code_of;

crate::cases! {
    each_method: [
        processes_work_on_chunks_at_the_same_time,
        killed_holder_of_a_chunk,
        chunk_sent_twice_is_one_chunk,
        whole_array_in_a_child,
        other_lengths_are_refused,
    ],
    once: [
        whole_array_waits_for_each_chunk,
        chunk_held_by_this_thread,
        wrong_numbers,
        last_chunk_may_be_shorter,
        memory_stays_while_a_chunk_is_held,
        whole_array_held_by_the_parent,
    ],
}

/// Each is in its chunk until both are.
fn processes_work_on_chunks_at_the_same_time(_: StartMethod) {
    fn work(chunk: Chunk<u32>, inside: RawValue<u32>) {
        let mut items = chunk.lock();
        inside.atomic().fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        eventually("the others are in their chunks", || inside.get() == 3);
        let first = u32::try_from(chunk.range().start).unwrap();
        for (item, number) in items.iter_mut().zip(first..) {
            *item = number;
        }
    }
    let array = ChunkedArray::new(100_000, 40_000);
    let inside = RawValue::new(0);
    let mut processes: Vec<_> = array
        .chunks()
        .map(|chunk| Process::new(work, (chunk, inside.clone())))
        .collect();
    for process in &mut processes {
        process.start().unwrap();
    }
    for process in &processes {
        process.join().unwrap();
        assert_eq!(process.exitcode(), Some(0));
    }
    assert!(array.lock().iter().copied().eq(0..100_000));
}

fn killed_holder_of_a_chunk(_: StartMethod) {
    fn die(chunk: Chunk<u8>) {
        let mut items = chunk.lock();
        items[0] = 7;
        raise(Signal::SIGKILL).unwrap();
    }
    let array = ChunkedArray::<u8>::new(30, 10);
    let code = exit_code_of(die, (array.chunk(1).unwrap(),));
    assert_eq!(code, Some(-9));
    let whole = array.lock();
    assert!(whole.owner_died());
    assert_eq!(whole.abandoned().collect::<Vec<_>>(), [1]);
    assert_eq!(whole[10], 7);
    drop(whole);
    assert!(!array.lock().owner_died());
}

fn chunk_sent_twice_is_one_chunk(_: StartMethod) {
    fn count(one: Chunk<u64>, other: Chunk<u64>) {
        for _ in 0..500 {
            one.lock()[0] += 1;
            other.lock()[0] += 1;
        }
        let held = one.lock();
        assert!(other.try_lock().is_none());
        drop(held);
    }
    let array = ChunkedArray::new(4, 2);
    let chunk = array.chunk(0).unwrap();
    let mut processes: Vec<_> = (0..3)
        .map(|_| Process::new(count, (chunk.clone(), chunk.clone())))
        .collect();
    for process in &mut processes {
        process.start().unwrap();
    }
    for process in &processes {
        process.join().unwrap();
        assert_eq!(process.exitcode(), Some(0));
    }
    assert_eq!(*array.lock(), [3000, 0, 0, 0]);
}

fn whole_array_in_a_child(_: StartMethod) {
    fn double(array: ChunkedArray<i16>) {
        assert_eq!((array.len(), array.chunks().len()), (5, 3));
        for item in array.lock().iter_mut() {
            *item *= 2;
        }
        array.set(4, array.get(4).unwrap() + 1);
    }
    let array = ChunkedArray::from_slice(&[1_i16, 2, 3, 4, 5], 2);
    assert_eq!(exit_code_of(double, (array.clone(),)), Some(0));
    assert_eq!(*array.lock(), [2, 4, 6, 8, 11]);
}

/// A program can write whatever bytes it likes in place of a shared object; but
/// not where the lengths stand, nor a chunk that there is not.
fn other_lengths_are_refused(method: StartMethod) {
    /// Sends an array in chunks, and says that it is something else.
    #[derive(Serialize)]
    struct Forged(ChunkedArray<u16>, usize);

    impl<'de> Deserialize<'de> for Forged {
        fn deserialize<D: serde::Deserializer<'de>>(
            from: D,
        ) -> Result<Self, D::Error> {
            let chunk = Chunk::<u16>::deserialize(from)?;
            panic!("there is a chunk {}", chunk.index());
        }
    }

    /// As items of another size, which would lie in other chunks.
    #[derive(Serialize)]
    struct OtherSize(ChunkedArray<u16>);

    impl<'de> Deserialize<'de> for OtherSize {
        fn deserialize<D: serde::Deserializer<'de>>(
            from: D,
        ) -> Result<Self, D::Error> {
            ChunkedArray::<u8>::deserialize(from)?;
            panic!("there is an array");
        }
    }

    /// As an array with one lock before its items.
    #[derive(Serialize)]
    struct OtherType(ChunkedArray<u16>);

    impl<'de> Deserialize<'de> for OtherType {
        fn deserialize<D: serde::Deserializer<'de>>(
            from: D,
        ) -> Result<Self, D::Error> {
            Array::<u16>::deserialize(from)?;
            panic!("there is an array");
        }
    }

    fn outcome<T: Serialize + Deserialize<'static> + Send + 'static>(
        forged: T,
    ) -> ErrorKind {
        let mut process = Process::returning(|_: T| (), (forged,));
        process.start().unwrap();
        process.result().unwrap_err().kind()
    }
    // A copy of the process reads nothing.
    if method == StartMethod::Fork {
        return;
    }
    let array = ChunkedArray::<u16>::new(10, 5);
    assert_eq!(outcome(Forged(array.clone(), 2)), ErrorKind::NotRun);
    assert_eq!(outcome(OtherSize(array.clone())), ErrorKind::NotRun);
    assert_eq!(outcome(OtherType(array)), ErrorKind::NotRun);
}

fn whole_array_waits_for_each_chunk() {
    let array = ChunkedArray::<u8>::new(9, 3);
    let chunk = array.chunk(2).unwrap();
    thread::scope(|scope| {
        let (held, holding) = channel();
        let (done, released) = channel::<()>();
        scope.spawn(move || {
            let mut items = chunk.lock();
            held.send(()).unwrap();
            released.recv().unwrap_err();
            items[0] = 1;
        });
        holding.recv().unwrap();
        assert!(array.try_lock().is_none());
        assert!(array.lock_timeout(Duration::from_millis(1)).is_none());
        // What was locked on the way is free again.
        assert_eq!(*array.chunk(0).unwrap().lock(), [0; 3]);
        drop(done);
        assert_eq!(array.lock()[6], 1);
    });
}

fn chunk_held_by_this_thread() {
    let array = ChunkedArray::<u8>::new(9, 3);
    let chunk = array.chunk(1).unwrap();
    let held = chunk.lock();
    assert!(array.try_lock().is_none());
    let refused = |what: &dyn Fn()| {
        silently(|| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(what))
                .is_err()
        })
    };
    assert!(refused(&|| drop(array.lock())));
    assert!(refused(&|| drop(array.lock_timeout(Duration::MAX))));
    assert!(refused(&|| drop(chunk.lock())));
    drop(held);
    assert_eq!(*array.lock(), [0; 9]);
}

/// Without the message of a panic that is expected.
fn silently<R>(work: impl FnOnce() -> R) -> R {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let result = work();
    std::panic::set_hook(hook);
    result
}

fn wrong_numbers() {
    let error = ChunkedArray::<u8>::try_new(10, 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadChunks);
    assert_eq!(
        error.to_string(),
        "an array of 10 items cannot be in chunks of 0: a chunk has at least \
         one item, and an array at most 1024 chunks"
    );
    ChunkedArray::<u8>::try_new(1024, 1).unwrap();
    let error = ChunkedArray::<u8>::try_new(1025, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadChunks);
    let error = ChunkedArray::<u64>::try_new(usize::MAX, 1 << 60).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    let empty = ChunkedArray::<u8>::new(0, 10);
    assert!(empty.is_empty() && empty.chunks().len() == 0);
    assert!(empty.lock().is_empty() && empty.get(0).is_none());
}

fn last_chunk_may_be_shorter() {
    let array = ChunkedArray::from_slice(&[1.5_f64, 2.5, 3.5], 2);
    let lengths: Vec<_> = array.chunks().map(|chunk| chunk.len()).collect();
    assert_eq!(lengths, [2, 1]);
    assert_eq!(*array.chunk(1).unwrap().lock(), [3.5]);
    assert_eq!(array.get(2), Some(3.5));
    assert_eq!(array.get(3), None);
    let one = ChunkedArray::<u8>::new(3, usize::MAX);
    assert_eq!(one.chunks().len(), 1);
}

/// A guard is forgotten, and all handles go: the lock's memory is nobody
/// else's as long as the thread lives.
fn memory_stays_while_a_chunk_is_held() {
    fn forget() {
        let array = ChunkedArray::<u8>::new(128, 64);
        let place = array.chunk(0).unwrap().lock().as_ptr().addr();
        std::mem::forget(array.chunk(1).unwrap().lock());
        drop(array);
        for _ in 0..100 {
            let other = ChunkedArray::<u8>::new(128, 64);
            assert_ne!(other.lock().as_ptr().addr(), place);
        }
    }
    assert_eq!(exit_code_of(forget, ()), Some(0));
}

fn whole_array_held_by_the_parent() {
    let array = ChunkedArray::<u8>::new(4, 2);
    let guard = array.lock();
    let mut process = Process::fork({
        let array = array.clone();
        move || {
            assert!(array.try_lock().is_none());
            assert!(array.chunk(0).unwrap().try_lock().is_none());
        }
    });
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
    drop(guard);
    assert_eq!(*array.lock(), [0; 4]);
}
