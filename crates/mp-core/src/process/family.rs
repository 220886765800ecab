//! Who this process is, who its parent is, and which children it has.

use std::collections::VecDeque;
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::process::birth::Birth;
use crate::process::exit::Finalizer;
use crate::process::handle::Handle;
use crate::synchronize::owner;
use crate::sys::fork::generation;
use crate::sys::lock::lock;
use crate::sys::pidfd;
use crate::sys::private_fd::PrivateFd;

/// For so many children, or a part of them, one start looks whether any has
/// ended.
const A_LOOK: usize = 32;

/// The smallest number of children at which each is asked whether it has.
const FEW: usize = 16;

/// What one process knows of its relatives.
struct Family {
    generation: u64,
    /// What a child was told, until somebody asks for it.
    origin: Option<Origin>,
    relatives: Option<Relatives>,
    /// The children that were started and, as far as is known, have not ended.
    children: VecDeque<Arc<Handle>>,
    /// The number of the last process object that was made here.
    made: u32,
    /// How many were started since one looked for those that have ended.
    starts: usize,
    /// How many children there may be until each is asked whether it has.
    threshold: usize,
}

/// What a child is told of itself and of its parent.
struct Origin {
    birth: Birth,
    parent_sentinel: PrivateFd,
}

/// This process and its parent.
struct Relatives {
    current: Arc<Handle>,
    parent: Option<Arc<Handle>>,
}

/// How long a daemon that was told to end may take to do so.
const DAEMON_GRACE: Duration = Duration::from_secs(5);

static FAMILY: Mutex<Option<Family>> = Mutex::new(None);

impl Family {
    fn new(origin: Option<Origin>) -> Self {
        owner::name_process_by(|| current().name());
        Self {
            generation: generation(),
            origin,
            relatives: None,
            children: VecDeque::new(),
            made: 0,
            starts: 0,
            threshold: FEW,
        }
    }

    /// Whether a start is to look for children that have ended. The system
    /// goes through all of them for that, so it does not with many.
    fn is_time_to_look(&mut self) -> bool {
        self.starts += 1;
        let is_time = self.starts * A_LOOK >= self.children.len();
        if is_time {
            self.starts = 0;
        }
        is_time && !self.children.is_empty()
    }

    fn find(&self, pid: libc::pid_t) -> Option<Arc<Handle>> {
        let mut children = self.children.iter();
        children.find(|child| child.pid() == Some(pid)).cloned()
    }

    /// Makes them when they are asked for. Most children never ask, and what a
    /// forked one writes to for the first time, the system has to copy.
    fn relatives(&mut self) -> &Relatives {
        self.relatives.get_or_insert_with(|| match self.origin.take() {
            None => Relatives { current: Handle::main().into(), parent: None },
            Some(Origin { birth, parent_sentinel }) => {
                let name = birth.parent_name.clone();
                let parent =
                    Handle::parent(name, birth.parent_pid, parent_sentinel);
                Relatives {
                    current: Handle::current(birth).into(),
                    parent: Some(parent.into()),
                }
            }
        })
    }
}

/// Works on the family of this process.
fn family<R>(work: impl FnOnce(&mut Family) -> R) -> R {
    let mut family = lock(&FAMILY);
    match &mut *family {
        Some(family) if family.generation == generation() => work(family),
        // The program itself, or a copy of a process that something else made.
        stale => work(stale.insert(Family::new(None))),
    }
}

/// Becomes the process that was born, in a new process.
pub(crate) fn adopt(birth: Birth, parent_sentinel: OwnedFd) {
    let origin =
        Origin { birth, parent_sentinel: PrivateFd::new(parent_sentinel) };
    let family = Family::new(Some(origin));
    // What the parent knew is the parent's to look after, and stays shared with
    // it as long as nobody touches it.
    mem::forget(lock(&FAMILY).replace(family));
}

pub(crate) fn current() -> Arc<Handle> {
    family(|family| family.relatives().current.clone())
}

pub(crate) fn parent() -> Option<Arc<Handle>> {
    family(|family| family.relatives().parent.clone())
}

/// A process that is to be started from here.
pub(crate) fn new_child(type_name: String) -> Handle {
    family(|family| {
        family.made += 1;
        let number = family.made;
        Handle::child(type_name, &family.relatives().current, number)
    })
}

/// Adds a child that has been started, and reaps those that have ended: nobody
/// may ask about them any more, and they must not stay zombies for ever.
pub(crate) fn add_child(child: Arc<Handle>) {
    if family(Family::is_time_to_look) {
        reap();
    }
    family(|family| family.children.push_back(child));
}

fn reap() {
    while let Some(pid) = pidfd::ended_child() {
        let child = family(|family| family.find(pid));
        let Some(child) = child.filter(|child| !child.is_running()) else {
            return reap_beside_others();
        };
        remove_child(&child);
    }
}

/// The program has a child of its own that has ended. The system names no
/// younger one until the program has reaped that. To ask each of ours at every
/// start would cost the square of their number.
fn reap_beside_others() {
    if family(|family| family.children.len() >= family.threshold) {
        let alive = children().len();
        family(|family| family.threshold = FEW.max(2 * alive));
    }
}

/// Forgets a child that was seen to have ended.
pub(crate) fn remove_child(child: &Handle) {
    family(|family| {
        family
            .children
            .retain(|other| !std::ptr::eq(&raw const **other, child));
    });
}

/// The children that have not ended. Those that have are reaped.
pub(crate) fn children() -> Vec<Arc<Handle>> {
    let mut children: Vec<_> =
        family(|family| family.children.iter().cloned().collect());
    // Not under the lock: others may ask meanwhile.
    children.retain(|child| child.is_running());
    family(|family| family.children.retain(|child| !child.has_ended()));
    children
}

/// Waits for the children at the end of this process.
pub(crate) static SETTLE: Finalizer =
    Finalizer { priority: 0, work: settle_children };

/// Daemons are told to end before the others are waited for, so that a child
/// that works for long keeps no daemon alive.
fn settle_children() {
    let (daemons, others): (Vec<_>, Vec<_>) =
        children().into_iter().partition(|child| child.daemon());
    // What cannot be signalled or waited for has ended already.
    for daemon in &daemons {
        let _ = daemon.signal(Signal::SIGTERM as i32);
    }
    for child in &others {
        let _ = child.wait(None);
    }
    for daemon in &daemons {
        if matches!(daemon.wait(Some(DAEMON_GRACE)), Ok(false)) {
            let _ = daemon.signal(Signal::SIGKILL as i32);
            let _ = daemon.wait(None);
        }
    }
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&FAMILY)
}
