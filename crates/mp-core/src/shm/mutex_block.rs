//! The memory of a mutex, which must not go while a thread holds the mutex.

#![allow(unsafe_code, reason = "drops a block by hand, and keeps its place")]

use std::io;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

use super::heap::Block;
use crate::sys::mutex::{Kind, RobustMutex};

/// A block that begins with a mutex, or with several.
///
/// The C library and the kernel know a mutex that a thread holds by its place:
/// it is in the thread's list, the links of which lie in the mutexes. So when
/// the last handle goes while a thread of this process holds a mutex, having
/// forgotten a guard, the memory stays: it is neither unmapped nor used for
/// anything else, and the next holder learns of the thread's end.
pub(crate) struct MutexBlock {
    block: ManuallyDrop<Block>,
    /// Where the block begins. To find it each time takes as long as to lock.
    start: NonNull<u8>,
    /// How many mutexes there are, one [`STRIDE`](Self::STRIDE) after the other.
    count: usize,
}

// SAFETY: a block may be sent, and `start` only says where it is.
unsafe impl Send for MutexBlock {}
// SAFETY: a block may be shared, and so may the mutexes in it, which are all
// that `start` is used for here.
unsafe impl Sync for MutexBlock {}

impl MutexBlock {
    /// From one mutex to the next: those who wait for the one do not slow down
    /// those who take the other.
    pub(crate) const STRIDE: usize = Block::ALIGN;

    /// Makes a block of `length` bytes, with a free mutex at its beginning.
    pub(crate) fn new(length: usize, kind: Kind) -> io::Result<Self> {
        let block = Self::attach(Block::new(length)?);
        block.mutex().init(kind);
        Ok(block)
    }

    /// Makes a block of `length` bytes, with free mutexes at its beginning.
    pub(crate) fn with_many(
        count: usize,
        length: usize,
        kind: Kind,
    ) -> io::Result<Self> {
        let block = Self::attach_many(count, Block::new(length)?);
        for index in 0..count {
            block.nth(index).init(kind);
        }
        Ok(block)
    }

    /// A block that was made with a mutex in another process.
    ///
    /// # Panics
    ///
    /// If the block is too small for a mutex.
    pub(crate) fn attach(block: Block) -> Self {
        assert!(size_of::<RobustMutex>() <= block.length());
        let start = block.start();
        Self { block: ManuallyDrop::new(block), start, count: 1 }
    }

    /// A block that was made with mutexes in another process.
    ///
    /// # Panics
    ///
    /// If the block is too small for them.
    pub(crate) fn attach_many(count: usize, block: Block) -> Self {
        const { assert!(size_of::<RobustMutex>() <= Self::STRIDE) }
        assert!(count <= block.length() / Self::STRIDE);
        let mut block = Self::attach(block);
        block.count = count;
        block
    }

    /// Where the block begins: it stays there as long as this lives.
    #[inline]
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }

    #[inline]
    pub(crate) fn mutex(&self) -> &RobustMutex {
        // SAFETY: the block is large enough (`attach`), aligned and mapped as
        // long as `self`, and any bytes are a mutex (`Shared`).
        unsafe { self.start.cast().as_ref() }
    }

    /// How many mutexes there are.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// One of the mutexes.
    ///
    /// # Panics
    ///
    /// If there are not as many.
    #[inline]
    pub(crate) fn nth(&self, index: usize) -> &RobustMutex {
        assert!(index < self.count, "there is no mutex {index}");
        // SAFETY: the block has room for so many (`attach`, `attach_many`).
        let place = unsafe { self.start.add(index * Self::STRIDE) };
        // SAFETY: as in `mutex`; a stride is a multiple of the alignment.
        unsafe { place.cast().as_ref() }
    }

    /// Whether a thread of this process holds one of the mutexes.
    fn is_held_here(&self) -> bool {
        (0..self.count).any(|n| self.nth(n).owner().is_some_and(is_own_thread))
    }
}

impl Deref for MutexBlock {
    type Target = Block;

    fn deref(&self) -> &Block {
        &self.block
    }
}

impl AsRef<Block> for MutexBlock {
    fn as_ref(&self) -> &Block {
        &self.block
    }
}

impl Drop for MutexBlock {
    fn drop(&mut self) {
        if !self.is_held_here() {
            // SAFETY: nobody uses it after this.
            unsafe { ManuallyDrop::drop(&mut self.block) }
        }
    }
}

/// Whether a thread of this process has this id.
pub(crate) fn is_own_thread(thread: libc::pid_t) -> bool {
    let process = nix::unistd::getpid().as_raw();
    // SAFETY: takes three numbers; signal 0 is only a question.
    unsafe { libc::syscall(libc::SYS_tgkill, process, thread, 0) == 0 }
}
