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

/// Work that several subjects do.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) name: String,
    /// What varies: MiB of the parent, bytes, children, processes, values.
    pub(crate) sizes: &'static [usize],
    pub(crate) subjects: &'static [Subject],
    pub(crate) effort: Effort,
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
    // What takes seconds is not measured as often.
    let is_long = matches!(
        measurement,
        Measurement::InFlight
            | Measurement::ValueMake
            | Measurement::IdleChild
            | Measurement::ExampleOverhead
    );
    match pace {
        Pace::Full => Effort {
            rounds: if is_long { 3 } else { 5 },
            samples: 200,
            budget_ms: 1000,
        },
        Pace::Quick => Effort {
            rounds: if is_long { 1 } else { 2 },
            samples: 50,
            budget_ms: 100,
        },
        Pace::Smoke => Effort { rounds: 1, samples: 2, budget_ms: 10 },
    }
}
