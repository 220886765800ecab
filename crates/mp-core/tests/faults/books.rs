//! Whether everything is as it was: descriptors, children, and the library.

use std::collections::BTreeMap;

use mp_core::{Process, Result, Value};

use crate::observe::{
    children, descriptors, eventually, forkserver_and_children_ahead,
};

/// What this process had when all was well.
pub(crate) struct Books {
    value: Value<i64>,
    descriptors: BTreeMap<i32, String>,
    children: usize,
}

fn add(value: Value<i64>) {
    *value.lock() += 1;
}

impl Books {
    /// Opens them, when everything has been used that is made once.
    pub(crate) fn open() -> Self {
        let mut books = Self {
            value: Value::new(0),
            descriptors: BTreeMap::new(),
            children: 0,
        };
        books.use_all();
        // A forkserver that was ended may have left children ahead, which were
        // the first. Then there is another server.
        books.use_all();
        books.use_all();
        books.descriptors = descriptors(std::process::id());
        forkserver_and_children_ahead();
        books.children = children().len();
        books
    }

    /// Starts a process with something shared. It has an exit code if it could
    /// be started; whether it could do its work is another matter.
    pub(crate) fn try_all(&self) -> Result<bool> {
        let before = self.value.get();
        let mut process = Process::new(add, (self.value.clone(),));
        process.start()?;
        process.join()?;
        let code = process.exitcode().expect("it was joined");
        let added = self.value.get() - before;
        assert!(code != 0 || added == 1, "it has not done its work");
        Ok(code == 0)
    }

    /// The same, where nothing may fail.
    pub(crate) fn use_all(&self) {
        assert!(self.try_all().unwrap(), "the child failed");
    }

    /// Checks that everything can be used, and that nothing was lost or left.
    pub(crate) fn check(&self) {
        self.use_all();
        self.check_descriptors();
        // A forkserver may just be forking the next child.
        eventually("there are as many children as before", || {
            children().len() == self.children
        });
    }

    pub(crate) fn check_descriptors(&self) {
        let now = descriptors(std::process::id());
        let lost: Vec<_> = now
            .iter()
            .filter(|(number, _)| !self.descriptors.contains_key(number))
            .collect();
        // The sockets of the children ahead may have other numbers every time.
        let more = now.len().saturating_sub(self.descriptors.len());
        assert_eq!(more, 0, "some of these are lost: {lost:?}");
    }
}
