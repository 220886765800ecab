//! Copies between memory that anybody may change at any time and memory of
//! one's own, at the speed of `memcpy`.
//!
//! A `memcpy` itself is not allowed: to Rust it is a plain access, and a plain
//! access to what another thread changes is undefined. Atomic accesses are
//! allowed, but no compiler joins narrow ones into wide ones. So many words are
//! copied by one instruction of the processor, of which the compiler only knows
//! that it changes memory.

#![allow(unsafe_code, reason = "instructions that copy many words")]

use std::sync::atomic::{
    AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed,
};

use super::memory::Shared;

/// How many words are many. A loop over fewer has ended before the instruction
/// has begun; and where there is no such instruction, no number is enough.
const MANY: usize = {
    let has_instructions = cfg!(all(
        target_arch = "x86_64",
        target_pointer_width = "64",
        not(miri)
    ));
    if has_instructions { 32 } else { usize::MAX }
};

/// Atomic integers that are copied many at a time.
///
/// Each is read and written whole, and all of them in any order. As with any
/// relaxed access, something else has to tell others that a copy is complete:
/// a lock, or an atomic integer that is stored with release order.
pub(crate) trait Word: Shared + Sized {
    /// An integer of the same size.
    type Integer: bytemuck::Pod;

    /// Reads one.
    fn get(&self) -> Self::Integer;

    /// Changes one.
    fn set(&self, integer: Self::Integer);

    /// Does what a loop does of relaxed loads and relaxed stores.
    ///
    /// # Safety
    ///
    /// `count` words can be read at the one place and written at the other, and
    /// the places do not overlap. What others may change meanwhile are aligned
    /// atomic integers; the rest need not be aligned.
    unsafe fn copy(from: *const Self, to: *mut Self, count: usize) {
        unreachable!("{count} words, {from:?} to {to:?}: never are that many");
    }

    /// Does what a loop does of relaxed stores.
    ///
    /// # Safety
    ///
    /// As of [`copy`](Self::copy), of the one place.
    unsafe fn repeat(_: Self::Integer, to: *mut Self, count: usize) {
        unreachable!("{count} words at {to:?}: never are that many");
    }

    /// Copies the bytes of the words.
    ///
    /// # Panics
    ///
    /// If there is not room for just as many.
    #[inline]
    fn load_all(words: &[Self], to: &mut [u8]) {
        assert_eq!(size_of_val(words), to.len());
        if words.len() >= MANY {
            let (from, to) = (words.as_ptr(), to.as_mut_ptr().cast());
            // SAFETY: both have as many bytes (above), and `to`, which is
            // borrowed exclusively, lies apart from the words.
            return unsafe { Self::copy(from, to, words.len()) };
        }
        let to = to.chunks_exact_mut(size_of::<Self>());
        for (word, to) in words.iter().zip(to) {
            to.copy_from_slice(bytemuck::bytes_of(&word.get()));
        }
    }

    /// Makes these bytes those of the words.
    ///
    /// # Panics
    ///
    /// If there are not just as many.
    #[inline]
    fn store_all(words: &[Self], from: &[u8]) {
        assert_eq!(size_of_val(words), from.len());
        if words.len() >= MANY {
            let (from, to) = (from.as_ptr().cast(), words.as_ptr().cast_mut());
            // SAFETY: both have as many bytes (above). The words are atomic,
            // so they may be changed through a shared reference. `from` may
            // not be changed as long as it is borrowed, so it lies apart.
            return unsafe { Self::copy(from, to, words.len()) };
        }
        let from = from.chunks_exact(size_of::<Self>());
        for (word, from) in words.iter().zip(from) {
            word.set(bytemuck::pod_read_unaligned(from));
        }
    }

    /// Makes these bytes those of each word.
    ///
    /// # Panics
    ///
    /// If there are not just as many as one word has.
    #[inline]
    fn fill(words: &[Self], bytes: &[u8]) {
        let integer = bytemuck::pod_read_unaligned(bytes);
        if words.len() >= MANY {
            let to = words.as_ptr().cast_mut();
            // SAFETY: as in `store_all`.
            return unsafe { Self::repeat(integer, to, words.len()) };
        }
        for word in words {
            word.set(integer);
        }
    }
}

macro_rules! words {
    ($($atomic:ident, $integer:ident, $size:literal, $register:tt;)*) => {$(
        impl Word for $atomic {
            type Integer = $integer;

            #[inline]
            fn get(&self) -> $integer {
                self.load(Relaxed)
            }

            #[inline]
            fn set(&self, integer: $integer) {
                self.store(integer, Relaxed);
            }

            // The words are moved one by one, upward: `asm!` demands that
            // direction of all code around it. Where the processor moves
            // several at a time, it still reads and writes an aligned one
            // whole. So this is a loop of atomic operations, of the very size
            // that all other accesses to these words have.
            #[cfg(target_arch = "x86_64")]
            #[inline]
            unsafe fn copy(from: *const Self, to: *mut Self, count: usize) {
                // SAFETY: it reads and writes what the caller says it may,
                // and leaves all but these registers as they are.
                unsafe {
                    std::arch::asm!(
                        concat!("rep movs", $size),
                        inout("rcx") count => _,
                        inout("rsi") from => _,
                        inout("rdi") to => _,
                        options(nostack, preserves_flags),
                    );
                }
            }

            #[cfg(target_arch = "x86_64")]
            #[inline]
            unsafe fn repeat(integer: $integer, to: *mut Self, count: usize) {
                // SAFETY: as above.
                unsafe {
                    std::arch::asm!(
                        concat!("rep stos", $size),
                        in($register) integer,
                        inout("rcx") count => _,
                        inout("rdi") to => _,
                        options(nostack, preserves_flags),
                    );
                }
            }
        }
    )*};
}
words! {
    AtomicU8, u8, "b", "al";
    AtomicU16, u16, "w", "ax";
    AtomicU32, u32, "d", "eax";
    AtomicU64, u64, "q", "rax";
}
