//! What is measured of `raw_sync`.

use std::cell::RefCell;
use std::time::Duration;

use bench::{Job, time_if, timed_batches};
use mp_core::{RawArray, RawValue};
use raw_sync::Timeout;
use raw_sync::locks::{LockImpl, LockInit, Mutex};

thread_local! {
    // Each process takes its own copy of the handle, which is to one mutex.
    static MUTEX: RefCell<Option<Box<dyn LockImpl>>> =
        const { RefCell::new(None) };
}

fn new_mutex() -> Box<dyn LockImpl> {
    let memory = Box::leak(Box::new(RawArray::<u64>::new(16)));
    let place = |index: usize| memory.atomics()[index].as_ptr().cast();
    // SAFETY: the memory is shared, large enough, and never given back. What
    // the mutex guards lies behind it, and is never looked at.
    let made = unsafe { Mutex::new(place(0), place(15)) };
    made.expect("the mutex can be made").0
}

fn main() -> mp_core::Result<()> {
    let job = Job::from_args();
    let mutex = new_mutex();
    match job.measurement.as_str() {
        "lock" => {
            timed_batches(&job, || drop(mutex.lock()))
                .report("lock", "ps", "op=lock");
            let second = || Timeout::Val(Duration::from_secs(1));
            timed_batches(&job, || drop(mutex.try_lock(second())))
                .report("lock", "ps", "op=timed");
            Ok(())
        }
        "counter" => {
            MUTEX.set(Some(mutex));
            let value = RawValue::new(0_u64);
            let prepare = {
                let value = value.clone();
                move |watched| {
                    let mutex = MUTEX.take().expect("it is there");
                    let value = value.clone();
                    move || {
                        let begin = time_if(watched);
                        let _held = mutex.lock().expect("it is a mutex");
                        let waited = time_if(watched) - begin;
                        value.set(value.get() + 1);
                        waited
                    }
                }
            };
            bench::counter(&job, prepare, || value.get())
        }
        _ => job.unknown(),
    }
}
