//! Copies between memory that anybody may change at any time and memory of
//! one's own, at the speed of `memcpy`.
//!
//! A `memcpy` itself is not allowed: to Rust it is a plain access, and a plain
//! access to memory that another thread changes is undefined behaviour. Atomic
//! accesses are allowed, but compilers do not join narrow ones into wide ones.
//! So a long copy is one instruction of the processor. All that the compiler
//! knows of it is that it may change memory.

#![allow(unsafe_code, reason = "instructions that copy many words")]

use std::sync::atomic::{
    AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed,
};

use super::memory::Shared;

/// From how many words on the instruction is used. It takes a while to begin, so
/// that a loop copies fewer words faster. Other processors do not have it.
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

    /// Copies words, with the effect of a loop of relaxed loads and stores.
    ///
    /// # Safety
    ///
    /// `count` words can be read from the one place and written to the other,
    /// and the places do not overlap. Where others may access the words at the
    /// same time, these are aligned and the others access them atomically.
    unsafe fn copy(from: *const Self, to: *mut Self, count: usize) {
        unreachable!("no instruction copies {count} from {from:?} to {to:?}");
    }

    /// Writes the same word many times, with the effect of a loop of relaxed
    /// stores.
    ///
    /// # Safety
    ///
    /// `count` words can be written to the place. Where others may access them
    /// at the same time, they are as in [`copy`](Self::copy).
    unsafe fn repeat(_: Self::Integer, to: *mut Self, count: usize) {
        unreachable!("no instruction fills {count} at {to:?}");
    }

    /// Copies the words out, as bytes.
    ///
    /// # Panics
    ///
    /// If the bytes are not exactly as many as those of the words.
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

    /// Copies bytes into the words.
    ///
    /// # Panics
    ///
    /// If the bytes are not exactly as many as those of the words.
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

    /// Copies the bytes of one word into each word.
    ///
    /// # Panics
    ///
    /// If the bytes are not exactly those of one word.
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

            // The processor moves one word after the other, upward (`asm!`
            // requires the flag for that direction of the code around it).
            // Where it moves several at a time, it still reads and writes an
            // aligned word whole. So this is a loop of atomic operations, of
            // the same size as all other accesses to these words.
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
