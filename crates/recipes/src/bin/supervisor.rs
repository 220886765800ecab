//! A worker that is started again after a crash, until Ctrl-C or SIGTERM.

use std::error::Error;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Limits, Process, RawValue, Returning, wait};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

// ANCHOR: worker
// does one job after the other; the third crashes
fn work(stopping: RawValue<u32>, jobs: RawValue<u32>) {
    // Ctrl-C reaches the worker too, but when to stop is for the supervisor
    // to say
    flag::register(SIGINT, Arc::default()).expect("cannot catch SIGINT");
    while stopping.get() == 0 {
        let job = jobs.atomic().fetch_add(1, Ordering::Relaxed) + 1;
        if job == 3 {
            std::process::abort();
        }
        println!("Job {job} is done");
        sleep(Duration::from_millis(20));
    }
    println!("The worker tidies up");
}

// a worker that does not outlive the supervisor
fn start(
    stopping: &RawValue<u32>,
    jobs: &RawValue<u32>,
) -> mp_core::Result<Process<Returning<()>>> {
    let mut worker = Process::returning(work, (stopping.clone(), jobs.clone()))
        .with_name("worker")
        .with_daemon(true)
        .with_limits(Limits::new().core(0));
    worker.start()?;
    Ok(worker)
}
// ANCHOR_END: worker

// ANCHOR: main
fn main() -> Result<(), Box<dyn Error>> {
    mp_core::init();
    // each signal puts a byte into it
    let (signals, end) = UnixStream::pair()?;
    pipe::register(SIGINT, end.try_clone()?)?;
    pipe::register(SIGTERM, end)?;

    let (stopping, jobs) = (RawValue::new(0), RawValue::new(0));
    let mut worker = start(&stopping, &jobs)?;
    // until a signal comes, or the worker has no more to do
    while wait(&[signals.as_fd(), worker.sentinel()?.as_fd()], None)? == [1] {
        match worker.result() {
            Ok(()) => return Ok(()),
            Err(error) => println!("Restart: {error}"),
        }
        // it may crash again and again
        wait(&[&signals], Some(Duration::from_millis(100)))?;
        worker = start(&stopping, &jobs)?;
    }

    println!("Stopping");
    stopping.set(1);
    if !worker.join_timeout(Duration::from_secs(10))? {
        worker.kill()?;
    }
    worker.join()?;
    println!("Exit code: {:?}", worker.exitcode());
    Ok(())
}
// ANCHOR_END: main
