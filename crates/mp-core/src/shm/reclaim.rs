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

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::sys::fd::pipe;
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
    /// What children get, once one was started.
    pipe: Option<(Watch, OwnedFd)>,
    /// Earlier pipes that a process held when one last looked.
    past: Vec<Watch>,
    /// This process's own claims on the memory of its ancestors.
    inherited: Vec<OwnedFd>,
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
        Self { now: 0, pipe: None, past: Vec::new(), inherited: Vec::new() }
    }

    /// The number of the current epoch.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// The epochs of a block that was made in `born` and is dropped now.
    pub(crate) fn end_of_life(&mut self, born: u64) -> Span {
        let life = Span { first: born, last: self.now };
        let started = |(watch, _): &(Watch, _)| watch.epochs.last == self.now;
        if self.pipe.as_ref().is_some_and(started) {
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
        let current = self.pipe.iter().map(|(watch, _)| watch);
        !current.chain(&self.past).any(|watch| watch.epochs.meets(span))
    }

    /// Finds out which epochs have died out.
    pub(crate) fn look_around(&mut self) {
        self.past.retain(|watch| !has_hung_up(&watch.reader));
        if self.past.len() < MOST_PIPES && self.pipe.is_some() {
            self.now += 1;
            self.retire_pipe();
            self.past.retain(|watch| !has_hung_up(&watch.reader));
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
        if self.pipe.is_none() {
            let (reader, writer) = pipe()?;
            let epochs = Span { first: now, last: now };
            let watch = Watch { epochs, reader: PrivateFd::new(reader) };
            self.pipe = Some((watch, writer));
        }
        match &mut self.pipe {
            Some((watch, writer)) => {
                watch.epochs.last = now;
                Ok(writer)
            }
            None => unreachable!("the pipe has just been made"),
        }
    }

    /// Closes the writing end of the pipe, so that its children alone hold it.
    fn retire_pipe(&mut self) {
        self.past.extend(self.pipe.take().map(|(watch, _)| watch));
    }

    /// The reclaimer of a copy of the process, in which this is called: its
    /// parent's current epoch is the one that it was born in.
    pub(crate) fn of_copy(mut self) -> Self {
        self.inherited.extend(self.pipe.take().map(|(_, writer)| writer));
        Self { inherited: self.inherited, ..Self::new() }
    }

    pub(crate) fn inherit(&mut self, claims: Vec<OwnedFd>) {
        self.inherited.extend(claims);
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
