//! In which order the lines of a program may come: a partial order, given by
//! the order within each process and by starts and joins.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

/// A set of slots, one bit for each.
pub(crate) type Slots = u64;

/// The place of one line.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The process that prints the line.
    pub(crate) who: String,
    /// How the line begins.
    pub(crate) begins: String,
    /// The slots whose lines come before this one.
    pub(crate) after: Slots,
    /// The slot whose line comes directly before this one.
    pub(crate) directly_after: Option<usize>,
}

/// All places of a program, in the order of its expected transcript.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) slots: Vec<Slot>,
    /// After how many lines the file `STOP` appears.
    pub(crate) stop_after: Option<usize>,
    /// What each process has behind it: the lines that come before all
    /// that it prints from here on.
    behind: BTreeMap<String, Slots>,
}

impl Order {
    pub(crate) fn new() -> Self {
        let behind = BTreeMap::from([("main".to_owned(), 0)]);
        Self { behind, ..Self::default() }
    }

    /// Takes in one step, as `programs.txt` describes them.
    pub(crate) fn add(&mut self, step: &str) -> Result<()> {
        let mut words = step.splitn(3, ' ');
        let who = words.next().unwrap_or_default();
        let verb = words.next().unwrap_or_default();
        let rest = words.next().unwrap_or_default();
        if (who, verb) == ("STOP", "appears") {
            self.stop();
            return Ok(());
        }
        ensure!(!rest.is_empty(), "the step says nothing of {who}");
        match verb {
            "prints" => self.print(who, rest, None)?,
            "adds" => {
                let last = self.slots.iter().rposition(|s| s.who == who);
                ensure!(last.is_some(), "{who} has no line to add to");
                self.print(who, rest, last)?;
            }
            "starts" => {
                let behind = self.behind(who)?;
                for child in rest.split(' ') {
                    let old = self.behind.insert(child.to_owned(), behind);
                    ensure!(old.is_none(), "{child} is started twice");
                }
            }
            "joins" | "outlasts" => {
                let mut behind = self.behind(who)?;
                for child in rest.split(' ') {
                    behind |= self.behind(child)?;
                }
                self.behind.insert(who.to_owned(), behind);
            }
            _ => bail!("no such verb: {verb:?}"),
        }
        Ok(())
    }

    /// The set of all slots.
    pub(crate) fn all(&self) -> Slots {
        (0..self.slots.len()).fold(0, |all, slot| all | 1 << slot)
    }

    /// The slot whose line must come next, if there is one, when the last
    /// line took the slot `last`.
    pub(crate) fn bound_after(&self, last: Option<usize>) -> Option<usize> {
        last?;
        self.slots.iter().position(|slot| slot.directly_after == last)
    }

    fn behind(&self, who: &str) -> Result<Slots> {
        let behind = self.behind.get(who).copied();
        behind.with_context(|| format!("{who} has not been started"))
    }

    fn print(
        &mut self,
        who: &str,
        begins: &str,
        directly_after: Option<usize>,
    ) -> Result<()> {
        let after = self.behind(who)?;
        let slot = self.slots.len();
        ensure!(slot < 64, "a program of more than 64 lines");
        self.behind.insert(who.to_owned(), after | 1 << slot);
        let (who, begins) = (who.to_owned(), begins.to_owned());
        self.slots.push(Slot { who, begins, after, directly_after });
        Ok(())
    }

    /// Everyone alive now goes on after all lines up to here.
    fn stop(&mut self) {
        self.stop_after = Some(self.slots.len());
        let all = self.all();
        for behind in self.behind.values_mut() {
            *behind = all;
        }
    }
}
