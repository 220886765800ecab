//! Mutexes of one process.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The content of a mutex, also after a panic: what the crate keeps in one is
/// in order between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
