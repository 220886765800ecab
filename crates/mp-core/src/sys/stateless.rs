//! Functions whose value need not be sent, because it has no bytes.
//!
//! Each function and each closure has a type of its own. If it captures
//! nothing, the type says all, and another process of the same program makes
//! the value out of nothing.

#![allow(unsafe_code, reason = "makes a value out of nothing")]

use std::marker::PhantomData;
use std::ptr::NonNull;

/// A type of which anybody who had one value may have another.
///
/// Whether such a value has a size is not known before the program is built;
/// [`stateless`] looks then.
///
/// # Safety
///
/// The type is [`Copy`]. `Copy` is not a supertrait because the compiler would
/// then say of a captured `String` that it is not `Copy`, and not what is wrong
/// and what to do.
pub unsafe trait Stateless: Sized + Send + 'static {}

// SAFETY: `Captures<F>: Nothing` holds for an `F` that is `Copy` and for no
// other: the one implementation says so, and no other crate can write another,
// since both the trait and the type are this crate's.
unsafe impl<F: Send + 'static> Stateless for F where Captures<F>: Nothing {}

/// What a function or a closure captures.
///
/// The compiler words an error as the trait says that is not implemented. If it
/// is missing for the closure itself, it says what is wrong with a target in
/// general instead. So [`Nothing`] is asked of this.
#[derive(Debug)]
pub struct Captures<F>(PhantomData<F>);

/// What may be captured: what anybody may have again.
#[diagnostic::on_unimplemented(
    message = "a closure that another process runs cannot capture variables",
    label = "captures variables, which the other process does not have",
    note = "pass the values in the tuple of arguments, and take them as \
            parameters: `Process::new(|name: String| …, (name,))`",
    note = "or use `Process::fork` or `Process::fork_returning`, which take a \
            closure that captures, and always start the process by fork"
)]
pub trait Nothing {}

#[diagnostic::do_not_recommend]
impl<F: Copy> Nothing for Captures<F> {}

/// The value of a function or of a closure that captures nothing.
///
/// # Panics
///
/// Does not compile for a type that has a size, such as a closure that
/// captures or a function pointer.
pub(crate) fn stateless<F: Stateless>() -> F {
    const {
        assert!(
            size_of::<F>() == 0,
            "the target of a `Process` cannot capture its environment, nor be \
             a function pointer: pass values in the tuple of arguments, or use \
             `Process::fork`"
        );
    }
    // SAFETY: a value without a size has no bytes to read, and the pointer is
    // aligned. A value of the type can exist: whoever made the process had one,
    // if in another process; it is `Copy` (which `Stateless` promises) and
    // `Send`, so there may be another, here too. A captured value without a
    // size comes along, as is documented where targets are.
    unsafe { NonNull::<F>::dangling().read() }
}
