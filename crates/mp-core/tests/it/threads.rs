//! Processes and the threads that start them.

use std::thread;

use mp_core::{Process, StartMethod, force_start_method};

use crate::observe::Gate;

crate::cases! {
    each_method: [],
    once: [
        children_of_a_thread_that_ended_live_on,
        fork_is_allowed_as_soon_as_threads_were_joined,
    ],
}

/// Not by fork, which is refused beside threads.
fn children_of_a_thread_that_ended_live_on() {
    for method in [StartMethod::Spawn, StartMethod::ForkServer] {
        force_start_method(method);
        let gate = Gate::new();
        let mut processes = [gate.process(), gate.process()];
        processes[0].set_daemon(true).unwrap();
        let mut processes = thread::spawn(move || {
            for process in &mut processes {
                process.start().unwrap();
            }
            processes
        })
        .join()
        .unwrap();
        gate.await_arrivals(2);
        assert!(processes.iter().all(Process::is_alive));
        gate.open();
        for process in &mut processes {
            process.join().unwrap();
            assert_eq!(process.exitcode(), Some(0));
        }
    }
}

/// A thread that was joined is not quite gone yet for the kernel.
fn fork_is_allowed_as_soon_as_threads_were_joined() {
    for _ in 0..300 {
        let threads = [(); 3].map(|()| thread::spawn(|| ()));
        for thread in threads {
            thread.join().unwrap();
        }
        let mut process = Process::default();
        process.start().unwrap();
        process.join().unwrap();
    }
}
