//! A set of descriptors that a fork can look through, whatever another thread
//! was doing to it.

#![allow(unsafe_code, reason = "closes descriptors by number")]

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The kernel lets no process have a descriptor beyond these, unless it is told
/// to (`fs.nr_open`). As long as nobody has written to it, this takes no
/// memory.
const CAPACITY: usize = 1 << 20;
const WORDS: usize = CAPACITY / 64;

/// One bit for each number. What stands together lies on one page: a forked
/// child gets a copy of each that it writes to.
#[repr(C)]
pub(crate) struct FdSet {
    /// How many of the words were ever used.
    used: AtomicUsize,
    words: [AtomicU64; WORDS],
}

impl FdSet {
    #[allow(clippy::large_stack_arrays, reason = "it is a static's content")]
    pub(crate) const fn new() -> Self {
        Self {
            used: AtomicUsize::new(0),
            words: [const { AtomicU64::new(0) }; WORDS],
        }
    }

    /// Adds an open descriptor.
    pub(crate) fn insert(&self, fd: RawFd) {
        if let Some((place, bit)) = place(fd) {
            self.used.fetch_max(place + 1, Ordering::Relaxed);
            self.words[place].fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Removes a descriptor, before it is closed.
    pub(crate) fn remove(&self, fd: RawFd) {
        if let Some((place, bit)) = place(fd) {
            self.words[place].fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// Closes all of them, and forgets them: in a copy of the process, where
    /// nobody has them. Takes no lock and no memory.
    pub(crate) fn close_all(&self) {
        let used = self.used.load(Ordering::Relaxed);
        let mut row = None;
        for (place, word) in self.words[..used].iter().enumerate() {
            // Most have none, and are not written to.
            if word.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let mut bits = word.swap(0, Ordering::Relaxed);
            while bits != 0 {
                let number = place * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                // The parent of many children has one for each: mostly all in
                // a row.
                row = match row {
                    Some((first, last)) if last + 1 == number => {
                        Some((first, number))
                    }
                    Some((first, last)) => {
                        close_row(first, last);
                        Some((number, number))
                    }
                    None => Some((number, number)),
                };
            }
        }
        if let Some((first, last)) = row {
            close_row(first, last);
        }
    }
}

/// The word of a descriptor, and its bit there.
fn place(fd: RawFd) -> Option<(usize, u64)> {
    let number = usize::try_from(fd).ok()?;
    (number < CAPACITY).then_some((number / 64, 1 << (number % 64)))
}

/// Closes the descriptors of a set from one number to another.
fn close_row(first: usize, last: usize) {
    // SAFETY: each number is in the set, so it is that of a descriptor that was
    // open when the copy was made. Who had it in the parent takes it for gone
    // in the copy: `PrivateFd` asks for the generation. If a descriptor were
    // closed before it is removed from the set, the number could be that of
    // somebody else's.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if done == 0 {
        return;
    }
    // The kernel is too old for that, or a filter forbids it.
    for fd in first..=last {
        if let Ok(fd) = RawFd::try_from(fd) {
            // SAFETY: as above.
            unsafe { libc::close(fd) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use nix::fcntl::{FcntlArg, fcntl};

    use super::*;

    fn is_open(fd: RawFd) -> bool {
        std::fs::read_link(format!("/proc/self/fd/{fd}")).is_ok()
    }

    #[test]
    fn what_is_in_the_set_is_closed_and_nothing_else() {
        static SET: FdSet = FdSet::new();
        let null = File::open("/dev/null").unwrap();
        // Numbers that the other tests of this process do not come to.
        let open = |at: RawFd| {
            let number = fcntl(&null, FcntlArg::F_DUPFD_CLOEXEC(at)).unwrap();
            assert_eq!(number, at);
            number
        };
        let kept = [498, 503, 515].map(open);
        let closed = [499, 500, 501, 502, 511, 512, 513, 600].map(open);
        for fd in closed.into_iter().chain([kept[1]]) {
            SET.insert(fd);
        }
        SET.remove(kept[1]);
        SET.close_all();
        assert!(kept.into_iter().all(is_open));
        assert!(!closed.into_iter().any(is_open));
        // It has forgotten them.
        let again = open(600);
        SET.close_all();
        assert!(is_open(again));
        for fd in kept.into_iter().chain([again]) {
            nix::unistd::close(fd).unwrap();
        }
    }
}
