//! What is measured of `parking_lot`, whose locks stay in one process.

use std::hint::black_box;
use std::time::Duration;

use bench::{Job, timed_batches};
use parking_lot::{Mutex, ReentrantMutex};

fn main() {
    let job = Job::from_args();
    if job.measurement != "lock" {
        job.unknown();
    }
    let mutex = Mutex::new(());
    let (mutex, reentrant) = (black_box(&mutex), ReentrantMutex::new(()));
    let reentrant = black_box(&reentrant);
    timed_batches(&job, || drop(mutex.lock())).report("lock", "ps", "op=lock");
    timed_batches(&job, || drop(mutex.try_lock()))
        .report("lock", "ps", "op=try");
    let second = Duration::from_secs(1);
    timed_batches(&job, || drop(mutex.try_lock_for(second)))
        .report("lock", "ps", "op=timed");
    timed_batches(&job, || drop(reentrant.lock()))
        .report("lock", "ps", "op=rlock");
    let _outer = reentrant.lock();
    timed_batches(&job, || drop(reentrant.lock())).report(
        "lock",
        "ps",
        "op=rlock_nested",
    );
}
