//! Python's slices of a raw array: many items at once.

use std::ops::{Bound, Range, RangeBounds};
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use super::plain::PlainData;
use super::raw::RawArray;
use crate::sys::copy::Word;

/// Ranges of items, copied at the speed of `memcpy`; `..` is the whole array.
///
/// Another process may change the items meanwhile. Each item of 1, 2, 4 or 8
/// bytes is read and written whole, but the items of a range may be of different
/// moments.
impl<T: PlainData> RawArray<T> {
    /// A copy of the items of a range.
    ///
    /// Python: `array[1:4]`, which is a list. To copy to memory that is there
    /// already, use [`copy_to_slice`](Self::copy_to_slice).
    ///
    /// # Panics
    ///
    /// If the range begins or ends outside of the array.
    ///
    /// # Examples
    ///
    /// ```
    /// let array = mp_core::RawArray::from_slice(&[1, 2, 3, 4, 5]);
    /// assert_eq!(array.to_vec(1..4), [2, 3, 4]);
    /// assert_eq!(array.to_vec(..), [1, 2, 3, 4, 5]);
    /// ```
    #[track_caller]
    pub fn to_vec(&self, range: impl RangeBounds<usize>) -> Vec<T> {
        let range = self.bounds(range);
        let mut items = bytemuck::zeroed_vec(range.len());
        self.load(range, bytemuck::cast_slice_mut(&mut items));
        items
    }

    /// Copies the items of a range to a slice.
    ///
    /// # Panics
    ///
    /// If the range begins or ends outside of the array, or the slice has
    /// another length.
    ///
    /// # Examples
    ///
    /// ```
    /// let array = mp_core::RawArray::from_slice(&[1, 2, 3, 4, 5]);
    /// let mut line = [0; 2];
    /// array.copy_to_slice(3.., &mut line);
    /// assert_eq!(line, [4, 5]);
    /// ```
    #[track_caller]
    pub fn copy_to_slice(
        &self,
        range: impl RangeBounds<usize>,
        items: &mut [T],
    ) {
        let range = self.bounds(range);
        same_length(range.len(), items.len());
        self.load(range, bytemuck::cast_slice_mut(items));
    }

    /// Changes the items of a range to those of a slice.
    ///
    /// Python: `array[1:4] = [7, 8, 9]`.
    ///
    /// # Panics
    ///
    /// If the range begins or ends outside of the array, or the slice has
    /// another length.
    ///
    /// # Examples
    ///
    /// ```
    /// let array = mp_core::RawArray::from_slice(&[1, 2, 3, 4, 5]);
    /// array.copy_from_slice(1..4, &[7, 8, 9]);
    /// assert_eq!(array.to_vec(..), [1, 7, 8, 9, 5]);
    /// ```
    #[track_caller]
    pub fn copy_from_slice(&self, range: impl RangeBounds<usize>, items: &[T]) {
        let range = self.bounds(range);
        same_length(range.len(), items.len());
        self.store(range, bytemuck::cast_slice(items));
    }

    /// Changes all items of a range to `item`.
    ///
    /// Python: `array[1:4] = [item] * 3`.
    ///
    /// # Panics
    ///
    /// If the range begins or ends outside of the array.
    ///
    /// # Examples
    ///
    /// ```
    /// let array = mp_core::RawArray::from_slice(&[1, 2, 3, 4, 5]);
    /// array.fill(..2, 0);
    /// assert_eq!(array.to_vec(..), [0, 0, 3, 4, 5]);
    /// ```
    #[track_caller]
    pub fn fill(&self, range: impl RangeBounds<usize>, item: T) {
        let range = self.bounds(range);
        let bytes = bytemuck::bytes_of(&item);
        match Self::PART {
            8 => self.fill_with::<AtomicU64>(range, bytes),
            4 => self.fill_with::<AtomicU32>(range, bytes),
            2 => self.fill_with::<AtomicU16>(range, bytes),
            _ => self.fill_with::<AtomicU8>(range, bytes),
        }
    }

    /// Repeats a word if the item is one word or several equal ones, as zeros
    /// are. Otherwise copies several items at a time.
    fn fill_with<W: Word>(&self, range: Range<usize>, item: &[u8]) {
        /// Small enough to stay in the processor's cache.
        const BUFFER: usize = 4096;
        let Some(word) = item.get(..size_of::<W>()) else {
            // Items without a size.
            return;
        };
        if item.chunks_exact(word.len()).all(|other| other == word) {
            return W::fill(self.parts(range), word);
        }
        let copies = item.repeat((BUFFER / item.len()).max(1));
        for piece in self.parts(range).chunks(copies.len() / word.len()) {
            W::store_all(piece, &copies[..size_of_val(piece)]);
        }
    }

    /// The range with both of its ends.
    #[track_caller]
    fn bounds(&self, range: impl RangeBounds<usize>) -> Range<usize> {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len(),
        };
        assert!(
            start <= end && end <= self.len(),
            "there are no items {start}..{end} in an array of {}",
            self.len()
        );
        start..end
    }
}

#[track_caller]
fn same_length(range: usize, slice: usize) {
    assert_eq!(
        range, slice,
        "the range and the slice must have the same number of items"
    );
}
