//! What can stand at a place where one run differs from another.

/// What stands at a place where runs differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mark {
    /// The id of a process.
    Id,
    /// The working directory of the run.
    Cwd,
    /// The start method of the run.
    Method,
    /// The number of CPUs.
    Count,
    /// A time to sleep, to the millisecond.
    Seconds,
    /// The sum of such times.
    Sum,
    /// A time that passed, as Python prints a `timedelta`.
    Elapsed,
    /// A number from 0 to 1, as Python prints a `float`.
    Random,
}

impl Mark {
    /// Whether it stands for one value throughout a run, or for several, of
    /// which each has a name.
    pub(crate) fn is_named(self) -> bool {
        matches!(self, Self::Id | Self::Method | Self::Count)
    }

    /// The placeholder for any value of its form.
    pub(crate) fn placeholder(self) -> Option<&'static str> {
        let mut known = PLACEHOLDERS.iter().filter(|_| !self.is_named());
        known.find(|(_, mark)| *mark == self).map(|(name, _)| *name)
    }
}

/// The placeholders of an expected transcript.
pub(crate) const PLACEHOLDERS: [(&str, Mark); 9] = [
    ("main", Mark::Id),
    ("child", Mark::Id),
    ("cwd", Mark::Cwd),
    ("method", Mark::Method),
    ("n", Mark::Count),
    ("seconds", Mark::Seconds),
    ("sum", Mark::Sum),
    ("elapsed", Mark::Elapsed),
    ("random", Mark::Random),
];
