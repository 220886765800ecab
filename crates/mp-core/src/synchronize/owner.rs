//! Who holds a lock, as Python's `repr` says it.

use std::sync::OnceLock;

use nix::unistd::{getpid, gettid};

use crate::shm::mutex_block::is_own_thread;

/// Python's name of the process that a program is started as.
pub(crate) const MAIN_PROCESS: &str = "MainProcess";

/// What knows the name of this process.
static PROCESS_NAME: OnceLock<fn() -> String> = OnceLock::new();

/// Says who knows the name of this process. As long as nobody does, it is the
/// main process, and nobody has named it.
pub(crate) fn name_process_by(name: fn() -> String) {
    PROCESS_NAME.get_or_init(|| name);
}

fn process_name() -> String {
    match PROCESS_NAME.get() {
        Some(name) => name(),
        None => MAIN_PROCESS.to_owned(),
    }
}

/// Who owns a lock, as Python's `repr` says it.
pub(crate) struct OwnerName {
    pub(crate) name: String,
    /// Whether it is the thread that asks.
    pub(crate) is_caller: bool,
}

pub(crate) fn owner_name(thread: libc::pid_t) -> OwnerName {
    if thread != gettid().as_raw() {
        let name = if is_own_thread(thread) {
            "SomeOtherThread"
        } else {
            "SomeOtherProcess"
        };
        return OwnerName { name: name.to_owned(), is_caller: false };
    }
    let mut name = process_name();
    if thread != getpid().as_raw() {
        let current = std::thread::current();
        name.push('|');
        name.push_str(current.name().unwrap_or("<unnamed>"));
    }
    OwnerName { name, is_caller: true }
}
