//! fork, and its one rule: the child never returns into its caller's frames.

#![allow(unsafe_code, reason = "fork, clone and pthread_atfork")]

use std::cell::Cell;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};

use super::exit::exit_now;
use super::fd_set::FdSet;

static GENERATION: AtomicU64 = AtomicU64::new(0);

/// The descriptors that are closed in a copy of this process.
pub(super) static PRIVATE: FdSet = FdSet::new();

/// How many threads are forking now.
static FORKING: AtomicU32 = AtomicU32::new(0);

/// How many copies this process has made.
static COPIES: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether it is this crate that makes a copy. Its children close what is
    /// not theirs when they have taken what they need of it.
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// How many forks lie between this process and the program that was executed.
///
/// What a process keeps about itself (its children, its arenas, its
/// descriptors) is of no use in a copy of it. It is kept with this number, and
/// a copy sees from the number that it is not its own. Every fork of the C
/// library counts, those of other libraries too.
pub(crate) fn generation() -> u64 {
    static WATCHED: AtomicBool = AtomicBool::new(false);
    // Not a `Once`: a copy that is made meanwhile would wait at it for ever.
    // That two threads register the handlers does no harm.
    if !WATCHED.load(Ordering::Acquire) {
        // SAFETY: the handlers live as long as the program. What they do may be
        // done in a copy of a process with threads: they change atomic numbers
        // and close descriptors. Only a lack of memory makes this fail, and
        // then the first allocation of the caller fails as well.
        unsafe {
            libc::pthread_atfork(
                Some(before_copy),
                Some(after_copy),
                Some(in_copy),
            )
        };
        WATCHED.store(true, Ordering::Release);
    }
    GENERATION.load(Ordering::Relaxed)
}

/// The same, for who has something that was made with a generation: the forks
/// are counted then.
#[inline]
pub(crate) fn current_generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// How many copies this process has made, whoever made them. None while one is
/// being made.
pub(crate) fn copies() -> Option<u64> {
    // In this order: a copy is counted before it is not under way any more.
    let forking = FORKING.load(Ordering::SeqCst);
    let copies = COPIES.load(Ordering::SeqCst);
    (forking == 0).then_some(copies)
}

extern "C" fn before_copy() {
    FORKING.fetch_add(1, Ordering::SeqCst);
}

extern "C" fn after_copy() {
    COPIES.fetch_add(1, Ordering::SeqCst);
    FORKING.fetch_sub(1, Ordering::SeqCst);
}

extern "C" fn in_copy() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    // The threads that were forking are not here.
    FORKING.store(0, Ordering::Relaxed);
    if !OWN.get() {
        PRIVATE.close_all();
    }
}

/// Leave to fork although other threads are running.
///
/// A forked child has only the thread that forked. Whatever another thread was
/// doing at that moment stays half done in it for ever: a lock that it held,
/// the one of the allocator or of standard error included, is never released.
/// That is why [`Process::start`](crate::Process::start) refuses, and why this
/// is the way round it.
///
/// # Examples
///
/// ```
/// use mp_core::{ForkWithThreads, Process};
///
/// # fn main() -> mp_core::Result<()> {
/// // SAFETY: the process has no thread but this one.
/// let permit = unsafe { ForkWithThreads::new() };
/// let mut process = Process::fork(|| ());
/// process.start_with_threads(permit)?;
/// process.join()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ForkWithThreads(());

impl ForkWithThreads {
    /// Makes the permit.
    ///
    /// # Safety
    ///
    /// What the child runs, from the fork to its end, must not depend on
    /// anything that another thread of the parent may hold or be changing when
    /// the fork happens. Of the Rust and C libraries that leaves what is
    /// async-signal-safe, and what is known to be idle in all other threads.
    ///
    /// Of this crate it leaves everything: a fork waits until no thread is in
    /// the middle of anything here. A panic is not of this crate. The standard
    /// library reports it, under a lock that a thread of the parent may have
    /// been holding.
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

/// Whether this thread is the only one of the process.
///
/// Who joins a thread goes on a moment before the kernel has put that away, and
/// `thread::scope` before its threads have even ended. So this waits a little
/// before it says no.
pub(crate) fn is_single_threaded() -> io::Result<bool> {
    is_single_threaded_within(Duration::from_millis(250))
}

/// The same, waiting no longer than a given time.
pub(crate) fn is_single_threaded_within(time: Duration) -> io::Result<bool> {
    let mut end = None;
    loop {
        if is_single_threaded_now()? {
            return Ok(true);
        }
        let now = Instant::now();
        if now > *end.get_or_insert(now + time) {
            return Ok(false);
        }
        thread::yield_now();
    }
}

/// The same, without waiting.
///
/// `unshare(2)` with `CLONE_THREAD` has no effect but to answer that. Where it
/// is forbidden, the kernel counts. Either answer is of one moment; a list of
/// the threads would not be.
pub(crate) fn is_single_threaded_now() -> io::Result<bool> {
    match unshare(CloneFlags::CLONE_THREAD) {
        Ok(()) => Ok(true),
        Err(Errno::EINVAL) => Ok(false),
        Err(_) => Ok(thread_count()? == 1),
    }
}

/// The number of threads of this process, from `/proc`.
pub(crate) fn thread_count() -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    // "." and ".." are the other two links.
    Ok(std::fs::metadata("/proc/self/task")?.nlink().saturating_sub(2))
}

/// Forks. The child runs `child` and leaves with what it returns.
///
/// What `hold` gives is dropped after the fork in both: the locks of the crate,
/// so that no other thread has one at that moment.
///
/// # Errors
///
/// `EBUSY` if other threads are running and `permit` is none; else what `hold`
/// or fork(2) gives.
pub(crate) fn fork<H>(
    permit: Option<ForkWithThreads>,
    hold: impl FnOnce() -> io::Result<H>,
    child: impl FnOnce() -> i32,
) -> io::Result<libc::pid_t> {
    generation();
    if permit.is_none() && !is_single_threaded()? {
        return Err(Errno::EBUSY.into());
    }
    let locks = hold()?;
    OWN.set(true);
    // SAFETY: with a single thread nothing can be left half done in the child,
    // so it may do whatever the parent may; otherwise the permit stands for
    // the caller's promise. The child does not return from `run_and_leave`.
    let forked = match unsafe { libc::fork() } {
        // Before a lock is released, which could change the reason.
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(pid),
    };
    OWN.set(false);
    drop(locks);
    match forked {
        Ok(0) => run_and_leave(child),
        forked => forked,
    }
}

/// Forks a child that is not this process's own but its parent's.
///
/// The parent of the forkserver so waits for, signals and reaps the child as
/// any other of its children, and loses nothing with the server.
///
/// The C library has no such fork, and without its help its record of the
/// thread's id would stay the server's. Robust and recursive mutexes take the
/// owner from that record. So the kernel is asked to write the new id to the
/// very place where it clears it at the thread's end, which is that record,
/// and to know the list of robust mutexes. That list is emptied first, as the
/// C library's fork does: what is in it is held by the server, and its links
/// lie in memory that the server goes on changing.
/// Handlers of `pthread_atfork` do not run, but those of this crate are called.
///
/// # Errors
///
/// `EBUSY` if other threads are running, `ENOTSUP` if the kernel knows of no list
/// of robust mutexes; else what prctl(2) or clone(2) gives.
pub(crate) fn fork_sibling(
    child: impl FnOnce() -> i32,
) -> io::Result<libc::pid_t> {
    if !is_single_threaded()? {
        return Err(Errno::EBUSY.into());
    }
    let tid_record = tid_address()?;
    let (robust_list, length) = robust_list()?;
    let flags = libc::CLONE_PARENT
        | libc::CLONE_CHILD_SETTID
        | libc::CLONE_CHILD_CLEARTID
        | libc::SIGCHLD;
    OWN.set(true);
    before_copy();
    // SAFETY: without CLONE_VM this is a fork: the child has a copy of memory
    // and goes on on its copy of this stack (a null stack asks for that). The
    // address is the one this thread is registered with, so a valid one.
    let pid = unsafe {
        libc::syscall(
            libc::SYS_clone,
            flags,
            ptr::null_mut::<libc::c_void>(),
            ptr::null_mut::<libc::pid_t>(),
            tid_record,
            0,
        )
    };
    let pid = match pid {
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(pid),
    };
    match pid {
        Ok(0) => in_copy(),
        _ => after_copy(),
    }
    OWN.set(false);
    match pid? {
        0 => {
            // SAFETY: the head, which is this thread's own and not null, begins
            // with a link, and an empty list is one that leads back to the head.
            unsafe { *robust_list.cast() = robust_list };
            // SAFETY: the list is this thread's own, and empty.
            unsafe {
                libc::syscall(libc::SYS_set_robust_list, robust_list, length)
            };
            run_and_leave(child)
        }
        pid => Ok(libc::pid_t::try_from(pid).expect("a pid fits its type")),
    }
}

/// Where the kernel clears this thread's id when the thread ends.
fn tid_address() -> io::Result<*mut libc::pid_t> {
    let mut address: *mut libc::pid_t = ptr::null_mut();
    // SAFETY: prctl writes one pointer to the place it is given.
    let done =
        unsafe { libc::prctl(libc::PR_GET_TID_ADDRESS, &raw mut address) };
    if done == -1 { Err(io::Error::last_os_error()) } else { Ok(address) }
}

/// The head of this thread's list of robust mutexes, and the head's length.
///
/// # Errors
///
/// `ENOTSUP` if the kernel does not know of it.
fn robust_list() -> io::Result<(*mut libc::c_void, usize)> {
    let mut head: *mut libc::c_void = ptr::null_mut();
    let mut length = 0_usize;
    // SAFETY: the call writes a pointer and a length to the places given.
    let done = unsafe {
        libc::syscall(
            libc::SYS_get_robust_list,
            0,
            &raw mut head,
            &raw mut length,
        )
    };
    if done == -1 {
        Err(io::Error::last_os_error())
    } else if head.is_null() {
        // The kernel was not told of it when the thread began: a filter forbids
        // `set_robust_list`.
        Err(Errno::ENOTSUP.into())
    } else {
        Ok((head, length))
    }
}

fn run_and_leave(child: impl FnOnce() -> i32) -> ! {
    let code = panic::catch_unwind(AssertUnwindSafe(child)).unwrap_or_else(
        |payload| {
            // Dropping it could panic again.
            mem::forget(payload);
            1
        },
    );
    exit_now(code)
}
