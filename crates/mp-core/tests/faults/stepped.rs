//! A child or a server is killed after each instruction, from one system call to
//! the next. The bounded form takes a few of them.

use mp_core::StartMethod;

use crate::is_long;
use crate::subject::Scene;
use crate::table::Table;
use crate::tracer::{Deed, Role};
use crate::verdict::{Fault, judge, look_on, strike};

crate::cases! {
    each_method: [start_and_result],
    once: [],
}

/// A child from its first instruction to its last, which gives a result; and the
/// server, which forks another meanwhile.
fn start_and_result(method: StartMethod) {
    let stride = match method {
        _ if is_long() => 1,
        StartMethod::Fork => 397,
        // It is a longer way.
        _ => 2999,
    };
    let scene = Scene::Later;
    let Some(plan) = look_on(scene, method) else { return };
    let mut table = Table::default();
    let mut steps = 0;
    for &place in &plan.places {
        // The others run nothing of the library, or leave nobody to be asked.
        if !matches!(place.role, Role::Server(_) | Role::Child(_)) {
            continue;
        }
        let length = strike(&plan, place, Deed::Measure).measured;
        for step in 1..=length {
            steps += 1;
            if steps % stride != 0 {
                continue;
            }
            let run = strike(&plan, place, Deed::KillAfter(step));
            match judge(&run, Fault::Kill(place), &plan) {
                Ok(verdict) => table.count(place, "kill later", verdict),
                Err(wrong) => {
                    table.note(place, &format!("{step} steps later"), &wrong);
                }
            }
        }
    }
    println!("{steps} instructions, one in {stride}");
    table.finish(scene, method);
}
