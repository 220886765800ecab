//! Which placeholder stands for which value: one reading for a whole run.

use std::collections::BTreeMap;

use crate::mark::Mark;

/// The values of the placeholders that are the same throughout a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Names(BTreeMap<(Mark, String), String>);

impl Names {
    /// Only what is known before the run: the process and the start method.
    pub(crate) fn of_run(pid: u32, method: &str) -> Self {
        let mut names = Self::default();
        names.bind(Mark::Id, "main", &pid.to_string());
        names.bind(Mark::Method, "method", method);
        names
    }

    /// Whether `name` can stand for `value`: it does already, or neither is
    /// taken. A name has one value, and a value has one name.
    pub(crate) fn bind(&mut self, mark: Mark, name: &str, value: &str) -> bool {
        if !mark.is_named() {
            return true;
        }
        if let Some(taken) = self.of(mark, value) {
            return taken == name;
        }
        let entry = self.0.entry((mark, name.to_owned()));
        entry.or_insert_with(|| value.to_owned()) == value
    }

    /// The name that stands for `value`.
    pub(crate) fn of(&self, mark: Mark, value: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        let found = pairs.find(|((m, _), v)| *m == mark && *v == value);
        found.map(|((_, name), _)| name.as_str())
    }
}
