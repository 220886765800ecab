use std::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8,
    AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
};

use bytemuck::Pod;

/// The integers, which have an atomic sibling.
pub trait AtomicInteger: Pod + sealed::AtomicInteger {}

mod sealed {
    pub trait AtomicInteger: Sized {
        /// The atomic type of the same size.
        #[allow(private_bounds, reason = "what can be shared is decided here")]
        type Atomic: crate::sys::memory::Shared;
    }
}

macro_rules! atomic_integers {
    ($($integer:ty, $atomic:ty;)*) => {$(
        impl AtomicInteger for $integer {}

        impl sealed::AtomicInteger for $integer {
            type Atomic = $atomic;
        }
    )*};
}
atomic_integers! {
    i8, AtomicI8; i16, AtomicI16; i32, AtomicI32; i64, AtomicI64;
    u8, AtomicU8; u16, AtomicU16; u32, AtomicU32; u64, AtomicU64;
    isize, AtomicIsize; usize, AtomicUsize;
}
