//! What the guards of chunks withstand: copies of a process, handles that go
//! before their guards, and bytes that nobody serialized. Where memory must
//! stay, the case is a program of its own, whose heap nobody else has used.

use std::cell::RefCell;
use std::mem::forget;
use std::process::ExitCode;
use std::time::Duration;

use mp_core::{
    Array, Chunk, ChunkedArray, ChunkedGuard, Context, Guard, StartMethod,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::memory::mapped;
use crate::steps::{Running, Steps, run, start, wait_to_be_killed};
use crate::support::{panic_of, program};

crate::cases! {
    each_method: [
        forged_numbers,
        forged_items,
        forgotten_guard_in_one_that_is_killed,
    ],
    once: [
        copied_guards,
        handles_that_go_while_a_chunk_is_held,
    ],
    programs: [forget_guards, forget_in_a_child],
}

/// Serialized as the one thing, deserialized as the other. None if that was
/// refused.
enum Forged<T, U> {
    Sent(T),
    Came(Option<U>),
}

impl<T, U> Forged<T, U> {
    fn given(self) -> Option<U> {
        match self {
            Self::Sent(_) => panic!("it was not sent"),
            Self::Came(given) => given,
        }
    }
}

impl<T: Serialize, U> Serialize for Forged<T, U> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sent(object) => object.serialize(to),
            Self::Came(_) => panic!("it was sent"),
        }
    }
}

impl<'de, T, U: Deserialize<'de>> Deserialize<'de> for Forged<T, U> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::Came(U::deserialize(from).ok()))
    }
}

/// Bytes of one's own can name what was sent along as that, and nothing else.
/// (A forked child is sent no bytes.)
fn forged_numbers(method: StartMethod) {
    fn check(
        chunk: Chunk<u8>,
        forged: Vec<Forged<usize, Chunk<u8>>>,
        _array: ChunkedArray<u8>,
    ) {
        let given = forged.into_iter().map(Forged::given);
        let indices: Vec<_> =
            given.map(|chunk| chunk.map(|chunk| chunk.index())).collect();
        assert_eq!(chunk.index(), 2);
        assert_eq!(indices, [Some(2), None, None, None]);
    }
    if method == StartMethod::Fork {
        return;
    }
    let array = ChunkedArray::<u8>::new(5, 2);
    let chunk = array.chunk(2).unwrap();
    let forged = [0, 1, 2, usize::MAX].map(Forged::Sent).into();
    run::<_, (_, Vec<Forged<usize, Chunk<u8>>>, _)>(
        check,
        (chunk, forged, array),
    );
}

/// Items of another size would be other chunks under the same locks, and a
/// lock of another type is another lock.
fn forged_items(method: StartMethod) {
    fn check(
        wide: Forged<ChunkedArray<u8>, ChunkedArray<u16>>,
        signed: Forged<ChunkedArray<u8>, ChunkedArray<i8>>,
        single: Forged<ChunkedArray<u8>, Array<u8>>,
        chunked: Forged<Array<u8>, ChunkedArray<u8>>,
    ) {
        assert!(wide.given().is_none());
        assert!(single.given().is_none() && chunked.given().is_none());
        assert_eq!(*signed.given().unwrap().lock(), [-1; 4]);
    }
    if method == StartMethod::Fork {
        return;
    }
    let array = ChunkedArray::from_slice(&[255_u8; 4], 1);
    let single = Array::from_slice(&[255_u8; 4]);
    let forged = (
        Forged::Sent(array.clone()),
        Forged::Sent(array.clone()),
        Forged::Sent(array.clone()),
        Forged::Sent(single),
    );
    run(check, forged);
    assert_eq!(*array.lock(), [255; 4]);
}

thread_local! {
    static CHUNK: RefCell<Option<Guard<'static, [u8]>>> =
        const { RefCell::new(None) };
    static WHOLE: RefCell<Option<ChunkedGuard<'static, u8>>> =
        const { RefCell::new(None) };
}

/// A forked child has copies of the guards of its parent. They give it nothing,
/// and dropping them releases nothing.
fn copied_guards() {
    fn check(chunk: Chunk<u8>, array: ChunkedArray<u8>) {
        let parents = "the lock is held by the parent process";
        let mut guard = CHUNK.take().expect("fork copies");
        assert_eq!(panic_of(|| _ = guard[0]), parents);
        assert_eq!(panic_of(|| guard[0] = 1), parents);
        drop(guard);
        let mut guard = WHOLE.take().expect("fork copies");
        assert_eq!(panic_of(|| _ = guard[0]), parents);
        assert_eq!(panic_of(|| guard[0] = 1), parents);
        drop(guard);
        assert!(chunk.try_lock().is_none() && array.try_lock().is_none());
        assert!(array.chunks().all(|chunk| chunk.try_lock().is_none()));
    }
    let chunks: &ChunkedArray<u8> = Box::leak(ChunkedArray::new(4, 2).into());
    let chunk: &Chunk<u8> = Box::leak(chunks.chunk(1).unwrap().into());
    let array: &ChunkedArray<u8> = Box::leak(ChunkedArray::new(4, 2).into());
    CHUNK.set(Some(chunk.lock()));
    WHOLE.set(Some(array.lock()));
    let fork = Context::new(StartMethod::Fork);
    let sent = (chunk.clone(), array.clone());
    Running::from(fork.process(check, sent)).finish();
    let (mut one, mut all) = (CHUNK.take().unwrap(), WHOLE.take().unwrap());
    assert!(chunk.try_lock().is_none() && array.try_lock().is_none());
    one[1] = 7;
    all[3] = 8;
    drop((one, all));
    assert_eq!(*chunks.lock(), [0, 0, 0, 7]);
    assert_eq!(*array.lock(), [0, 0, 0, 8]);
}

fn succeeds(name: &str, method: StartMethod) {
    let output = program(name, method).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

fn handles_that_go_while_a_chunk_is_held() {
    succeeds("forget_guards", StartMethod::Spawn);
}

/// The kernel's list of the locks that this thread holds leads through the
/// memory of each. So it stays, whichever of the chunks is held.
fn forget_guards() -> ExitCode {
    const LENGTH: usize = 1 << 20;
    const COUNT: usize = 8;
    let make = |held: Option<usize>| {
        let array = ChunkedArray::<u8>::new(LENGTH, LENGTH / 4);
        let chunk = array.chunk(held.unwrap_or(0)).unwrap();
        let guard = chunk.lock();
        if held.is_some() {
            forget(guard);
        }
    };
    (0..COUNT).for_each(|_| make(None));
    let before = mapped();
    (0..COUNT).for_each(|_| make(None));
    assert_eq!(mapped(), before, "free memory is used again");
    (0..COUNT).for_each(|n| make(Some(n % 4)));
    let room = before.next_multiple_of(LENGTH);
    assert!(mapped() + room >= before + COUNT * LENGTH, "it stays");
    ExitCode::SUCCESS
}

fn forgotten_guard_in_one_that_is_killed(method: StartMethod) {
    succeeds("forget_in_a_child", method);
}

/// The next one learns of it, although the dead had no handle any more.
fn forget_in_a_child() -> ExitCode {
    fn hold(array: ChunkedArray<u64>, steps: Steps) {
        let chunk = array.chunk(2).unwrap();
        forget(chunk.lock());
        drop((array, chunk));
        // The memory would be mapped no more, or be this.
        drop([(); 4].map(|()| ChunkedArray::<u64>::new(1 << 18, 1 << 16)));
        steps.take();
        wait_to_be_killed();
    }
    // In an arena of their own: they do not keep that of the array mapped.
    let steps = Steps::new();
    let array = ChunkedArray::<u64>::new(1 << 18, 1 << 16);
    let holder = start(hold, (array.clone(), steps.clone()));
    steps.wait(1);
    assert!(array.try_lock().is_none());
    holder.destroy();
    let guard = array.lock_timeout(Duration::from_secs(30));
    assert!(guard.expect("the holder died").abandoned().eq([2]));
    ExitCode::SUCCESS
}
