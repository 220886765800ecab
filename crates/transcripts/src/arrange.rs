//! The search for an allowed order: which place each line of a run takes.

use std::collections::HashSet;

use crate::names::Names;
use crate::order::{Order, Slots};

/// A place for each line, as far as there is one.
#[derive(Debug, Clone)]
pub(crate) struct Arrangement {
    /// The slots of the first lines, in the order of the run.
    pub(crate) slots: Vec<usize>,
    /// What the placeholders stand for in these lines.
    pub(crate) names: Names,
    /// Whether every line has a slot and every slot a line.
    pub(crate) complete: bool,
}

/// Finds a slot for each of `lines` lines, such that their order is allowed
/// and each fits its slot. If there is none, the answer is the one that gets
/// furthest. `fits` takes a slot, a line and the names up to there, and
/// gives the names with this line's.
pub(crate) fn arrange(
    order: &Order,
    lines: usize,
    names: Names,
    fits: impl Fn(usize, usize, &Names) -> Option<Names>,
) -> Arrangement {
    let best = Arrangement { slots: vec![], names, complete: false };
    let start = best.names.clone();
    let mut search = Search {
        order,
        lines,
        fits,
        slots: vec![],
        dead: HashSet::new(),
        best,
    };
    search.go(0, start);
    search.best
}

struct Search<'a, F> {
    order: &'a Order,
    lines: usize,
    fits: F,
    slots: Vec<usize>,
    /// The states that lead nowhere. They keep the search short where
    /// several lines look alike.
    dead: HashSet<(Slots, Option<usize>, Names)>,
    best: Arrangement,
}

impl<F> Search<'_, F>
where
    F: Fn(usize, usize, &Names) -> Option<Names>,
{
    /// Goes on from a state in which the slots in `done` have their lines.
    fn go(&mut self, done: Slots, names: Names) -> bool {
        let line = self.slots.len();
        let last = self.slots.last().copied();
        let complete = line == self.lines && done == self.order.all();
        if complete || line > self.best.slots.len() {
            let (slots, names) = (self.slots.clone(), names.clone());
            self.best = Arrangement { slots, names, complete };
        }
        let state = (done, last, names);
        if complete || line == self.lines || self.dead.contains(&state) {
            return complete;
        }
        let bound = self.order.bound_after(last);
        for (slot, place) in self.order.slots.iter().enumerate() {
            let free = done & (1 << slot) == 0 && place.after & !done == 0;
            if !free || bound.is_some_and(|bound| bound != slot) {
                continue;
            }
            if let Some(names) = (self.fits)(slot, line, &state.2) {
                self.slots.push(slot);
                if self.go(done | 1 << slot, names) {
                    return true;
                }
                self.slots.pop();
            }
        }
        self.dead.insert(state);
        false
    }
}
