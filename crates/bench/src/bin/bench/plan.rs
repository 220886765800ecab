//! How much of what is measured.

use crate::measurement::Measurement;
use crate::program::Subject::{
    self, CPython, Limit, MpCore, ParkingLot, ProcessSync, Procspawn, RawSync,
};

/// How long the whole may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Full,
    Quick,
    Smoke,
}

/// How often, and in how much time, one series is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    pub(crate) samples: usize,
    pub(crate) budget_ms: u64,
}

impl Effort {
    /// Whether this is one of its rounds. They lie as far from each other as
    /// they can, so that a bad minute is in few of them.
    pub(crate) fn is_due(self, round: usize, rounds: usize) -> bool {
        (round + 1) * self.rounds / rounds > round * self.rounds / rounds
    }
}

/// Work that several subjects do.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) name: String,
    /// What varies: MiB of the parent, bytes, children, processes, values.
    pub(crate) sizes: &'static [usize],
    pub(crate) subjects: &'static [Subject],
    pub(crate) effort: Effort,
}

/// What is a large parent, in MiB.
const LARGE: usize = 1024;

impl Work {
    /// Whether a subject is measured in this round at this size. To touch the
    /// memory of a large parent takes seconds, and the goals ask only whether
    /// mp-core can tell it from a small one.
    pub(crate) fn is_due(
        &self,
        (size, subject): (usize, Subject),
        (round, rounds): (usize, usize),
    ) -> bool {
        let is_spared =
            self.name == "start" && size >= LARGE && subject != MpCore;
        self.effort.is_due(round, rounds)
            && (!is_spared || rounds <= 2 || round % 2 == 1)
    }
}

/// The sizes that are measured at each pace.
struct Sizes {
    full: &'static [usize],
    quick: &'static [usize],
    smoke: &'static [usize],
}

impl Sizes {
    const fn same(sizes: &'static [usize]) -> Self {
        Self { full: sizes, quick: sizes, smoke: sizes }
    }

    fn at(&self, pace: Pace) -> &'static [usize] {
        match pace {
            Pace::Full => self.full,
            Pace::Quick => self.quick,
            Pace::Smoke => self.smoke,
        }
    }
}

const STARTERS: &[Subject] = &[Limit, MpCore, CPython, Procspawn];
const LOCKERS: &[Subject] =
    &[Limit, MpCore, CPython, ProcessSync, RawSync, ParkingLot];
const SHARERS: &[Subject] = &[Limit, MpCore, CPython, ProcessSync, RawSync];
const KEEPERS: &[Subject] = &[Limit, MpCore, CPython];

/// What is measured for a measurement. The examples are another matter.
pub(crate) fn work(measurement: Measurement, pace: Pace) -> Option<Work> {
    let parents = Sizes {
        full: &[10, 256, 1024, 4096],
        quick: &[10, 1024],
        smoke: &[10],
    };
    let (sizes, subjects) = match measurement {
        Measurement::StartJoin
        | Measurement::StartReturns
        | Measurement::FirstLine => (parents, STARTERS),
        Measurement::StartJoinArgs => {
            let full = &[0, 4 << 10, 1 << 20, 64 << 20];
            (Sizes { full, quick: full, smoke: &[4 << 10] }, STARTERS)
        }
        Measurement::InFlight => {
            let full = &[10, 100, 1000];
            (Sizes { full, quick: &[10, 100], smoke: &[5] }, STARTERS)
        }
        Measurement::Lock => (Sizes::same(&[1]), LOCKERS),
        Measurement::Counter => {
            let full = &[2, 4, 8];
            (Sizes { full, quick: full, smoke: &[2] }, SHARERS)
        }
        Measurement::ValueAdd => {
            let full = &[1, 2, 4];
            (Sizes { full, quick: full, smoke: &[1, 2] }, KEEPERS)
        }
        Measurement::ValueMake => {
            let full = &[1_000, 10_000, 100_000];
            (Sizes { full, quick: full, smoke: &[1_000] }, KEEPERS)
        }
        Measurement::ArraySum => {
            let full = &[1_000_000];
            (Sizes { full, quick: full, smoke: &[1_000] }, STARTERS)
        }
        Measurement::IdleChild => {
            let full = &[10, 1024];
            (Sizes { full, quick: full, smoke: &[10] }, STARTERS)
        }
        Measurement::OwnerDeath => (Sizes::same(&[1]), KEEPERS),
        Measurement::ExampleOverhead => return None,
    };
    Some(Work {
        name: measurement.work(),
        sizes: sizes.at(pace),
        subjects,
        effort: effort(measurement, pace),
    })
}

/// How often a measurement is made.
pub(crate) fn effort(measurement: Measurement, pace: Pace) -> Effort {
    // Many short rounds for what the goals compare.
    let (rounds, budget_ms) = match measurement {
        Measurement::StartJoin
        | Measurement::StartReturns
        | Measurement::Lock
        | Measurement::ValueAdd
        | Measurement::OwnerDeath => (12, 100),
        // A sample is two contests of a tenth of a second.
        Measurement::Counter => (12, 300),
        Measurement::ValueMake => (6, 200),
        // Its parents are large, too.
        Measurement::FirstLine => (3, 100),
        Measurement::StartJoinArgs
        | Measurement::InFlight
        | Measurement::ArraySum
        | Measurement::IdleChild => (4, 200),
        // Seconds of sleep in each round.
        Measurement::ExampleOverhead => (3, 0),
    };
    match pace {
        Pace::Full => Effort { rounds, samples: 1000, budget_ms },
        Pace::Quick => {
            let rounds = if rounds >= 12 { 2 } else { 1 };
            Effort { rounds, samples: 100, budget_ms: 100 }
        }
        Pace::Smoke => Effort { rounds: 1, samples: 2, budget_ms: 10 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_spread_over_the_run() {
        let due = |rounds| -> Vec<usize> {
            let effort = Effort { rounds, samples: 1, budget_ms: 1 };
            (0..12).filter(|round| effort.is_due(*round, 12)).collect()
        };
        assert_eq!(due(12), (0..12).collect::<Vec<_>>());
        assert_eq!(due(4), [2, 5, 8, 11]);
        assert_eq!(due(3), [3, 7, 11]);
        assert_eq!(due(1), [11]);
    }
}
