//! What is measured of mp-core.
//!
//! With `--limit` it is the child that a bare `posix_spawn` of the same
//! executable makes.

mod limit;
mod locks;
mod memory;
mod processes;

use bench::Job;

fn main() -> mp_core::Result<()> {
    if limit::is_asked_for() {
        limit::run();
        return Ok(());
    }
    mp_core::init();
    let job = Job::from_args();
    match job.measurement.as_str() {
        "start" => processes::start(&job),
        "first_line" => processes::first_line(&job),
        "start_join_args" => processes::start_join_args(&job),
        "result" => processes::result(&job),
        "in_flight" => processes::in_flight(&job),
        "idle_child" => processes::idle_child(&job),
        "lock" => locks::lock(&job),
        "counter" => locks::counter(&job),
        "value_add" => locks::value_add(&job),
        "owner_death" => locks::owner_death(&job),
        "value_make" => {
            memory::value_make(&job);
            Ok(())
        }
        "array_sum" => memory::array_sum(&job),
        "chunk_sum" => memory::chunk_sum(&job),
        _ => job.unknown(),
    }
}
