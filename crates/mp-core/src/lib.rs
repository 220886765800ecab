//! Python's `multiprocessing` for Rust.

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
compile_error!("mp-core needs Linux and the GNU C library");

mod child;
mod connection;
mod context;
mod error;
mod family;
mod forkserver;
mod handle;
mod heap;
mod letter;
mod lifeline;
mod lineage;
mod popen;
mod process;
mod reduction;
pub mod sharedctypes;
mod spawn;
mod synchronize;
mod sys;
mod target;
mod util;

pub use connection::wait;
pub use context::{
    Context, StartMethod, chosen_start_method, cpu_count, force_start_method,
    set_start_method, start_method,
};
pub use error::{Error, Result};
pub use popen::Sentinel;
pub use process::{Process, active_children, current_process, parent_process};
pub use sharedctypes::{Array, RawArray, RawValue, Value};
pub use spawn::init;
pub use synchronize::{Lock, LockGuard, LockKind, RLock, RLockGuard, SemLock};
pub use sys::constructor::__init_before_main;
pub use sys::fork::ForkWithThreads;
pub use sys::synchronized::{Data, Guard, Synchronized};
pub use target::{Closure, Function, Outcome, Run, Target};
pub use util::atexit;
