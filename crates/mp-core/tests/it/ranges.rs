//! Many items of a raw array at once.

use std::fmt::Debug;
use std::ops::RangeBounds;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mp_core::{PlainData, Process, RawArray, RawValue, StartMethod};

crate::cases! {
    each_method: [numbers_are_whole_while_others_write],
    once: [
        ranges_of_all_sizes,
        items_without_a_size,
        ranges_outside_are_refused,
    ],
}

/// As a vector that changes in the same way.
fn compare<T: PlainData + PartialEq + Debug>(item: impl Fn(usize) -> T) {
    for length in [0, 1, 2, 7, 31, 32, 33, 100, 5000] {
        let mut vector: Vec<T> = (0..length).map(&item).collect();
        let array = RawArray::from_slice(&vector);
        assert_eq!(array.to_vec(..), vector);
        assert!(array.iter().eq(vector.iter().copied()));
        let half = length / 2;
        for range in [0..0, 0..half, half..length, half..half, 0..length] {
            let mut part = vec![item(0); range.len()];
            array.copy_to_slice(range.clone(), &mut part);
            assert_eq!(part, vector[range.clone()]);
            let new: Vec<T> =
                (0..range.len()).map(|place| item(place + 1000)).collect();
            array.copy_from_slice(range.clone(), &new);
            vector[range.clone()].copy_from_slice(&new);
            assert_eq!(array.to_vec(..), vector);
            array.fill(range.clone(), item(77));
            vector[range].fill(item(77));
            assert_eq!(array.to_vec(..), vector);
        }
    }
}

fn ranges_of_all_sizes() {
    #[allow(clippy::cast_possible_truncation, reason = "any will do")]
    fn byte(place: usize) -> u8 {
        place as u8
    }
    compare(byte);
    compare(|place| u16::from(byte(place)) << 3);
    compare(|place| f32::from(byte(place)) / 3.0);
    compare(|place| f64::from(byte(place)) / 7.0);
    compare(|place| place);
    compare(|place| u128::from(byte(place)) << 90);
    compare(|place| [byte(place), 1, byte(place + 3)]);
    compare(|place| [u16::from(byte(place)), 2, 9]);
    compare(|place| [place, place + 1, 0]);
    compare(|place| [byte(place); 5000]);
}

fn items_without_a_size() {
    let array = RawArray::<[u8; 0]>::new(1 << 40);
    assert_eq!(array.len(), 1 << 40);
    array.fill(.., []);
    array.copy_from_slice(3..5, &[[], []]);
    assert_eq!(array.get(7), Some([]));
}

fn ranges_outside_are_refused() {
    fn read(array: &RawArray<u32>, range: impl RangeBounds<usize>) {
        array.to_vec(range);
    }
    let array = RawArray::<u32>::new(10);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let refused = |work: &mut dyn FnMut()| {
        let payload = catch_unwind(AssertUnwindSafe(work)).unwrap_err();
        payload.downcast::<String>().map_or(String::new(), |text| *text)
    };
    let texts = [
        refused(&mut || read(&array, 0..11)),
        refused(&mut || read(&array, 11..)),
        #[allow(clippy::reversed_empty_ranges, reason = "that is refused")]
        refused(&mut || read(&array, 5..4)),
        refused(&mut || read(&array, 0..=usize::MAX)),
        refused(&mut || array.fill(3..12, 0)),
        refused(&mut || array.copy_from_slice(0..3, &[1, 2])),
        refused(&mut || array.copy_to_slice(.., &mut [0; 11])),
    ];
    std::panic::set_hook(hook);
    assert_eq!(texts[0], "there are no items 0..11 in an array of 10");
    assert!(texts[5].starts_with(
        "assertion `left == right` failed: the range and the slice must have \
         the same number of items"
    ));
    assert!(texts.iter().all(|text| !text.is_empty()), "{texts:?}");
    assert_eq!(array.to_vec(..), [0; 10]);
}

/// A reader gets each number as it was before or after, never a part of each.
fn numbers_are_whole_while_others_write(_: StartMethod) {
    const LENGTH: usize = 4096;
    fn write(array: RawArray<u64>, stop: RawValue<u8>) {
        let numbers = vec![0x0202_0202_0202_0202; LENGTH];
        while stop.get() == 0 {
            array.fill(.., 0x0101_0101_0101_0101);
            array.copy_from_slice(.., &numbers);
        }
    }
    let array = RawArray::<u64>::new(LENGTH);
    let stop = RawValue::new(0_u8);
    let mut writer = Process::new(write, (array.clone(), stop.clone()));
    writer.start().unwrap();
    while array.get(LENGTH - 1) == Some(0) {
        std::thread::yield_now();
    }
    for _ in 0..2000 {
        let whole = array.to_vec(..).into_iter().all(|number| {
            number == 0x0101_0101_0101_0101 || number == 0x0202_0202_0202_0202
        });
        assert!(whole);
    }
    stop.set(1);
    writer.join().unwrap();
    assert_eq!(writer.exitcode(), Some(0));
}
