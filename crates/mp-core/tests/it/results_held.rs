//! What the parent holds for a result, and for how long.

use mp_core::{ErrorKind, Process, Returning, StartMethod};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::observe::descriptors;

crate::cases! {
    each_method: [
        held_until_it_is_closed,
        held_until_it_is_dropped,
        read_without_a_free_descriptor,
        long_result,
    ],
    once: [nothing_is_held_for_a_failed_start],
}

/// How many files of results this process has open.
fn files() -> usize {
    let open = descriptors(std::process::id());
    open.values().filter(|file| file.contains("mp-core result")).count()
}

fn started(length: usize) -> Process<Returning<Vec<u8>>> {
    let mut process = Process::returning(|n| vec![7; n], (length,));
    process.start().unwrap();
    process
}

fn held_until_it_is_closed(_: StartMethod) {
    let process = started(100_000);
    assert_eq!(process.result().unwrap(), vec![7; 100_000]);
    assert_eq!(files(), 1);
    process.close().unwrap();
    assert_eq!(files(), 0);
    let error = process.result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    // One that is running cannot be closed, and goes on to give its result.
    let process = started(5);
    match process.close() {
        Ok(()) => assert_eq!(files(), 0),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::StillRunning);
            assert_eq!(process.result().unwrap(), [7; 5]);
        }
    }
}

fn held_until_it_is_dropped(_: StartMethod) {
    let processes = [5, 100_000].map(started);
    assert_eq!(files(), 2);
    assert_eq!(processes[1].result().unwrap(), vec![7; 100_000]);
    let sentinel = processes[0].sentinel().unwrap();
    drop(processes);
    assert_eq!(files(), 0);
    mp_core::wait(&[sentinel], None).unwrap();
}

fn read_without_a_free_descriptor(_: StartMethod) {
    let processes = [5, 100_000].map(started);
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 3, hard).unwrap();
    let results = processes.each_ref().map(Process::result);
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    assert_eq!(results.map(|value| value.unwrap().len()), [5, 100_000]);
}

fn long_result(_: StartMethod) {
    const LENGTH: usize = 64 << 20;
    let value = started(LENGTH).result().unwrap();
    assert!(value == vec![7; LENGTH]);
}

fn nothing_is_held_for_a_failed_start() {
    let mut process = Process::fork_returning(|| 5);
    std::thread::scope(|scope| {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || wait.recv().unwrap_err());
        for _ in 0..3 {
            let error = process.start().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OtherThreads);
            let error = process.result().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotStarted);
        }
        drop(done);
    });
    // One at most, which the next start takes the place of.
    assert!(files() <= 1);
    process.start().unwrap();
    assert_eq!(process.result().unwrap(), 5);
    assert_eq!(files(), 1);
}
