//! Processes that are killed, starved and confused.
//!
//! Some of it a program does to itself or to its children. The rest is done by a
//! tracer, at exact places: an error at a system call, a kill at a call or at an
//! instruction.
//!
//! One binary with its own `main`, on one thread, like the tests of what the
//! library promises. By default it takes a part of each kind of fault; with
//! `MP_FAULTS=long` (the script `scripts/faults`) all of it. A case that hangs
//! is ended by SIGALRM, and the run with it.

macro_rules! modules {
    ($($module:ident,)*) => {
        $(mod $module;)*

        const PROGRAMS: &[&[support::Program]] = &[$($module::PROGRAMS),*];

        fn cases() -> Vec<Trial> {
            let cases = [$($module::cases()),*];
            cases.into_iter().flatten().collect()
        }
    };
}
modules! {
    arguments,
    bare,
    crowds,
    ends,
    forbidden,
    holders,
    hostile,
    injected,
    killed,
    results,
    starved,
    traced,
    stepped,
    walked,
}

mod books;
#[allow(dead_code, reason = "the other binary needs the rest")]
#[path = "../it/observe.rs"]
mod observe;
mod report;
#[allow(dead_code, reason = "as above")]
#[path = "../it/steps.rs"]
mod steps;
mod subject;
#[allow(dead_code, reason = "as above")]
#[path = "../it/support.rs"]
mod support;
mod table;
mod tracer;
mod verdict;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Whether to do all that there is.
pub(crate) fn is_long() -> bool {
    std::env::var("MP_FAULTS").is_ok_and(|length| length == "long")
}

/// How often to do something. The long run has ten minutes for each case.
pub(crate) fn times(bounded: u32, long: u32) -> u32 {
    if is_long() {
        nix::unistd::alarm::set(600);
        long
    } else {
        bounded
    }
}

fn main() -> ExitCode {
    // Those that are about what happens before it.
    if let Some(program) = support::chosen_program(&[
        ends::NO_INIT,
        hostile::NO_INIT,
        subject::NO_INIT,
    ]) {
        return program();
    }
    mp_core::init();
    if let Some(program) = support::chosen_program(PROGRAMS) {
        return program();
    }
    observe::stop_a_chain_of_processes();
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, cases()).exit_code()
}
