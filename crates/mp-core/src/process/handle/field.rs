//! What can change in a handle, under one lock for all handles.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard};

use crate::sys::lock::lock;

/// Held by whoever looks at a field of any handle.
///
/// A fork cannot hold a lock of each handle that the program has. It holds this
/// one: then nobody is at any field, and a child can ask the handles that it
/// has copies of.
static HANDLES: Mutex<()> = Mutex::new(());

/// A part of a handle that can change.
#[derive(Debug)]
pub(super) struct Field<T>(Mutex<T>);

/// A field that is being looked at. There can be one at a time in a thread.
pub(super) struct Access<'a, T> {
    // Nobody waits for it: whoever wants it has the other one first.
    field: MutexGuard<'a, T>,
    _all: MutexGuard<'static, ()>,
}

impl<T> Field<T> {
    pub(super) fn new(content: T) -> Self {
        Self(Mutex::new(content))
    }

    pub(super) fn access(&self) -> Access<'_, T> {
        let all = lock(&HANDLES);
        Access { field: lock(&self.0), _all: all }
    }
}

impl<T> Deref for Access<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.field
    }
}

impl<T> DerefMut for Access<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.field
    }
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&HANDLES)
}
