//! Items in shared memory that anybody may change at any time.

#![allow(unsafe_code, reason = "keeps the place of the items")]

use std::ptr::NonNull;
use std::sync::Arc;

use super::heap::Block;
use crate::sys::memory::Shared;

/// Some items of a type, and the block that they stand in.
pub(crate) struct Items<T> {
    block: Arc<Block>,
    /// Where the first stands. To find it each time takes as long as to lock.
    first: NonNull<T>,
    count: usize,
}

// SAFETY: the items may be sent, and `first` only says where they are.
unsafe impl<T: Send> Send for Items<T> {}
// SAFETY: the items are reached as what may change at any time (`Shared`).
unsafe impl<T: Sync> Sync for Items<T> {}

impl<T> Items<T> {
    /// The `count` items that stand in a block. None if it is too small.
    pub(crate) fn new(block: Arc<Block>, count: usize) -> Option<Self> {
        const {
            assert!(align_of::<T>() <= Block::ALIGN, "too large an alignment");
        }
        if count.checked_mul(size_of::<T>())? > block.length() {
            return None;
        }
        let first = block.start().cast();
        Some(Self { block, first, count })
    }

    pub(crate) fn block(&self) -> &Arc<Block> {
        &self.block
    }

    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The parts that the items consist of.
    #[inline]
    pub(crate) fn parts<P: Shared>(&self) -> &[P] {
        let (whole, part) = (size_of::<T>(), size_of::<P>());
        assert!(whole % part == 0 && align_of::<P>() <= Block::ALIGN);
        let count = self.count * (whole / part);
        // SAFETY: in bounds (`new`), aligned as the block is, mapped as long as
        // `self`, and any bytes are a part that others may change.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr().cast(), count) }
    }
}

impl<T> Clone for Items<T> {
    fn clone(&self) -> Self {
        Self { block: self.block.clone(), ..*self }
    }
}
