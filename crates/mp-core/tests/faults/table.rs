//! The faults and their consequences, counted.

use std::collections::BTreeMap;
use std::fmt;

use mp_core::StartMethod;

use crate::is_long;
use crate::subject::Scene;
use crate::tracer::{Place, name_of};
use crate::verdict::Verdict;

/// How often each fault had which consequence.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<Row, BTreeMap<Verdict, u32>>,
    wrong: Vec<String>,
}

/// The role of the process, the system call, and the fault.
type Row = (&'static str, String, String);

impl Table {
    /// Counts a fault.
    pub(crate) fn count(
        &mut self,
        place: Place,
        fault: &str,
        verdict: Verdict,
    ) {
        let row = (place.role.name(), name_of(place.call), fault.to_owned());
        *self.rows.entry(row).or_default().entry(verdict).or_default() += 1;
    }

    /// Notes a consequence that is wrong.
    pub(crate) fn note(&mut self, place: Place, fault: &str, wrong: &str) {
        self.wrong.push(format!("{place}, {fault}: {wrong}"));
    }

    /// Prints the table, or the totals only, and fails if anything is wrong.
    pub(crate) fn finish(&self, scene: Scene, method: StartMethod) {
        if is_long() {
            println!("{self}");
        }
        println!("{method}, {}: {}", scene.name(), self.totals());
        assert!(
            self.wrong.is_empty(),
            "{} faults have consequences that they must not have:\n{}",
            self.wrong.len(),
            self.wrong.join("\n")
        );
        assert!(!self.rows.is_empty(), "there were no faults");
    }

    /// How many faults had which consequence.
    fn totals(&self) -> String {
        let words = Verdict::ALL.into_iter().filter_map(|verdict| {
            let counts = self.rows.values();
            let count: u32 = counts.filter_map(|row| row.get(&verdict)).sum();
            (count > 0).then(|| format!("{count} {verdict}"))
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:8}  {:17}  {:12}", "process", "call", "fault")?;
        for verdict in Verdict::ALL {
            write!(f, "{verdict:>11}")?;
        }
        for ((role, call, fault), counts) in &self.rows {
            write!(f, "\n{role:8}  {call:17}  {fault:12}")?;
            for verdict in Verdict::ALL {
                match counts.get(&verdict) {
                    Some(count) => write!(f, "{count:11}")?,
                    None => write!(f, "{:11}", "")?,
                }
            }
        }
        Ok(())
    }
}
