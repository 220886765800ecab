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

/// Whether a round is one of so many. They lie as far from each other as they
/// can, so that a bad minute is in few of them.
pub(crate) fn is_due(
    rounds_due: usize,
    (round, rounds): (usize, usize),
) -> bool {
    (round + 1) * rounds_due / rounds > round * rounds_due / rounds
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

/// Of how many rounds one is left to what is spared.
const SPARED: usize = 6;

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
        let one_in = if is_spared { SPARED } else { 1 };
        let rounds_due = self.effort.rounds.div_ceil(one_in);
        is_due(rounds_due, (round, rounds))
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
const SUMMERS: &[Subject] = &[Limit, MpCore];
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
        Measurement::Result => {
            let full = &[8, 1 << 20, 64 << 20];
            (Sizes { full, quick: full, smoke: &[8] }, KEEPERS)
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
        Measurement::ChunkSum => {
            let full = &[100_000_000];
            (Sizes { full, quick: full, smoke: &[80_000] }, SUMMERS)
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
    // One process starts others faster or slower than the next one does, for as
    // long as it lives: so many of them do it, and none for long.
    let (rounds, budget_ms) = match measurement {
        Measurement::StartJoin
        | Measurement::StartReturns
        | Measurement::Result => (30, 40),
        // A sample is two contests of a tenth of a second.
        Measurement::Counter => (30, 150),
        Measurement::Lock | Measurement::ValueAdd | Measurement::OwnerDeath => {
            (15, 100)
        }
        Measurement::StartJoinArgs
        | Measurement::InFlight
        | Measurement::ValueMake
        | Measurement::ArraySum
        | Measurement::ChunkSum
        | Measurement::IdleChild => (5, 200),
        // Its parents are large, too.
        Measurement::FirstLine => (3, 100),
        // Seconds of sleep in each round.
        Measurement::ExampleOverhead => (3, 0),
    };
    match pace {
        Pace::Full => Effort { rounds, samples: 1000, budget_ms },
        Pace::Quick => {
            let rounds = if rounds >= 15 { 2 } else { 1 };
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
        let due = |rounds_due| -> Vec<usize> {
            (0..30).filter(|round| is_due(rounds_due, (*round, 30))).collect()
        };
        assert_eq!(due(30), (0..30).collect::<Vec<_>>());
        assert_eq!(due(5), [5, 11, 17, 23, 29]);
        assert_eq!(due(3), [9, 19, 29]);
        assert_eq!(due(1), [29]);
    }
}
