//! What the library promises, under every start method.
//!
//! One binary with its own `main`, on one thread: forking a process that has
//! several is what we tell others not to do. The name of a case begins with the
//! id of the behaviour that it shows.

mod lock;
mod process;
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Programs that cases look at from outside, by name.
const PROGRAMS: &[&[support::Program]] = &[process::PROGRAMS];

fn main() -> ExitCode {
    mp_core::init();
    if let Some(program) = support::chosen_program(PROGRAMS) {
        return program();
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trials: Vec<Trial> =
        [process::cases(), lock::cases()].into_iter().flatten().collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
