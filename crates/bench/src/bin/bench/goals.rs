//! Where it must come out.

use std::fmt::Write;

use crate::results::Results;
use crate::words::number;

/// A median, by measurement, subject and params.
type Key = (&'static str, &'static str, &'static str);

/// What a value may be.
#[derive(Clone, Copy, Debug)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

use Bound::{AtLeast, AtMost};

/// What is looked at.
#[derive(Clone, Copy, Debug)]
enum What {
    /// The first as a multiple of the second.
    Ratio(Key, Key),
    /// The largest as a multiple of the smallest.
    Spread(&'static [Key]),
    /// A median, and what is taken from it.
    Beyond(Key, f64),
    /// A median's share for one of so many, to the nearest whole number.
    Share(Key, f64),
}

use What::{Beyond, Ratio, Share, Spread};

struct Goal {
    name: &'static str,
    bound: Bound,
    /// What the bound is a number of.
    of: &'static str,
    what: What,
}

type Measured = (&'static str, &'static str);

const LIMIT: &str = "× the limit";
const CPYTHON: &str = "× as fast as CPython";

/// No more than so many times what the limit takes.
const fn limit(
    name: &'static str,
    most: f64,
    (measurement, params): Measured,
) -> Goal {
    let own = (measurement, "mp-core", params);
    let limit = (measurement, "limit", params);
    Goal { name, bound: AtMost(most), of: LIMIT, what: Ratio(own, limit) }
}

/// A start and join with a result, against one without.
const fn with_result(
    name: &'static str,
    with: Measured,
    without: Measured,
) -> Goal {
    let of = "× start + join";
    most(name, 1.25, of, Ratio(own(with), own(without)))
}

/// At least so many times as fast as `CPython`.
const fn cpython(
    name: &'static str,
    least: f64,
    (measurement, params): Measured,
) -> Goal {
    let own = (measurement, "mp-core", params);
    let cpython = (measurement, "cpython", params);
    Goal { name, bound: AtLeast(least), of: CPYTHON, what: Ratio(cpython, own) }
}

/// At least so many times as many as another subject.
const fn rate(
    name: &'static str,
    least: f64,
    of: &'static str,
    other: &'static str,
    (measurement, params): Measured,
) -> Goal {
    let own = (measurement, "mp-core", params);
    let other = (measurement, other, params);
    Goal { name, bound: AtLeast(least), of, what: Ratio(own, other) }
}

const fn spread(name: &'static str, keys: &'static [Key]) -> Goal {
    let of = "× the smallest";
    Goal { name, bound: AtMost(1.1), of, what: Spread(keys) }
}

const fn most(
    name: &'static str,
    most: f64,
    of: &'static str,
    what: What,
) -> Goal {
    Goal { name, bound: AtMost(most), of, what }
}

const FORK: Measured = ("start_join", "method=fork,parent_mib=10");
const SPAWN: Measured = ("start_join", "method=spawn,parent_mib=10");
const FORKSERVER: Measured = ("start_join", "method=forkserver,parent_mib=10");
const FORK_RESULT: Measured = ("result", "bytes=8,method=fork");
const SPAWN_RESULT: Measured = ("result", "bytes=8,method=spawn");
const FORKSERVER_RESULT: Measured = ("result", "bytes=8,method=forkserver");
const LOCK: Measured = ("lock", "op=lock");
const RLOCK: Measured = ("lock", "op=rlock");
const GUARD: Measured = ("value_add", "op=guard,processes=1");
const ATOMIC: Measured = ("value_add", "op=atomic,processes=1");
const TWO: Measured = ("counter", "processes=2,what=rate");
const FOUR: Measured = ("counter", "processes=4,what=rate");
const EIGHT: Measured = ("counter", "processes=8,what=rate");
const CHUNKS: Measured = ("chunk_sum", "bytes=100000000");
const DEATH: Measured = ("owner_death", "next=waiting");

const fn own((measurement, params): Measured) -> Key {
    (measurement, "mp-core", params)
}

const fn parent(params: &'static str) -> Key {
    ("start_join", "mp-core", params)
}

const fn values(params: &'static str) -> Key {
    ("value_make", "mp-core", params)
}

const fn idle(params: &'static str) -> Key {
    ("idle_child", "mp-core", params)
}

const SPAWN_PARENTS: &[Key] = &[
    own(SPAWN),
    parent("method=spawn,parent_mib=256"),
    parent("method=spawn,parent_mib=1024"),
    parent("method=spawn,parent_mib=4096"),
];
const FORKSERVER_PARENTS: &[Key] = &[
    own(FORKSERVER),
    parent("method=forkserver,parent_mib=256"),
    parent("method=forkserver,parent_mib=1024"),
    parent("method=forkserver,parent_mib=4096"),
];
const SPAWN_IDLE: &[Key] = &[
    idle("method=spawn,parent_mib=10,what=pss"),
    idle("method=spawn,parent_mib=1024,what=pss"),
];
const FORKSERVER_IDLE: &[Key] = &[
    idle("method=forkserver,parent_mib=10,what=pss"),
    idle("method=forkserver,parent_mib=1024,what=pss"),
];
/// The bytes of the data in a `Value<u64>`.
const DATA: f64 = 8.0;

#[rustfmt::skip]
const GOALS: &[Goal] = &[
    limit("fork: start + join", 1.15, FORK),
    cpython("fork: start + join", 3.0, FORK),
    limit("forkserver: start + join", 1.25, FORKSERVER),
    spread("forkserver: parents of 10 MiB to 4 GiB", FORKSERVER_PARENTS),
    cpython("forkserver: start + join", 40.0, FORKSERVER),
    limit("spawn: start + join", 1.2, SPAWN),
    spread("spawn: parents of 10 MiB to 4 GiB", SPAWN_PARENTS),
    cpython("spawn: start + join", 30.0, SPAWN),
    Goal {
        name: "spawn: start + join", bound: AtLeast(1.0), of: "× as fast as procspawn",
        what: Ratio(("start_join", "procspawn", SPAWN.1), own(SPAWN)),
    },
    with_result("fork: start + join + 8 bytes back", FORK_RESULT, FORK),
    with_result("spawn: start + join + 8 bytes back", SPAWN_RESULT, SPAWN),
    with_result("forkserver: start + join + 8 bytes back", FORKSERVER_RESULT, FORKSERVER),
    limit("Lock alone", 1.15, LOCK),
    limit("RLock alone", 1.15, RLOCK),
    cpython("Lock alone", 12.0, LOCK),
    cpython("RLock alone", 12.0, RLOCK),
    limit("Value += 1 under its guard", 1.25, GUARD),
    limit("Value += 1, atomic", 1.2, ATOMIC),
    cpython("Value += 1 under its guard", 20.0, GUARD),
    // CPython has no atomic operations.
    Goal {
        name: "Value += 1, atomic", bound: AtLeast(50.0), of: CPYTHON,
        what: Ratio((GUARD.0, "cpython", GUARD.1), own(ATOMIC)),
    },
    rate("counter, 2 processes", 0.9, LIMIT, "limit", TWO),
    rate("counter, 4 processes", 0.9, LIMIT, "limit", FOUR),
    rate("counter, 8 processes", 0.9, LIMIT, "limit", EIGHT),
    rate("counter, 2 processes", 12.0, CPYTHON, "cpython", TWO),
    rate("counter, 4 processes", 12.0, CPYTHON, "cpython", FOUR),
    rate("counter, 8 processes", 12.0, CPYTHON, "cpython", EIGHT),
    limit("100 MB added up in place, two processes against two threads", 1.2, CHUNKS),
    most("a Value made", 100.0, "ns", Beyond(values("values=100000,what=make"), 0.0)),
    most("a Value: shared memory beyond its data", 64.0, "bytes", Beyond(values("values=100000,what=shared_memory"), DATA)),
    most("a Value: descriptors, of 100,000", 0.0, "for each", Share(values("values=100000,what=descriptors"), 100_000.0)),
    most("idle child, spawn", 350.0, "KiB PSS", Beyond(SPAWN_IDLE[0], 0.0)),
    most("idle child, forkserver", 350.0, "KiB PSS", Beyond(FORKSERVER_IDLE[0], 0.0)),
    spread("idle child, spawn: parents of 10 MiB and 1 GiB", SPAWN_IDLE),
    spread("idle child, forkserver: parents of 10 MiB and 1 GiB", FORKSERVER_IDLE),
    limit("holder's death to next holder", 2.0, DEATH),
];

impl What {
    /// The medians that it is made of.
    fn keys(self) -> Vec<Key> {
        match self {
            Ratio(top, bottom) => vec![top, bottom],
            Spread(keys) => keys.to_vec(),
            Beyond(key, _) | Share(key, _) => vec![key],
        }
    }

    /// None if not all of it was measured.
    fn value(self, results: &Results) -> Option<f64> {
        let median = |(measurement, subject, params): Key| {
            results.median(measurement, subject, params)
        };
        let medians: Vec<_> =
            self.keys().into_iter().map(median).collect::<Option<_>>()?;
        Some(match (self, &medians[..]) {
            (Ratio(..), [top, bottom]) => top / bottom,
            (Beyond(_, base), [median]) => median - base,
            (Share(_, count), [median]) => (median / count).round(),
            (_, medians) => {
                let largest = medians.iter().copied().fold(0.0, f64::max);
                let least = medians.iter().copied();
                largest / least.fold(f64::INFINITY, f64::min)
            }
        })
    }
}

impl Bound {
    fn is_met(self, value: f64) -> bool {
        match self {
            AtMost(most) => value <= most,
            AtLeast(least) => value >= least,
        }
    }
}

impl Goal {
    /// Whether it speaks of something that a run measured.
    fn is_asked(&self, runs: &[Results]) -> bool {
        let (measurement, ..) = self.what.keys()[0];
        runs.iter().any(|run| run.measurements().contains(&measurement))
    }

    fn row(&self, runs: &[Results]) -> String {
        let values: Vec<_> =
            runs.iter().map(|run| self.what.value(run)).collect();
        let known: Vec<_> = values.iter().flatten().collect();
        let missed =
            known.iter().filter(|value| !self.bound.is_met(***value)).count();
        let verdict = match missed {
            _ if known.is_empty() => "not measured".to_owned(),
            0 => "met".to_owned(),
            all if all == known.len() => "**missed**".to_owned(),
            some => format!("**missed** in {some} of {}", known.len()),
        };
        let mut row = format!("| {} | ", self.name);
        let _ = match self.bound {
            AtMost(most) => write!(row, "≤ {most} {} |", self.of),
            AtLeast(least) => write!(row, "≥ {least} {} |", self.of),
        };
        for value in values {
            let _ = match value {
                Some(value) if self.bound.is_met(value) => {
                    write!(row, " {} |", number(value))
                }
                Some(value) => write!(row, " **{}** |", number(value)),
                None => write!(row, " - |"),
            };
        }
        let _ = write!(row, " {verdict} |");
        row
    }
}

/// What each run came to, goal by goal. Empty if no goal speaks of it.
pub(crate) fn table(runs: &[Results]) -> String {
    let asked: Vec<_> =
        GOALS.iter().filter(|goal| goal.is_asked(runs)).collect();
    if asked.is_empty() {
        return String::new();
    }
    let mut text = "| what | goal |".to_owned();
    let mut rule = "|---|---|".to_owned();
    for run in 1..=runs.len() {
        let _ = write!(text, " run {run} |");
        rule.push_str("--:|");
    }
    let _ = writeln!(text, " |\n{rule}---|");
    for goal in asked {
        let _ = writeln!(text, "{}", goal.row(runs));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Series;

    fn run(samples: &[(&str, u32, f64)]) -> Results {
        let mut results = Results::default();
        for (subject, mib, sample) in samples {
            results.add(Series {
                measurement: "start_join".to_owned(),
                subject: (*subject).to_owned(),
                params: format!("method=spawn,parent_mib={mib}"),
                unit: "ns".to_owned(),
                samples: vec![*sample],
            });
        }
        results.finish(&["start_join".to_owned()]);
        results
    }

    fn row<'a>(table: &'a str, begin: &str) -> &'a str {
        table.lines().find(|line| line.starts_with(begin)).unwrap()
    }

    #[test]
    fn bounds_include_themselves() {
        assert!(AtMost(1.15).is_met(1.15) && !AtMost(1.15).is_met(1.16));
        assert!(AtLeast(3.0).is_met(3.0) && !AtLeast(3.0).is_met(2.9));
    }

    #[test]
    fn a_miss_is_marked() {
        let met = run(&[("limit", 10, 100.0), ("mp-core", 10, 120.0)]);
        let missed = run(&[("limit", 10, 100.0), ("mp-core", 10, 121.0)]);
        let table = table(&[met, missed]);
        assert_eq!(
            row(&table, "| spawn: start + join | ≤"),
            "| spawn: start + join | ≤ 1.2 × the limit | 1.20 | **1.21** | \
             **missed** in 1 of 2 |"
        );
        assert_eq!(
            row(&table, "| spawn: start + join | ≥ 30"),
            "| spawn: start + join | ≥ 30 × as fast as CPython | - | - | \
             not measured |"
        );
        assert!(!table.contains("Lock"), "nothing was measured of it");
    }

    #[test]
    fn a_spread_needs_all_sizes() {
        let mut sizes = vec![("mp-core", 10, 100.0), ("mp-core", 256, 109.0)];
        sizes.push(("mp-core", 1024, 99.0));
        let begin = "| spawn: parents";
        let goal = "| spawn: parents of 10 MiB to 4 GiB | ≤ 1.1 × the smallest";
        assert_eq!(
            row(&table(&[run(&sizes)]), begin),
            format!("{goal} | - | not measured |")
        );
        sizes.push(("mp-core", 4096, 100.0));
        assert_eq!(
            row(&table(&[run(&sizes)]), begin),
            format!("{goal} | **1.10** | **missed** |")
        );
    }

    #[test]
    fn params_stand_in_the_order_of_their_names() {
        for goal in GOALS {
            for (_, _, params) in goal.what.keys() {
                assert!(params.split(',').is_sorted(), "{params}");
            }
        }
    }
}
