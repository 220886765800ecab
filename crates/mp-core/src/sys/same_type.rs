//! One type under two names: what a generic function was given, and what it
//! hopes for.

#![allow(unsafe_code, reason = "a value under the other name of its type")]

use std::mem::{self, ManuallyDrop};
use std::ptr;

/// Whether two types are the same but for their lifetimes.
#[inline]
pub(crate) fn is<A: ?Sized, B: ?Sized>() -> bool {
    typeid::of::<A>() == typeid::of::<B>()
}

/// The value, if it is a `B`.
///
/// `B` borrows nothing for longer than `'a`: the lifetimes in it are chosen by
/// the caller, and so are those of the result.
#[inline]
pub(crate) fn cast<'a, A: ?Sized, B>(value: &'a A) -> Option<&'a B>
where
    B: Shorten<'a>,
{
    // SAFETY: the types are the same but for their lifetimes (`is`), so the
    // reference is one to a `B`. What the value borrows lives at least as long
    // as the borrow of the value, `'a`, and `B` claims no more (`Shorten`).
    is::<A, B>().then(|| unsafe { &*ptr::from_ref(value).cast::<B>() })
}

/// A type whose own lifetimes are at most `'a`.
///
/// # Safety
///
/// Each lifetime in the type is `'a`, or there is none.
pub(crate) unsafe trait Shorten<'a> {}

// SAFETY: numbers have no lifetimes.
unsafe impl<N: bytemuck::Pod> Shorten<'_> for Vec<N> {}
// SAFETY: as above.
unsafe impl<N: bytemuck::Pod> Shorten<'_> for Box<[N]> {}
// SAFETY: as above.
unsafe impl<N: bytemuck::Pod> Shorten<'_> for std::sync::Arc<[N]> {}
// SAFETY: the only lifetime is `'a`.
unsafe impl<'a, N: bytemuck::Pod> Shorten<'a> for &'a [N] {}

/// The value under its other name. None if it is not an `A`.
#[inline]
pub(crate) fn convert<A, B: 'static>(value: B) -> Option<A> {
    if !is::<A, B>() {
        return None;
    }
    let value = ManuallyDrop::new(value);
    // SAFETY: `B` has no lifetimes but 'static, so `A`, which is the same type
    // but for lifetimes, is the same type, or one that claims less. The value is
    // not used under its first name again.
    Some(unsafe { mem::transmute_copy::<B, A>(&value) })
}
