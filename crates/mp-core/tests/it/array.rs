//! Shared arrays: the behaviours VAL that are about them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mp_core::{Array, RawArray, StartMethod};

use crate::steps::run;

crate::cases! {
    each_method: [
        val_05_array_from_a_sequence,
        val_05_raw_array_from_a_sequence,
        val_08_byte_strings,
        val_12_doubles_and_iteration,
    ],
    once: [
        val_03_its_own_lock,
        val_06_index_errors,
        val_07_slice_length_must_match,
        val_08_byte_string_too_long,
        val_11_empty_arrays,
        val_11_sizes_past_all_memory,
        val_12_debug_text,
    ],
}

const NUMBERS: [i32; 10] = [31, -5, 17, 0, 8, 250, -64, 3, 99, 1000];

/// The running sums of the numbers once the items from 6 on are 7, 8 and 9.
const SUMS: [i32; 10] = [31, 26, 43, 43, 51, 301, 308, 316, 325, 1325];

/// Each array has a lock of its own, and a clone has the same. A raw array has
/// none, by its type.
fn val_03_its_own_lock() {
    let (one, two) = (Array::from_slice(&[1]), Array::from_slice(&[2]));
    let guard = one.lock();
    assert!(one.try_lock().is_none());
    assert!(one.clone().try_lock().is_none());
    assert_eq!(*two.lock(), [2]);
    drop(guard);
    assert_eq!(*one.lock(), [1]);
}

fn val_05_array_from_a_sequence(_: StartMethod) {
    fn sum(numbers: Array<i32>) {
        let mut numbers = numbers.lock();
        for index in 1..numbers.len() {
            numbers[index] += numbers[index - 1];
        }
    }
    let numbers = Array::from_slice(&NUMBERS);
    assert_eq!(numbers.len(), 10);
    assert_eq!(numbers.get(5), Some(NUMBERS[5]));
    assert_eq!(numbers.lock()[1..6], NUMBERS[1..6]);
    numbers.lock()[6..9].copy_from_slice(&[7, 8, 9]);
    let mut expected = NUMBERS;
    expected[6..9].copy_from_slice(&[7, 8, 9]);
    assert_eq!(*numbers.lock(), expected);
    run(sum, (numbers.clone(),));
    assert_eq!(*numbers.lock(), SUMS);
}

fn val_05_raw_array_from_a_sequence(_: StartMethod) {
    fn sum(numbers: RawArray<i32>) {
        for index in 1..numbers.len() {
            let [before, here] =
                [index - 1, index].map(|index| numbers.get(index).unwrap());
            numbers.set(index, before + here);
        }
    }
    let numbers = RawArray::from_slice(&NUMBERS);
    assert_eq!(numbers.len(), 10);
    assert_eq!(numbers.get(5), Some(NUMBERS[5]));
    for (index, number) in (6..9).zip([7, 8, 9]) {
        numbers.set(index, number);
    }
    run(sum, (numbers.clone(),));
    assert_eq!(numbers.iter().collect::<Vec<_>>(), SUMS);
}

/// Reading where there is no item gives none, writing there is a panic. An
/// index cannot be negative.
fn val_06_index_errors() {
    let array = Array::from_slice(&NUMBERS);
    let raw = RawArray::from_slice(&NUMBERS);
    assert_eq!((array.get(9), raw.get(9)), (Some(1000), Some(1000)));
    for index in [10, 11, usize::MAX] {
        assert_eq!((array.get(index), raw.get(index)), (None, None));
        assert_panics(&|| array.set(index, 1));
        assert_panics(&|| raw.set(index, 1));
        assert_panics(&|| array.lock()[index] = 1);
    }
    assert!(raw.iter().eq(NUMBERS));
    // Unwinding released the lock.
    let guard = array.try_lock().expect("nobody holds it");
    assert!(!guard.owner_died());
    assert_eq!(*guard, NUMBERS);
}

fn assert_panics(work: &dyn Fn()) {
    let silent = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let result = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(silent);
    assert!(result.is_err());
}

/// A panic, as for any slice.
fn val_07_slice_length_must_match() {
    let array = Array::from_slice(&NUMBERS);
    assert_panics(&|| array.lock()[2..5].copy_from_slice(&[1, 2]));
    assert_panics(&|| array.lock()[2..5].copy_from_slice(&[1, 2, 3, 4]));
    assert_panics(&|| array.lock()[8..11].copy_from_slice(&[1, 2, 3]));
    assert_eq!(*array.lock(), NUMBERS);
}

/// The part of a byte string before its first NUL: Python's `value`.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Python's `value` and `raw` of an array of characters are slices here.
fn val_08_byte_strings(_: StartMethod) {
    fn double(bytes: Array<u8>) {
        let mut bytes = bytes.lock();
        let length = text(&bytes).len();
        bytes.copy_within(..length, length);
    }
    let bytes = Array::<u8>::new(10);
    bytes.lock()[..3].copy_from_slice(b"abc");
    assert_eq!(text(&bytes.lock()), b"abc");
    assert_eq!(*bytes.lock(), *b"abc\0\0\0\0\0\0\0");
    assert_eq!(bytes.len(), 10);
    run(double, (bytes.clone(),));
    assert_eq!(text(&bytes.lock()), b"abcabc");
    bytes.lock().copy_from_slice(b"tenletters");
    assert_eq!(text(&bytes.lock()), b"tenletters");
}

fn val_08_byte_string_too_long() {
    let bytes = Array::<u8>::new(10);
    bytes.lock()[..3].copy_from_slice(b"abc");
    assert_panics(&|| bytes.lock().copy_from_slice(b"elevenchars"));
    assert_panics(&|| bytes.lock()[..11].copy_from_slice(b"elevenchars"));
    assert_eq!(text(&bytes.lock()), b"abc");
}

/// A length cannot be negative.
fn val_11_empty_arrays() {
    for array in [Array::<i64>::new(0), Array::from_slice(&[])] {
        assert!(array.is_empty());
        assert_eq!((array.len(), array.get(0)), (0, None));
        assert!(array.lock().is_empty());
        run(|sent: Array<i64>| assert!(sent.is_empty()), (array,));
    }
    for array in [RawArray::<i64>::new(0), RawArray::from_slice(&[])] {
        assert!(array.is_empty());
        assert_eq!((array.len(), array.get(0)), (0, None));
        assert_eq!(array.iter().count(), 0);
        run(|sent: RawArray<i64>| assert!(sent.is_empty()), (array,));
    }
}

/// An error, whatever the arithmetic with it would give.
fn val_11_sizes_past_all_memory() {
    let most = usize::MAX;
    for length in [most, most / 2, most / 8, most / 8 + 1, 1 << 45] {
        let error = Array::<u64>::try_new(length).unwrap_err();
        let text = error.to_string();
        let what = "failed to make an array in shared memory: ";
        assert!(text.starts_with(what), "{text}");
        let error = RawArray::<u64>::try_new(length).unwrap_err();
        assert!(error.to_string().starts_with(what), "{error}");
    }
    let array = Array::<u64>::try_new(1).unwrap();
    assert_eq!(array.get(0), Some(0));
}

fn val_12_doubles_and_iteration(_: StartMethod) {
    fn child(numbers: Array<f64>, raw: RawArray<f64>) {
        assert_eq!(*numbers.lock(), [1.5, 2.5]);
        numbers.set(0, 0.1);
        assert!(raw.iter().eq([1.5, 2.5]));
        raw.set(1, f64::INFINITY);
    }
    let numbers = Array::from_slice(&[1.5, 2.5]);
    let raw = RawArray::from_slice(&[1.5, 2.5]);
    assert!(raw.iter().eq([1.5, 2.5]));
    run(child, (numbers.clone(), raw.clone()));
    assert_eq!(*numbers.lock(), [0.1, 2.5]);
    assert!(raw.iter().eq([1.5, f64::INFINITY]));
    let mut counted = 0;
    for number in numbers.lock().iter_mut() {
        *number = 7.0;
        counted += 1;
    }
    assert_eq!((counted, numbers.get(1)), (2, Some(7.0)));
}

fn val_12_debug_text() {
    let array = Array::from_slice(&[1, 2]);
    assert_eq!(format!("{array:?}"), "Array([1, 2])");
    let guard = array.lock();
    assert_eq!(format!("{array:?}"), "Array(<locked>)");
    assert_eq!(format!("{guard:?}"), "[1, 2]");
    assert_eq!(format!("{:?}", RawArray::from_slice(&[3])), "[3]");
}
