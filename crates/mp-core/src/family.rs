//! Who this process is, who its parent is, and which children it has.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use nix::unistd::{getpid, gettid};

use crate::handle::{Birth, Handle};
use crate::sys::fork::generation;
use crate::sys::mutex_block::is_own_thread;
use crate::util::lock;

/// The smallest number of children at which those that have ended are looked
/// for when another is started.
const FEW: usize = 16;

/// What one process knows of its relatives.
struct Family {
    generation: u64,
    current: Arc<Handle>,
    parent: Option<Arc<Handle>>,
    /// The children that were started and, as far as is known, have not ended.
    children: VecDeque<Arc<Handle>>,
    /// The number of the last process object that was made here.
    made: u32,
    /// Whether the process is a copy of another, so that what was registered
    /// for the exit before is not its own.
    forked: bool,
    /// How many children there may be until one looks for ended ones.
    patience: usize,
}

static FAMILY: Mutex<Option<Family>> = Mutex::new(None);

impl Family {
    fn new(current: Handle, parent: Option<Handle>, forked: bool) -> Self {
        Self {
            generation: generation(),
            current: Arc::new(current),
            parent: parent.map(Arc::new),
            children: VecDeque::new(),
            made: 0,
            forked,
            patience: FEW,
        }
    }
}

/// Works on the family of this process.
fn family<R>(work: impl FnOnce(&mut Family) -> R) -> R {
    let mut family = lock(&FAMILY);
    match &mut *family {
        Some(family) if family.generation == generation() => work(family),
        // The program itself, or a copy of a process that something else made.
        stale => work(stale.insert(Family::new(Handle::main(), None, false))),
    }
}

/// Becomes the process that was born, in a new process.
pub(crate) fn adopt(current: Handle, parent: Handle, forked: bool) {
    *lock(&FAMILY) = Some(Family::new(current, Some(parent), forked));
}

pub(crate) fn current() -> Arc<Handle> {
    family(|family| family.current.clone())
}

pub(crate) fn parent() -> Option<Arc<Handle>> {
    family(|family| family.parent.clone())
}

/// Whether this process is a copy of another that this crate made.
pub(crate) fn is_forked() -> bool {
    family(|family| family.forked)
}

/// The numbers of the next process object: Python's `_identity`.
pub(crate) fn next_identity() -> Vec<u32> {
    family(|family| {
        family.made += 1;
        let mut identity = family.current.identity().to_vec();
        identity.push(family.made);
        identity
    })
}

/// Adds a child that has been started.
pub(crate) fn add_child(child: Arc<Handle>) {
    // Those that nobody asks about must not stay zombies for ever. To look at
    // all of them at every start would cost the square of their number.
    if family(|family| family.children.len() >= family.patience) {
        let alive = children().len();
        family(|family| family.patience = FEW.max(2 * alive));
    }
    family(|family| family.children.push_back(child));
}

/// Forgets a child that has ended.
pub(crate) fn remove_child(child: &Handle) {
    family(|family| {
        family
            .children
            .retain(|other| !std::ptr::eq(&raw const **other, child));
    });
}

/// The children that have not ended. Those that have are reaped.
pub(crate) fn children() -> Vec<Arc<Handle>> {
    let children: Vec<_> =
        family(|family| family.children.iter().cloned().collect());
    // Not under the lock: a child that has ended takes itself out of the list.
    children.into_iter().filter(|child| child.is_running()).collect()
}

/// The kernel's id of this thread, which is what owns locks.
pub(crate) fn thread_id() -> libc::pid_t {
    gettid().as_raw()
}

/// Who owns a lock, as Python's `repr` says it.
pub(crate) struct OwnerName {
    pub(crate) name: String,
    /// Whether it is the thread that asks.
    pub(crate) is_caller: bool,
}

pub(crate) fn owner_name(thread: libc::pid_t) -> OwnerName {
    if thread != thread_id() {
        let name = if is_own_thread(thread) {
            "SomeOtherThread"
        } else {
            "SomeOtherProcess"
        };
        return OwnerName { name: name.to_owned(), is_caller: false };
    }
    let mut name = current().name();
    if thread != getpid().as_raw() {
        let current = std::thread::current();
        name.push('|');
        name.push_str(current.name().unwrap_or("<unnamed>"));
    }
    OwnerName { name, is_caller: true }
}

/// Makes the handles of a new process: of itself and of its parent.
pub(crate) fn relatives(
    birth: Birth,
    lifeline: std::os::fd::OwnedFd,
) -> (Handle, Handle) {
    let parent =
        Handle::parent(birth.parent_name.clone(), birth.parent_pid, lifeline);
    (Handle::current(birth), parent)
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&FAMILY)
}
