//! The shared memory as processes see it: the behaviours HEAP. What needs a look
//! inside is a test of the module itself.

use std::process::ExitCode;
use std::thread;

use mp_core::{
    Array, Context, Process, RawArray, RawValue, StartMethod, Value,
};
use nix::sys::resource::{Resource, setrlimit};

use crate::memory::{churn, descriptors, mapped};
use crate::steps::{Steps, run, start, wait_to_be_killed};
use crate::support::program;

crate::cases! {
    each_method: [
        heap_03_requested_length,
        heap_05_not_reused_while_a_child_uses_it,
        heap_05_not_reused_while_a_grandchild_uses_it,
        heap_05_a_childs_own_memory,
        heap_06_few_descriptors,
    ],
    once: [heap_01_objects_do_not_overlap, heap_04_bad_sizes, heap_08_free_from_threads],
    programs: [heap_06_program],
}

const MARK: u64 = 0xa5a5_1234_a5a5_5678;

/// Makes and changes many objects of the sizes of another, which must not be
/// among them.
fn try_to_reuse() {
    for n in 0..200 {
        let values: Vec<_> = (0..8).map(|_| Value::new(n)).collect();
        let arrays =
            [1, 8, 64].map(|length| Array::from_slice(&[n; 64][..length]));
        for value in &values {
            *value.lock() += 1;
            assert_eq!(value.get(), n + 1);
        }
        for array in &arrays {
            assert!(array.lock().iter().all(|&item| item == n));
        }
    }
}

/// What a child, or one of its descendants, does with what its maker dropped:
/// it uses it, as long as it likes.
fn keep_using(value: Value<u64>, steps: Steps) {
    steps.take();
    for n in 1.. {
        assert_eq!(value.get(), MARK + n - 1);
        *value.lock() += 1;
        assert_eq!(value.get(), MARK + n);
        if steps.count() >= 2 {
            break;
        }
    }
    steps.take();
}

/// The maker drops its handle; the child has what it was given, and nobody
/// else has, until it ends.
fn heap_05_not_reused_while_a_child_uses_it(_: StartMethod) {
    let (value, steps) = (Value::new(MARK), Steps::new());
    let process = start(keep_using, (value.clone(), steps.clone()));
    drop(value);
    try_to_reuse();
    steps.wait(1);
    try_to_reuse();
    steps.take();
    process.finish();
    assert_eq!(steps.count(), 3);
}

/// As above, with a grandchild that outlives the child in between, and was
/// started by another method.
fn heap_05_not_reused_while_a_grandchild_uses_it(_: StartMethod) {
    fn child(method: StartMethod, value: Value<u64>, steps: Steps) {
        let mut grandchild =
            Context::new(method).process(keep_using, (value, steps));
        grandchild.start().unwrap();
        wait_to_be_killed();
    }
    for method in StartMethod::ALL {
        let (value, steps) = (Value::new(MARK), Steps::new());
        let process = start(child, (method, value.clone(), steps.clone()));
        steps.wait(1);
        process.destroy();
        drop(value);
        try_to_reuse();
        steps.take();
        steps.wait(3);
    }
}

/// A child makes and frees blocks of its own, also in a copy of its parent's
/// memory, and leaves its parent's alone.
fn heap_05_a_childs_own_memory(_: StartMethod) {
    fn child(given: Vec<Value<u64>>) {
        let kept = given[0].clone();
        drop(given);
        try_to_reuse();
        churn(100);
        assert_eq!(kept.get(), 7);
        kept.set(8);
    }
    let values: Vec<_> = (0..50).map(|_| Value::new(7_u64)).collect();
    run(child, (values.clone(),));
    assert_eq!(values[0].get(), 8);
    assert!(values[1..].iter().all(|value| value.get() == 7));
}

/// 100,000 values, and no more than 256 descriptors for all.
fn heap_06_few_descriptors(method: StartMethod) {
    let output = program("heap_06_program", method).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<i64> =
        text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let [sum, before, after, in_child] = numbers[..] else {
        panic!("it printed {text:?}")
    };
    assert_eq!(sum, 99_999 * 50_000);
    assert!(after - before <= 20, "{text}");
    assert!(in_child <= before + 20, "{text}");
}

fn heap_06_program() -> ExitCode {
    fn sum(values: Vec<Value<i64>>, result: [RawValue<i64>; 2]) {
        result[0].set(values.iter().map(Value::get).sum());
        result[1].set(descriptors().try_into().unwrap());
    }
    setrlimit(Resource::RLIMIT_NOFILE, 256, 256).unwrap();
    let before = descriptors();
    let values: Vec<_> = (0..100_000).map(Value::new).collect();
    let result = [RawValue::new(0), RawValue::new(0)];
    let mut process = Process::new(sum, (values, result.clone()));
    process.start().unwrap();
    process.join().unwrap();
    let [sum, in_child] = result.map(|value| value.get());
    println!("{sum} {before} {} {in_child}", descriptors());
    ExitCode::SUCCESS
}

/// What is written to one is read from that one only. That blocks tile their
/// arenas is a test of the heap itself.
fn heap_01_objects_do_not_overlap() {
    let mut kept: Vec<(u8, Array<u8>)> = Vec::new();
    let check = |(mark, array): (u8, Array<u8>)| {
        assert!(array.lock().iter().all(|&byte| byte == mark));
    };
    for round in 0..3000_u32 {
        let mark = round.to_le_bytes()[0];
        let array = Array::new(rand::random_range(1..=8000));
        array.lock().fill(mark);
        kept.push((mark, array));
        if kept.len() > 40 {
            check(kept.swap_remove(rand::random_range(0..kept.len())));
        }
    }
    kept.into_iter().for_each(check);
}

/// Whatever is reserved for it.
fn heap_03_requested_length(_: StartMethod) {
    fn check(array: Array<u8>, raw: RawArray<u16>) {
        assert_eq!((array.len(), raw.len()), (13, 9));
        assert_eq!(array.lock().len(), 13);
        assert_eq!((array.get(12), array.get(13)), (Some(0), None));
        assert_eq!((raw.get(8), raw.get(9)), (Some(0), None));
    }
    let (array, raw) = (Array::new(13), RawArray::new(9));
    check(array.clone(), raw.clone());
    run(check, (array, raw));
}

/// An error or nothing at all, and the next one is as good as ever.
fn heap_04_bad_sizes() {
    for length in [usize::MAX, usize::MAX - 63, isize::MAX as usize, 1 << 45] {
        let error = RawArray::<u8>::try_new(length).unwrap_err();
        let what = "failed to make an array in shared memory: ";
        assert!(error.to_string().starts_with(what), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
    assert_eq!(RawArray::from_slice(&[1]).get(0), Some(1));
    churn(10);
}

/// Two threads allocate and free at the same time.
fn heap_08_free_from_threads() {
    fn work(seed: u64) {
        let mut kept: Vec<(u64, Value<u64>)> = Vec::new();
        for n in 0..4000 {
            kept.push((n ^ seed, Value::new(n ^ seed)));
            if kept.len() > 40 {
                let index = rand::random_range(0..kept.len());
                let (number, value) = kept.swap_remove(index);
                assert_eq!(value.get(), number);
            }
        }
        // Some are freed by another thread than made them.
        thread::scope(|scope| {
            let right = |(n, value): (u64, Value<u64>)| value.get() == n;
            let other = scope.spawn(move || kept.into_iter().all(right));
            assert!(other.join().unwrap());
        });
    }
    let both = || {
        thread::scope(|scope| {
            let threads = [0, 1 << 40].map(|n| scope.spawn(move || work(n)));
            for thread in threads {
                thread.join().unwrap();
            }
        });
    };
    both();
    let before = (mapped(), descriptors());
    both();
    assert_eq!((mapped(), descriptors()), before);
}
