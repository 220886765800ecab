//! The memory of a mutex, which must not go while a thread holds the mutex.

#![allow(unsafe_code, reason = "drops a block by hand")]

use std::io;
use std::mem::ManuallyDrop;
use std::ops::Deref;

use super::mutex::{Kind, RobustMutex};
use crate::heap::Block;

/// A block that begins with a mutex.
///
/// The C library and the kernel know a mutex that a thread holds by its place:
/// it is in the thread's list, the links of which lie in the mutexes. So when
/// the last handle goes while a thread of this process holds the mutex, having
/// forgotten a guard, the memory stays: it is neither unmapped nor used for
/// anything else, and the next holder learns of the thread's end.
pub(crate) struct MutexBlock(ManuallyDrop<Block>);

impl MutexBlock {
    /// Makes a block of `length` bytes, with a free mutex at its beginning.
    pub(crate) fn new(length: usize, kind: Kind) -> io::Result<Self> {
        let block = Self::attach(Block::new(length)?);
        block.mutex().init(kind);
        Ok(block)
    }

    /// A block that was made with a mutex in another process.
    pub(crate) fn attach(block: Block) -> Self {
        Self(ManuallyDrop::new(block))
    }

    #[inline]
    pub(crate) fn mutex(&self) -> &RobustMutex {
        self.0.shared(0)
    }
}

impl Deref for MutexBlock {
    type Target = Block;

    fn deref(&self) -> &Block {
        &self.0
    }
}

impl AsRef<Block> for MutexBlock {
    fn as_ref(&self) -> &Block {
        &self.0
    }
}

impl Drop for MutexBlock {
    fn drop(&mut self) {
        if !self.mutex().owner().is_some_and(is_own_thread) {
            // SAFETY: nobody uses it after this.
            unsafe { ManuallyDrop::drop(&mut self.0) }
        }
    }
}

fn is_own_thread(thread: libc::pid_t) -> bool {
    let process = nix::unistd::getpid().as_raw();
    // SAFETY: takes three numbers; signal 0 is only a question.
    unsafe { libc::syscall(libc::SYS_tgkill, process, thread, 0) == 0 }
}
