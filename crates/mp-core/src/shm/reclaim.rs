//! Who may still be using a block that its owner has dropped: epoch-based
//! reclamation, with processes in place of threads.
//!
//! Handles of shared objects go to a process when it is started, and from it
//! to those that it starts. So a dropped block may be handed out again once
//! every process that was started during the life of the block has ended, and
//! all that these have started.
//!
//! The kernel keeps count. Time is cut into epochs. All children that are
//! started in one epoch get the writing end of the same pipe, and hand it on to
//! their own children; when the last of them has ended, the reading end hangs
//! up. An epoch ends when a block is dropped, so that later children do not
//! keep that block. A process that was killed needs no clearing up.
//!
//! Another library may fork this process as well. Such a copy has the pipe too,
//! because there is one as soon as there is memory. It is only known that such a
//! copy was made, so the pipe counts as given away from then on.

use std::io;
use std::mem;
use std::os::fd::{AsFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::sys::fd::pipe;
use crate::sys::fork::copies;
use crate::sys::private_fd::PrivateFd;

/// The most pipes of earlier epochs that are watched at a time, each with a
/// descriptor. Epochs that come then share the current pipe: what lived in one
/// of them is kept until all of them have died out, and nothing else changes.
const MOST_PIPES: usize = 16;

/// A stretch of epochs, such as those in which a block lived, both included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    first: u64,
    last: u64,
}

impl Span {
    fn meets(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// The children of a process by the epochs of their start, and its own place
/// among the children of its ancestors.
#[derive(Debug)]
pub(crate) struct Reclaimer {
    now: u64,
    /// What children get.
    pipe: Option<Pipe>,
    /// Whether there is memory that a copy of this process could use.
    has_memory: bool,
    /// How many copies of this process were made before it was last looked.
    /// None if one was under way.
    copies: Option<u64>,
    /// When such copies were made while there was no descriptor for a pipe.
    /// What lived then is never used again.
    unclaimed: Option<Span>,
    /// Earlier pipes that a process held when one last looked.
    past: Vec<Watch>,
    /// This process's own claims on the memory of its ancestors.
    inherited: Vec<OwnedFd>,
}

/// The pipe of the current epoch.
#[derive(Debug)]
struct Pipe {
    watch: Watch,
    writer: OwnedFd,
    /// Whether any process but this one can have it.
    given: bool,
}

/// A pipe, and the epochs in which its holders among the children were started.
#[derive(Debug)]
struct Watch {
    epochs: Span,
    reader: PrivateFd,
}

impl Default for Reclaimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Reclaimer {
    pub(crate) const fn new() -> Self {
        Self {
            now: 0,
            pipe: None,
            has_memory: false,
            copies: None,
            unclaimed: None,
            past: Vec::new(),
            inherited: Vec::new(),
        }
    }

    /// The number of the current epoch.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// The epochs of a block that was made in `born` and is dropped now.
    pub(crate) fn end_of_life(&mut self, born: u64) -> Span {
        self.note_copies();
        let life = Span { first: born, last: self.now };
        if self.given().is_some_and(|watch| watch.epochs.last == self.now) {
            self.now += 1;
            if self.past.len() >= MOST_PIPES {
                self.look_around();
            } else {
                self.retire_pipe();
            }
        }
        life
    }

    /// Whether no process lives that was started in the span, or descends from
    /// one that was, as of the last [`look_around`](Self::look_around).
    pub(crate) fn is_extinct(&self, span: Span) -> bool {
        let watches = self.given().into_iter().chain(&self.past);
        let mut kept = watches.map(|watch| watch.epochs).chain(self.unclaimed);
        !kept.any(|epochs| epochs.meets(span))
    }

    /// The current pipe, if any other process can have it.
    fn given(&self) -> Option<&Watch> {
        self.pipe.as_ref().filter(|pipe| pipe.given).map(|pipe| &pipe.watch)
    }

    /// Looks whether there are copies of this process that nobody announced.
    fn note_copies(&mut self) {
        let copies = copies();
        if copies.is_none() || copies != self.copies {
            match &mut self.pipe {
                Some(pipe) => pipe.give(self.now),
                None if self.has_memory => self.note_unclaimed(),
                None => {}
            }
        }
        self.copies = copies;
    }

    /// Whether copies may have been made since it was last looked.
    fn has_new_copies(&self) -> bool {
        let copies = copies();
        copies.is_none() || copies != self.copies
    }

    fn note_unclaimed(&mut self) {
        let first = self.unclaimed.map_or(self.now, |span| span.first);
        self.unclaimed = Some(Span { first, last: self.now });
    }

    /// Finds out which epochs have died out.
    pub(crate) fn look_around(&mut self) {
        self.note_copies();
        self.past.retain(|watch| !has_hung_up(&watch.reader));
        if self.past.len() < MOST_PIPES && self.given().is_some() {
            self.now += 1;
            self.retire_pipe();
            self.past.retain(|watch| !has_hung_up(&watch.reader));
        }
        if self.has_memory {
            // If there is no descriptor now, there may be one next time.
            let _ = self.pipe();
        }
    }

    /// What a child that is started now must hold. A process that has made no
    /// shared memory itself (`has_arenas`) has only its ancestors' to care for.
    pub(crate) fn claims(
        &mut self,
        has_arenas: bool,
    ) -> io::Result<Vec<OwnedFd>> {
        let mut claims = Vec::with_capacity(self.inherited.len() + 1);
        if has_arenas {
            claims.push(self.writer()?.try_clone()?);
        }
        for claim in &self.inherited {
            claims.push(claim.try_clone()?);
        }
        Ok(claims)
    }

    /// The writing end of the pipe, for a child that is started now.
    pub(crate) fn writer(&mut self) -> io::Result<&OwnedFd> {
        let now = self.now;
        let pipe = self.pipe()?;
        pipe.give(now);
        Ok(&pipe.writer)
    }

    /// Has a copy of this process that something else makes claim its memory.
    ///
    /// # Errors
    ///
    /// If there are no descriptors left for that.
    pub(crate) fn expect_copies(&mut self) -> io::Result<()> {
        self.note_copies();
        self.pipe()?;
        self.has_memory = true;
        Ok(())
    }

    fn pipe(&mut self) -> io::Result<&mut Pipe> {
        if self.pipe.is_none() {
            self.pipe = Some(Pipe::new(self.now)?);
            if self.has_memory && self.has_new_copies() {
                self.note_unclaimed();
            }
        }
        match &mut self.pipe {
            Some(pipe) => Ok(pipe),
            None => unreachable!("the pipe has just been made"),
        }
    }

    /// Closes the writing end of the pipe, so that its children alone hold it,
    /// and makes another.
    fn retire_pipe(&mut self) {
        let next = Pipe::new(self.now);
        if next.is_ok() && self.has_new_copies() {
            // One that is just being made may have this pipe and not the next.
            if let Some(pipe) = &mut self.pipe {
                pipe.give(self.now);
            }
            return;
        }
        let old = mem::replace(&mut self.pipe, next.ok());
        self.past.extend(old.map(|pipe| pipe.watch));
    }

    /// The reclaimer of a copy of the process, in which this is called: its
    /// parent's current epoch is the one that it was born in.
    pub(crate) fn of_copy(mut self) -> Self {
        self.inherited.extend(self.pipe.take().map(|pipe| pipe.writer));
        Self { inherited: self.inherited, ..Self::new() }
    }

    pub(crate) fn inherit(&mut self, claims: Vec<OwnedFd>) {
        self.inherited.extend(claims);
    }
}

impl Pipe {
    fn new(now: u64) -> io::Result<Self> {
        let (reader, writer) = pipe()?;
        let epochs = Span { first: now, last: now };
        let watch = Watch { epochs, reader: PrivateFd::new(reader) };
        Ok(Self { watch, writer, given: false })
    }

    /// Takes note that a process has it that was started in this epoch.
    fn give(&mut self, now: u64) {
        self.given = true;
        self.watch.epochs.last = now;
    }
}

fn has_hung_up(reader: &PrivateFd) -> bool {
    let Ok(reader) = reader.get() else { return false };
    let mut fds = [PollFd::new(reader.as_fd(), PollFlags::empty())];
    matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1))
        && fds[0]
            .revents()
            .is_some_and(|events| events.contains(PollFlags::POLLHUP))
}
