//! Arrays in chunks, as one process sees them.

use mp_core::ChunkedArray;

use crate::support::panic_of;

crate::cases! {
    each_method: [],
    once: [
        chunk_lengths,
        chunk_lengths_that_are_refused,
        items_by_their_index,
        debug_text,
    ],
}

/// As of `slice::chunks`.
fn chunk_lengths() {
    for length in [0, 1, 2, 7, 64, 1000, 1024] {
        for chunk_length in [1, 2, 3, 64, 999, 1024, usize::MAX] {
            let items: Vec<u16> = (0..).take(length).collect();
            let array = ChunkedArray::from_slice(&items, chunk_length);
            assert_eq!((array.len(), array.is_empty()), (length, length == 0));
            let chunks: Vec<_> =
                array.chunks().map(|chunk| chunk.lock().to_vec()).collect();
            assert!(chunks.iter().eq(items.chunks(chunk_length)));
            assert!(array.chunks().all(|chunk| !chunk.is_empty()));
            assert_eq!(*array.lock(), items);
            assert!(array.chunk(chunks.len()).is_none());
        }
    }
    let nothing = ChunkedArray::<[u8; 0]>::new(1 << 40, 1 << 32);
    assert_eq!((nothing.chunks().len(), nothing.lock().len()), (256, 1 << 40));
}

fn chunk_lengths_that_are_refused() {
    for (length, chunk_length) in [(5, 0), (1025, 1), (usize::MAX, 9)] {
        let error =
            ChunkedArray::<u8>::try_new(length, chunk_length).unwrap_err();
        let sentence = format!(
            "an array of {length} items cannot be in chunks of \
             {chunk_length}: a chunk has at least one item, and an array at \
             most 1024 chunks"
        );
        assert_eq!(error.to_string(), sentence);
    }
    for length in [usize::MAX, usize::MAX / 8 + 1, 1 << 45] {
        let error = ChunkedArray::<u64>::try_new(length, length).unwrap_err();
        let what = "failed to make an array in shared memory: ";
        assert!(error.to_string().starts_with(what), "{error}");
    }
    let error = ChunkedArray::try_from_slice(&[0; 3], 0).unwrap_err();
    assert!(error.to_string().contains("an array of 3 items"), "{error}");
}

fn items_by_their_index() {
    let array = ChunkedArray::from_slice(&[1, 2, 3, 4, 5], 2);
    array.set(4, 50);
    array.set(1, 20);
    let items: Vec<_> = (0..7).map(|index| array.get(index)).collect();
    let expected = [Some(1), Some(20), Some(3), Some(4), Some(50), None, None];
    assert_eq!(items, expected);
    let text = panic_of(|| array.set(5, 0));
    assert_eq!(text, "there is no item 5 in an array of 5");
    assert!(array.try_lock().is_some());
    let empty = ChunkedArray::<u8>::new(0, 0);
    assert_eq!((empty.get(0), empty.chunks().len()), (None, 0));
    assert!(empty.lock().is_empty());
}

fn debug_text() {
    let array = ChunkedArray::from_slice(&[1, 2, 3], 2);
    let chunk = array.chunk(1).unwrap();
    assert_eq!(format!("{array:?}"), "ChunkedArray([[1, 2], [3]])");
    assert_eq!(format!("{chunk:?}"), "Chunk([3])");
    let items = chunk.lock();
    assert_eq!(format!("{array:?}"), "ChunkedArray([[1, 2], <locked>])");
    assert_eq!(format!("{chunk:?} {items:?}"), "Chunk(<locked>) [3]");
    drop(items);
    assert_eq!(format!("{:?}", array.lock()), "[1, 2, 3]");
}
