//! Where it must come out.

use std::fmt::Write;

use crate::results::Results;
use crate::table::number;

/// A median, by measurement, subject and params.
type Key = (&'static str, &'static str, &'static str);

/// What a ratio, or a median by itself, may be.
#[derive(Clone, Copy, Debug)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

use Bound::{AtLeast, AtMost};

struct Goal {
    what: &'static str,
    bound: Bound,
    top: Key,
    /// 1 if there is none.
    bottom: Option<Key>,
}

const FORK: &str = "method=fork,parent_mib=10";
const SPAWN: &str = "method=spawn,parent_mib=10";
const FORKSERVER: &str = "method=forkserver,parent_mib=10";
const LARGE_SPAWN: &str = "method=spawn,parent_mib=4096";
const LARGE_FORKSERVER: &str = "method=forkserver,parent_mib=4096";
const GUARD: &str = "op=guard,processes=1";
const ATOMIC: &str = "op=atomic,processes=1";

/// A ratio of two subjects that did the same.
const fn same(
    what: &'static str,
    bound: Bound,
    (measurement, params): (&'static str, &'static str),
    (top, bottom): (&'static str, &'static str),
) -> Goal {
    Goal {
        what,
        bound,
        top: (measurement, top, params),
        bottom: Some((measurement, bottom, params)),
    }
}

const fn alone(what: &'static str, bound: Bound, top: Key) -> Goal {
    Goal { what, bound, top, bottom: None }
}

const fn ratio(
    what: &'static str,
    bound: Bound,
    top: Key,
    bottom: Key,
) -> Goal {
    Goal { what, bound, top, bottom: Some(bottom) }
}

/// Times more than the limit takes.
const OF_LIMIT: (&str, &str) = ("mp-core", "limit");
/// Times faster than `CPython`.
const FASTER: (&str, &str) = ("cpython", "mp-core");
/// Times more than `CPython` does.
const MORE: (&str, &str) = ("mp-core", "cpython");

#[rustfmt::skip]
const GOALS: &[Goal] = &[
    same("fork: start + join, × limit", AtMost(1.15), ("start_join", FORK), OF_LIMIT),
    same("fork: start + join, × faster than CPython", AtLeast(3.0), ("start_join", FORK), FASTER),
    same("forkserver: start + join, × limit", AtMost(1.25), ("start_join", FORKSERVER), OF_LIMIT),
    ratio("forkserver: parent of 4 GiB, × of 10 MiB", AtMost(1.1), ("start_join", "mp-core", LARGE_FORKSERVER), ("start_join", "mp-core", FORKSERVER)),
    same("forkserver: start + join, × faster than CPython", AtLeast(40.0), ("start_join", FORKSERVER), FASTER),
    same("spawn: start + join, × limit", AtMost(1.2), ("start_join", SPAWN), OF_LIMIT),
    ratio("spawn: parent of 4 GiB, × of 10 MiB", AtMost(1.1), ("start_join", "mp-core", LARGE_SPAWN), ("start_join", "mp-core", SPAWN)),
    same("spawn: start + join, × faster than CPython", AtLeast(30.0), ("start_join", SPAWN), FASTER),
    same("spawn: start + join, × faster than procspawn", AtLeast(1.0), ("start_join", SPAWN), ("procspawn", "mp-core")),
    same("Lock alone, × limit", AtMost(1.15), ("lock", "op=lock"), OF_LIMIT),
    same("Lock alone, × faster than CPython", AtLeast(12.0), ("lock", "op=lock"), FASTER),
    same("RLock alone, × limit", AtMost(1.15), ("lock", "op=rlock"), OF_LIMIT),
    same("RLock alone, × faster than CPython", AtLeast(12.0), ("lock", "op=rlock"), FASTER),
    same("Value += 1 under its guard, × limit", AtMost(1.25), ("value_add", GUARD), OF_LIMIT),
    same("Value += 1 under its guard, × faster than CPython", AtLeast(20.0), ("value_add", GUARD), FASTER),
    same("atomic += 1, × limit", AtMost(1.2), ("value_add", ATOMIC), OF_LIMIT),
    ratio("atomic += 1, × faster than CPython", AtLeast(50.0), ("value_add", "cpython", GUARD), ("value_add", "mp-core", ATOMIC)),
    same("counter, 2 processes, of the limit's rate", AtLeast(0.9), ("counter", "processes=2,what=rate"), OF_LIMIT),
    same("counter, 2 processes, × CPython's rate", AtLeast(12.0), ("counter", "processes=2,what=rate"), MORE),
    same("counter, 4 processes, of the limit's rate", AtLeast(0.9), ("counter", "processes=4,what=rate"), OF_LIMIT),
    same("counter, 4 processes, × CPython's rate", AtLeast(12.0), ("counter", "processes=4,what=rate"), MORE),
    same("counter, 8 processes, of the limit's rate", AtLeast(0.9), ("counter", "processes=8,what=rate"), OF_LIMIT),
    same("counter, 8 processes, × CPython's rate", AtLeast(12.0), ("counter", "processes=8,what=rate"), MORE),
    alone("making a Value, ns", AtMost(100.0), ("value_make", "mp-core", "values=100000,what=make")),
    // Beyond the 8 bytes of the data.
    alone("a Value<i64>, bytes of shared memory", AtMost(72.0), ("value_make", "mp-core", "values=100000,what=shared_memory")),
    // None for a Value; a few for all of them.
    alone("100,000 Values, descriptors for all", AtMost(16.0), ("value_make", "mp-core", "values=100000,what=descriptors")),
    alone("idle child, spawn, KiB PSS", AtMost(350.0), ("idle_child", "mp-core", "method=spawn,parent_mib=10,what=pss")),
    alone("idle child, spawn, parent of 1 GiB", AtMost(350.0), ("idle_child", "mp-core", "method=spawn,parent_mib=1024,what=pss")),
    alone("idle child, forkserver, KiB PSS", AtMost(350.0), ("idle_child", "mp-core", "method=forkserver,parent_mib=10,what=pss")),
    alone("idle child, forkserver, parent of 1 GiB", AtMost(350.0), ("idle_child", "mp-core", "method=forkserver,parent_mib=1024,what=pss")),
    same("holder's death to next holder, × limit", AtMost(2.0), ("owner_death", "next=waiting"), OF_LIMIT),
];

impl Goal {
    fn value(&self, results: &Results) -> Option<f64> {
        let median = |(measurement, subject, params): Key| {
            results.median(measurement, subject, params)
        };
        let top = median(self.top)?;
        match self.bottom {
            Some(bottom) => Some(top / median(bottom)?),
            None => Some(top),
        }
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

/// What each run came to, goal by goal.
pub(crate) fn table(runs: &[Results]) -> String {
    let mut rows = String::new();
    for goal in GOALS {
        let values: Vec<_> =
            runs.iter().filter_map(|run| goal.value(run)).collect();
        if values.is_empty() {
            continue;
        }
        let missed =
            values.iter().filter(|value| !goal.bound.is_met(**value)).count();
        let verdict = match missed {
            0 => "met".to_owned(),
            all if all == values.len() => "**missed**".to_owned(),
            some => format!("**missed** in {some} of {}", values.len()),
        };
        let values: Vec<_> = values.into_iter().map(number).collect();
        let bound = match goal.bound {
            AtMost(most) => format!("≤ {most}"),
            AtLeast(least) => format!("≥ {least}"),
        };
        let _ = writeln!(
            rows,
            "| {} | {bound} | {} | {verdict} |",
            goal.what,
            values.join(" · "),
        );
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "\n## Goals\n\n| what | goal | measured | |\n|---|--:|--:|---|\n{rows}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_include_themselves() {
        assert!(AtMost(1.15).is_met(1.15) && !AtMost(1.15).is_met(1.16));
        assert!(AtLeast(3.0).is_met(3.0) && !AtLeast(3.0).is_met(2.9));
    }

    #[test]
    fn params_stand_in_the_order_of_their_names() {
        for goal in GOALS {
            for (_, _, params) in [Some(goal.top), goal.bottom].iter().flatten()
            {
                assert!(params.split(',').is_sorted(), "{params}");
            }
        }
    }
}
