//! What a program says of itself when it has come through a fault.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};

use crate::observe::{
    children, descriptors, eventually, forkserver_and_children_ahead,
};

/// What a program says of itself at its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) outcome: Outcome,
    /// The open descriptors, by what they refer to.
    pub(crate) descriptors: BTreeMap<String, usize>,
    /// The bytes of shared memory that are mapped.
    pub(crate) mapped: u64,
}

impl Report {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        Self {
            outcome: outcome.clone(),
            descriptors: open_descriptors(),
            mapped: mapped_bytes(),
        }
    }

    /// What this program has more of than a sound one, in words.
    pub(crate) fn more_than(&self, sound: &Self) -> Option<String> {
        let mut descriptors = self.descriptors.iter();
        let more = descriptors.find_map(|(kind, &count)| {
            let before = sound.descriptors.get(kind).copied().unwrap_or(0);
            (count > before)
                .then(|| format!("{count} of {kind:?} instead of {before}"))
        });
        let (now, before) = (self.mapped, sound.mapped);
        more.or_else(|| {
            (now > before)
                .then(|| format!("{now} bytes are mapped instead of {before}"))
        })
    }
}

/// What became of what the program set out to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// It was done.
    Done,
    /// There was this error, and it was done at the second try.
    Refused(String),
    /// The child was started, and ended in this way without doing it.
    Lost(String),
}

/// What is open, once no child is left but the forkserver and those ahead.
fn open_descriptors() -> BTreeMap<String, usize> {
    let helpers = forkserver_and_children_ahead().len();
    eventually("all other children are gone", || children().len() == helpers);
    let mut count = BTreeMap::new();
    for target in descriptors(std::process::id()).into_values() {
        // The system numbers those that have no name.
        let kind = target.replace(|letter: char| letter.is_ascii_digit(), "");
        *count.entry(kind).or_default() += 1;
    }
    count
}

/// The bytes of files in memory that are mapped.
fn mapped_bytes() -> u64 {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let lengths = maps.lines().filter(|line| line.contains("/memfd:"));
    let lengths = lengths.filter_map(|line| {
        let (start, end) = line.split_whitespace().next()?.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        number(end)?.checked_sub(number(start)?)
    });
    lengths.sum()
}
