//! What the library promises, under every start method.
//!
//! One binary with its own `main`, on one thread: forking a process that has
//! several is what we tell others not to do. The name of a case begins with the
//! id of the behaviour that it shows.

mod active;
mod arguments;
mod array;
mod behaviours;
mod beside_threads;
mod chunk_lengths;
mod chunk_limits;
mod chunked;
mod context;
mod copies;
mod daemon;
mod default_method;
mod descriptors;
mod error_kinds;
mod exit;
mod forkserver;
mod guard;
mod heap;
mod hooks;
mod inheritance;
mod interrupted;
mod last_things;
mod limits;
mod lock;
mod lock_debug;
mod main_thread;
mod memory;
mod moved_in;
mod names;
mod nested_results;
mod notes;
mod observe;
mod orphans;
mod outcomes;
mod ownership;
mod panics;
mod process;
mod raw_slices;
mod relatives;
mod resources;
mod results_held;
mod returning;
mod rlock;
mod robust;
mod sentinel;
mod signals;
mod spawn_main;
mod stdio;
mod steps;
mod streams;
mod support;
mod threads;
mod tight_limits;
mod time_is_over;
mod value;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// The modules that have cases, and programs that cases look at from outside.
macro_rules! modules {
    ($($module:ident,)*) => {
        const PROGRAMS: &[&[support::Program]] = &[$($module::PROGRAMS),*];

        fn cases() -> Vec<Trial> {
            let cases = [$($module::cases()),*];
            cases.into_iter().flatten().collect()
        }
    };
}
modules! {
    active,
    arguments,
    array,
    behaviours,
    chunk_lengths,
    chunk_limits,
    chunked,
    beside_threads,
    context,
    copies,
    daemon,
    default_method,
    descriptors,
    error_kinds,
    exit,
    forkserver,
    guard,
    heap,
    hooks,
    inheritance,
    interrupted,
    last_things,
    limits,
    lock,
    lock_debug,
    memory,
    main_thread,
    moved_in,
    names,
    nested_results,
    orphans,
    outcomes,
    ownership,
    panics,
    process,
    raw_slices,
    relatives,
    resources,
    results_held,
    returning,
    rlock,
    robust,
    sentinel,
    signals,
    spawn_main,
    stdio,
    streams,
    threads,
    tight_limits,
    time_is_over,
    value,
}

fn main() -> ExitCode {
    // Those that show what happens without it.
    if let Some(program) = support::chosen_program(&[
        default_method::NO_INIT,
        spawn_main::NO_INIT,
        tight_limits::NO_INIT,
    ]) {
        return program();
    }
    mp_core::init();
    observe::stop_a_chain_of_processes();
    if let Some(program) = support::chosen_program(PROGRAMS) {
        return program();
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, cases()).exit_code()
}
