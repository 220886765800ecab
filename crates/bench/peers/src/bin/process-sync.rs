//! What is measured of `process-sync`.

use std::cell::RefCell;

use bench::{Job, time_if, timed_batches};
use mp_core::RawValue;
use process_sync::SharedMutex;

thread_local! {
    // Each process takes its own copy of the handle, which is to one mutex.
    static MUTEX: RefCell<Option<SharedMutex>> = const { RefCell::new(None) };
}

fn main() -> mp_core::Result<()> {
    let job = Job::from_args();
    let mut mutex = SharedMutex::new().expect("there is shared memory");
    match job.measurement.as_str() {
        "lock" => {
            timed_batches(&job, || {
                mutex.lock().expect("it is not held");
                mutex.unlock().expect("it is held");
            })
            .report("lock", "ps", "op=lock");
            Ok(())
        }
        "counter" => {
            MUTEX.set(Some(mutex));
            let value = RawValue::new(0_u64);
            let prepare = {
                let value = value.clone();
                move |watched| {
                    let mut mutex = MUTEX.take().expect("it is there");
                    let value = value.clone();
                    move || {
                        let begin = time_if(watched);
                        mutex.lock().expect("it is not held");
                        let waited = time_if(watched) - begin;
                        value.set(value.get() + 1);
                        mutex.unlock().expect("it is held");
                        waited
                    }
                }
            };
            bench::counter(&job, prepare, || value.get())
        }
        _ => job.unknown(),
    }
}
