//! Every system call fails once, with each error that it can give.
//!
//! A program does the same thing over and over, once for each call and each of
//! its errors. The bounded form takes the first call of each kind, and two errors.

use mp_core::StartMethod;
use nix::errno::Errno;
use nix::libc;

use crate::is_long;
use crate::subject::Scene;
use crate::table::Table;
use crate::tracer::{Deed, Place, Role, failures_of};
use crate::verdict::{Fault, Plan, judge, look_on, strike};

crate::cases! {
    each_method: [first, later, limited, waiting, end],
    once: [],
}

fn first(method: StartMethod) {
    inject(Scene::First, method);
}

fn later(method: StartMethod) {
    inject(Scene::Later, method);
}

fn limited(method: StartMethod) {
    inject(Scene::Limited, method);
}

fn waiting(method: StartMethod) {
    inject(Scene::Waiting, method);
}

fn end(method: StartMethod) {
    inject(Scene::End, method);
}

fn inject(scene: Scene, method: StartMethod) {
    let Some(plan) = look_on(scene, method) else { return };
    let mut table = Table::default();
    for &place in &plan.places {
        for (error, deed) in failures_at(place, &plan) {
            let run = strike(&plan, place, deed);
            match judge(&run, Fault::Error(place, error), &plan) {
                Ok(verdict) => table.count(place, &format!("{error:?}"), verdict),
                Err(wrong) => table.note(place, &format!("{error:?}"), &wrong),
            }
        }
    }
    table.finish(scene, method);
}

/// The ways in which the call at a place fails.
fn failures_at(place: Place, plan: &Plan) -> Vec<(Errno, Deed)> {
    let is_meant = match plan.scene {
        // The rest is in the other scenes too. A child waits at first, and then
        // wakes others, which gives no error.
        Scene::Waiting => {
            place.call == libc::SYS_futex
                && place.role != Role::Main
                && place.nth == 1
        }
        // Here the program's own hook prints.
        Scene::End => (place.role, place.call) != (Role::Main, libc::SYS_write),
        Scene::First | Scene::Later | Scene::Limited => true,
    };
    if !is_meant {
        return Vec::new();
    }
    let mut failures = failures_of(place.call);
    if is_long() {
        return failures;
    }
    // A daemon that cannot be told to end is waited for, for five seconds.
    let is_slow = plan.scene == Scene::End
        && place.call == libc::SYS_pidfd_send_signal;
    // Only one child waits, and it need not be the first to make a call.
    let is_taken = plan.scene == Scene::Waiting || plan.is_bounded(place);
    if !is_taken || is_slow {
        return Vec::new();
    }
    if failures.len() > 2 {
        failures.drain(1..failures.len() - 1);
    }
    failures
}
