//! A process is killed before and after each of its system calls.
//!
//! Whichever it is, the others go on; if it is the program itself, they end. The
//! bounded form takes the first call of each kind.

use mp_core::StartMethod;
use nix::libc;

use crate::is_long;
use crate::subject::Scene;
use crate::table::Table;
use crate::tracer::{Deed, Place};
use crate::verdict::{Fault, Plan, judge, look_on, strike};

crate::cases! {
    each_method: [first, later, limited, waiting, end],
    once: [],
}

fn first(method: StartMethod) {
    kill(Scene::First, method);
}

fn later(method: StartMethod) {
    kill(Scene::Later, method);
}

fn limited(method: StartMethod) {
    kill(Scene::Limited, method);
}

fn waiting(method: StartMethod) {
    kill(Scene::Waiting, method);
}

fn end(method: StartMethod) {
    kill(Scene::End, method);
}

fn kill(scene: Scene, method: StartMethod) {
    let Some(plan) = look_on(scene, method) else { return };
    let mut table = Table::default();
    for &place in &plan.places {
        for (name, deed) in ways(place, &plan) {
            let run = strike(&plan, place, deed);
            match judge(&run, Fault::Kill(place), &plan) {
                Ok(verdict) => table.count(place, name, verdict),
                Err(wrong) => table.note(place, name, &wrong),
            }
        }
    }
    table.finish(scene, method);
}

/// When the process is killed at a call.
fn ways(place: Place, plan: &Plan) -> Vec<(&'static str, Deed)> {
    let after = ("kill after", Deed::KillAfter(0));
    let before = ("kill before", Deed::KillBefore);
    match place.call {
        _ if !is_long() && !plan.is_bounded(place) => Vec::new(),
        // There is nothing before the one, and nothing after the other.
        Place::BIRTH => vec![after],
        libc::SYS_exit_group => vec![before],
        _ if is_long() => vec![before, after],
        _ => vec![after],
    }
}
