//! Python's [`multiprocessing`] for Rust: work in separate processes, as easy
//! as in threads.
//!
//! A function with its arguments is run in a process of its own; locks, values
//! and arrays are shared with it. The same program runs under each of Python's
//! three [start methods](StartMethod).
//!
//! ```
//! use mp_core::{Lock, Process, Value};
//!
//! fn deposit(account: Value<i64>, printing: Lock, amount: i64) {
//!     *account.lock() += amount;
//!     let _printing = printing.acquire();
//!     println!("{} deposits {amount}", mp_core::current_process().name());
//! }
//!
//! fn main() -> mp_core::Result<()> {
//!     mp_core::init();
//!     let account = Value::new(0);
//!     let printing = Lock::new();
//!     let mut processes: Vec<_> = (1..=4)
//!         .map(|n| {
//!             let arguments = (account.clone(), printing.clone(), 10 * n);
//!             Process::new(deposit, arguments)
//!         })
//!         .collect();
//!     for process in &mut processes {
//!         process.start()?;
//!     }
//!     for process in &processes {
//!         process.join()?;
//!     }
//!     assert_eq!(account.get(), 100);
//!     Ok(())
//! }
//! ```
//!
//! Processes are for what threads cannot do: to survive a crash, a leak or a
//! kill of one task, to run code that is not safe to run in threads, to stop a
//! task that does not stop by itself. Where none of that matters, threads are
//! cheaper.
//!
//! # Where to find what Python has
//!
//! | Python | here |
//! |---|---|
//! | `Process(target=f, args=(…))` | [`Process::new`]`(f, (…))` |
//! | `class P(Process)` with `run` | [`impl Run for P`](Run), `Process::from(P { … })` |
//! | `get_context('fork').Process(target=closure)` | [`Process::fork`]`(closure)` |
//! | `start`, `join`, `is_alive`, `terminate`, `kill`, `exitcode`, … | the same methods of [`Process`] |
//! | `if __name__ == '__main__':`, `freeze_support` | [`init`]`()`, first in `main` |
//! | `set_start_method`, `get_start_method` | [`set_start_method`], [`start_method`] |
//! | `get_context('spawn')` | [`Context::new`]`(StartMethod::Spawn)` |
//! | `current_process`, `parent_process`, `active_children`, `cpu_count` | [`current_process`], [`parent_process`], [`active_children`], [`cpu_count`] |
//! | `Lock`, `RLock` | [`Lock`], [`RLock`] |
//! | `Value`, `Array` | [`Value`], [`Array`], with the [types](sharedctypes) |
//! | an `Array` and a `Lock` for each part of it | [`ChunkedArray`] |
//! | `RawValue`, `RawArray` | [`RawValue`], [`RawArray`], with atomic operations |
//! | `connection.wait` | [`wait`] |
//! | `atexit.register` | [`atexit`] |
//!
//! # Types of your own
//!
//! What is sent to a process needs serde's `Serialize` and `Deserialize`. What
//! stands in shared memory needs bytemuck's `Pod` and `Zeroable`. A program that
//! does not depend on [`serde`] and [`bytemuck`] itself has them from here, and
//! tells the derives so:
//!
//! ```
//! use mp_core::bytemuck::{Pod, Zeroable};
//! use mp_core::serde::{Deserialize, Serialize};
//! use mp_core::{Process, Value};
//!
//! #[derive(Serialize, Deserialize)]
//! #[serde(crate = "mp_core::serde")]
//! struct Step {
//!     x: f64,
//!     y: f64,
//! }
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
//! #[bytemuck(crate = "mp_core::bytemuck")]
//! #[repr(C)]
//! struct Point {
//!     x: f64,
//!     y: f64,
//! }
//!
//! fn walk(place: Value<Point>, step: Step) {
//!     let mut place = place.lock();
//!     place.x += step.x;
//!     place.y += step.y;
//! }
//!
//! fn main() -> mp_core::Result<()> {
//!     mp_core::init();
//!     let place = Value::new(Point { x: 1.0, y: 1.0 });
//!     let step = Step { x: 0.5, y: 2.0 };
//!     let mut process = Process::new(walk, (place.clone(), step));
//!     process.start()?;
//!     process.join()?;
//!     assert_eq!(place.get(), Point { x: 1.5, y: 3.0 });
//!     Ok(())
//! }
//! ```
//!
//! # Where it goes further
//!
//! - A process that is killed while it holds a lock holds up nobody: the next
//!   one gets the lock, and [is told](LockGuard::owner_died).
//! - What cannot be sent to another process does not compile.
//! - A thread that waits for a lock that it holds gets an error.
//! - A daemon dies with its parent, whatever the parent died of.
//! - Nothing has a name in the file system, so nothing is left behind.
//!
//! # Rules
//!
//! - [`init`] comes first in `main`. Without it, spawn and forkserver are
//!   refused. In tests, [`init_before_main!`] does it; [`isolated`] gives a test a
//!   process of its own.
//! - By fork, a process is started only while this one has no other threads.
//! - Linux, the GNU C library. It is tested on x86-64.
//!
//! [`multiprocessing`]: https://docs.python.org/3/library/multiprocessing.html

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
compile_error!("mp-core needs Linux and the GNU C library");

mod codec;
mod connection;
mod error;
mod process;
pub mod sharedctypes;
mod shm;
mod synchronize;
mod sys;

pub use bytemuck;
pub use connection::wait::wait;
pub use error::{Error, ErrorKind, Panic, Result};
pub use process::body::{Closure, Function};
pub use process::context::{Context, cpu_count};
pub use process::exit::atexit;
pub use process::init::init;
#[doc(hidden)]
pub use process::init_before_main::__init_before_main;
pub use process::isolated::isolated;
pub use process::limits::Limits;
pub use process::popen::Sentinel;
pub use process::process::Process;
pub use process::relatives::{
    active_children, current_process, parent_process,
};
pub use process::returning::Returning;
pub use process::start_method::{
    StartMethod, chosen_start_method, force_start_method, set_start_method,
    start_method,
};
pub use process::target::{Outcome, Run, Target, Task};
pub use serde;
pub use sharedctypes::{
    Array, AtomicInteger, Chunk, ChunkedArray, PlainData, RawArray, RawValue,
    Value,
};
pub use shm::chunks::ChunkedGuard;
pub use shm::guard::Guard;
pub use shm::synchronized::{Data, Synchronized};
pub use synchronize::lock::{
    Lock, LockGuard, LockKind, Plain, RLock, RLockGuard, Reentrant, SemLock,
};
pub use sys::fork::ForkWithThreads;

/// The examples of the project's own documents, which are compiled and run.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../DESIGN.md")]
    struct Design;
}
