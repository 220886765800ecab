//! What a check found.

use std::fmt;

/// What is wrong, each with its place.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Adds one.
    pub fn add(&mut self, place: impl fmt::Display, what: impl fmt::Display) {
        self.0.push(format!("{place}: {what}"));
    }

    /// Adds what went wrong, if it did. What there is if it did not.
    pub fn take<T>(
        &mut self,
        place: impl fmt::Display,
        result: anyhow::Result<T>,
    ) -> Option<T> {
        result.map_err(|error| self.add(place, format!("{error:#}"))).ok()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}
