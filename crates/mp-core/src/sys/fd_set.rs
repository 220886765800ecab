//! A set of descriptors that a fork can look through, whatever another thread
//! was doing to it.

#![allow(unsafe_code, reason = "closes descriptors by number, and leaks a box")]

use std::os::fd::RawFd;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// The numbers that most processes never come beyond. Their bits stand beside
/// the other statics of the crate: a forked child is given a copy of each page
/// that it writes to.
const LOW: usize = 1 << 10;

/// The kernel lets no process have a descriptor beyond these, unless it is told
/// to (`fs.nr_open`).
const ALL: usize = 1 << 20;

const BITS: usize = u64::BITS as usize;

/// One bit for each number.
pub(crate) struct FdSet {
    low: [AtomicU64; LOW / BITS],
    /// The bits of the others, once there is one of them.
    high: AtomicPtr<High>,
}

struct High {
    words: Vec<AtomicU64>,
    /// How many of the words were ever used.
    used: AtomicUsize,
}

impl FdSet {
    pub(crate) const fn new() -> Self {
        Self {
            low: [const { AtomicU64::new(0) }; LOW / BITS],
            high: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Adds an open descriptor.
    pub(crate) fn insert(&self, fd: RawFd) {
        let Ok(number) = usize::try_from(fd) else { return };
        if number >= LOW && self.high().is_none() {
            self.make_high();
        }
        if let Some(word) = self.word(number) {
            word.fetch_or(1 << (number % BITS), Ordering::Relaxed);
        }
    }

    /// Removes a descriptor, before it is closed.
    pub(crate) fn remove(&self, fd: RawFd) {
        let Ok(number) = usize::try_from(fd) else { return };
        if let Some(word) = self.word(number) {
            word.fetch_and(!(1 << (number % BITS)), Ordering::Relaxed);
        }
    }

    /// Where the bit of a number is, if there is a place for it.
    fn word(&self, number: usize) -> Option<&AtomicU64> {
        let place = number / BITS;
        if number < LOW {
            return self.low.get(place);
        }
        let (high, place) = (self.high()?, place - LOW / BITS);
        let word = high.words.get(place)?;
        high.used.fetch_max(place + 1, Ordering::Relaxed);
        Some(word)
    }

    fn high(&self) -> Option<&High> {
        // SAFETY: the pointer is null, or `make_high` has leaked what it points
        // to. Nobody takes that back.
        unsafe { self.high.load(Ordering::Acquire).as_ref() }
    }

    /// Not in a `OnceLock`: a copy of the process that is made meanwhile would
    /// wait at it for ever.
    fn make_high(&self) {
        let words = (LOW..ALL).step_by(BITS).map(|_| AtomicU64::new(0));
        let used = AtomicUsize::new(0);
        let new =
            Box::into_raw(Box::new(High { words: words.collect(), used }));
        let null = ptr::null_mut();
        let (made, failed) = (Ordering::AcqRel, Ordering::Relaxed);
        if self.high.compare_exchange(null, new, made, failed).is_err() {
            // SAFETY: the box was made above, and another one is in its place.
            drop(unsafe { Box::from_raw(new) });
        }
    }

    /// Closes all of them, and forgets them: in a copy of the process, where
    /// nobody has them. Takes no lock and no memory.
    pub(crate) fn close_all(&self) {
        let high = self.high().map_or(&[][..], |high| {
            &high.words[..high.used.load(Ordering::Relaxed)]
        });
        let mut row = None;
        for (place, word) in self.low.iter().chain(high).enumerate() {
            // Most have none, and are not written to.
            if word.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let mut bits = word.swap(0, Ordering::Relaxed);
            while bits != 0 {
                let number = place * BITS + bits.trailing_zeros() as usize;
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
        let kept = [498, 503, 515, 1025].map(open);
        let closed = [499, 500, 502, 511, 512, 513, 1023, 1024, 1600].map(open);
        for fd in closed.into_iter().chain([kept[1]]) {
            SET.insert(fd);
        }
        SET.remove(kept[1]);
        SET.close_all();
        assert!(kept.into_iter().all(is_open));
        assert!(!closed.into_iter().any(is_open));
        // It has forgotten them.
        let again = open(1600);
        SET.close_all();
        assert!(is_open(again));
        for fd in kept.into_iter().chain([again]) {
            nix::unistd::close(fd).unwrap();
        }
    }
}
