//! Ranges of raw arrays, many items at once.

use mp_core::{PlainData, RawArray, StartMethod};

use crate::steps::{Steps, run, start};
use crate::support::panic_of;

crate::cases! {
    each_method: [
        ranges_that_a_child_reads_and_writes,
        items_are_whole_while_others_copy,
    ],
    once: [
        ranges_as_of_a_slice,
        ranges_that_are_refused,
        ranges_without_a_size,
    ],
}

fn ranges_that_a_child_reads_and_writes(_: StartMethod) {
    fn child(array: RawArray<u8>) {
        let items = array.to_vec(100_000..900_000);
        assert!(items.iter().all(|&item| item == 3));
        let mut line = [0; 1000];
        array.copy_to_slice(999_000.., &mut line);
        assert_eq!(line, [0; 1000]);
        array.copy_from_slice(..5, b"hello");
        array.fill(5..100_000, b'x');
    }
    let array = RawArray::<u8>::new(1_000_000);
    array.fill(100_000..=900_000, 3);
    run(child, (array.clone(),));
    let items = array.to_vec(..);
    assert_eq!(items[..6], *b"hellox");
    assert!(items[5..100_000].iter().all(|&item| item == b'x'));
    assert!(items[100_000..900_001].iter().all(|&item| item == 3));
    assert!(items[900_001..].iter().all(|&item| item == 0));
}

/// Each item is of one writer, never half of each.
fn items_are_whole_while_others_copy(_: StartMethod) {
    fn write(array: RawArray<u64>, over: Steps, number: u64) {
        let items = vec![number; array.len()];
        for round in 0.. {
            if round % 2 == 0 {
                array.copy_from_slice(.., &items);
            } else {
                array.fill(.., number);
            }
            if over.count() > 0 {
                break;
            }
        }
    }
    let (array, over) = (RawArray::<u64>::new(3000), Steps::new());
    let numbers = [u64::MAX, 0x0123_4567_89ab_cdef];
    let writers = numbers.map(|number| {
        let sent = (array.clone(), over.clone(), number);
        start(write, sent)
    });
    let mut seen = [0; 2];
    while seen.contains(&0) {
        for item in array.to_vec(..) {
            match numbers.iter().position(|&number| number == item) {
                Some(index) => seen[index] += 1,
                None => assert_eq!(item, 0),
            }
        }
    }
    over.take();
    for writer in &writers {
        writer.finish();
    }
}

/// Items of every size, and ranges of every length, short and long.
fn ranges_as_of_a_slice() {
    compare(|n| n.to_le_bytes()[0]);
    compare(|n| u16::from_le_bytes([n.to_le_bytes()[1], 7]));
    compare(|n| n);
    compare(|n| u64::from(n) << 20);
    compare(|n| [n.to_le_bytes()[0], 1, 2]);
    compare(|n| [9_u16, 8, n.to_le_bytes()[2].into()]);
    compare(|n| [n, 5, 6]);
    compare(|n| [u64::from(n), 1, 2, 3, 4]);
    compare(|n| [n; 700]);
    compare(|_| [0xabcd_u16; 4]);
}

fn compare<T: PlainData + PartialEq + std::fmt::Debug>(item: fn(u32) -> T) {
    const LENGTH: usize = 400;
    let some = |count: usize| -> Vec<T> {
        (0..count).map(|_| item(rand::random())).collect()
    };
    let mut model = some(LENGTH);
    let array = RawArray::from_slice(&model);
    for _ in 0..100 {
        let start = rand::random_range(0..=LENGTH);
        let end = rand::random_range(start..=LENGTH);
        let items = some(end - start);
        match rand::random_range(0..4) {
            0 => {
                let one = item(rand::random());
                array.fill(start..end, one);
                model[start..end].fill(one);
            }
            1 => {
                array.copy_from_slice(start..end, &items);
                model[start..end].copy_from_slice(&items);
            }
            2 => {
                let mut out = items;
                array.copy_to_slice(start..end, &mut out);
                assert_eq!(out, model[start..end]);
            }
            _ => assert_eq!(array.to_vec(start..end), model[start..end]),
        }
        assert_eq!(array.to_vec(..), model);
        assert!(array.iter().eq(model.iter().copied()));
    }
    let fresh = RawArray::<T>::new(LENGTH);
    assert!(fresh.iter().all(|item| item == T::zeroed()));
}

fn ranges_that_are_refused() {
    let array = RawArray::from_slice(&[1, 2, 3, 4]);
    let none = |start: usize, end: usize| {
        format!("there are no items {start}..{end} in an array of 4")
    };
    assert_eq!(panic_of(|| _ = array.to_vec(2..5)), none(2, 5));
    assert_eq!(panic_of(|| _ = array.to_vec(..=4)), none(0, 5));
    assert_eq!(panic_of(|| array.fill(5.., 0)), none(5, 4));
    #[allow(clippy::reversed_empty_ranges, reason = "it is refused")]
    let backward = 3..2;
    assert_eq!(panic_of(|| array.fill(backward, 0)), none(3, 2));
    assert_eq!(panic_of(|| array.fill(..=usize::MAX, 0)), none(0, usize::MAX));
    for length in [1, 3] {
        let mut items = [0; 3];
        let items = &mut items[..length];
        let lengths = "the range and the slice must have the same number";
        let text = panic_of(|| array.copy_from_slice(1..3, items));
        assert!(text.contains(lengths), "{text}");
        let text = panic_of(|| array.copy_to_slice(1..3, items));
        assert!(text.contains(lengths), "{text}");
    }
    assert_eq!(array.to_vec(..), [1, 2, 3, 4]);
    assert!(array.to_vec(4..).is_empty());
    array.copy_from_slice(2..2, &[]);
}

/// Whatever their number, there is nothing to do.
fn ranges_without_a_size() {
    let array = RawArray::<[u8; 0]>::new(1 << 40);
    assert_eq!(array.len(), 1 << 40);
    array.fill(.., []);
    array.copy_from_slice(.., &array.to_vec(..));
    assert_eq!(array.to_vec(7..).len(), (1 << 40) - 7);
    assert_eq!(array.get((1 << 40) - 1), Some([]));
}
