//! The memory of a mutex, which must not go while a thread holds the mutex.

#![allow(unsafe_code, reason = "drops a block by hand, and keeps its place")]

use std::io;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

use super::heap::Block;
use crate::sys::mutex::{Kind, RobustMutex};

/// A block that begins with a mutex.
///
/// The C library and the kernel know a mutex that a thread holds by its place:
/// it is in the thread's list, the links of which lie in the mutexes. So when
/// the last handle goes while a thread of this process holds the mutex, having
/// forgotten a guard, the memory stays: it is neither unmapped nor used for
/// anything else, and the next holder learns of the thread's end.
pub(crate) struct MutexBlock {
    block: ManuallyDrop<Block>,
    /// Where the block begins. To find it each time takes as long as to lock.
    start: NonNull<u8>,
}

// SAFETY: a block may be sent, and `start` only says where it is.
unsafe impl Send for MutexBlock {}
// SAFETY: a block may be shared, and so may the mutex in it, which is all that
// `start` is used for here.
unsafe impl Sync for MutexBlock {}

impl MutexBlock {
    /// Makes a block of `length` bytes, with a free mutex at its beginning.
    pub(crate) fn new(length: usize, kind: Kind) -> io::Result<Self> {
        let block = Self::attach(Block::new(length)?);
        block.mutex().init(kind);
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
        Self { block: ManuallyDrop::new(block), start }
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
        if !self.mutex().owner().is_some_and(is_own_thread) {
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
