//! Who may still be using a block that its owner has dropped.
//!
//! Handles of shared objects go to a process when it is started, and from it
//! to those that it starts. So a dropped block may be handed out again once
//! every process that was started during the life of the block has ended, and
//! all that these have started.
//!
//! The kernel keeps count. Time is cut into epochs. All children that are
//! started in one epoch get the writing end of the epoch's pipe, and hand it on
//! to their own children; when the last of them has ended, the reading end
//! hangs up. An epoch ends when a block is dropped, so that later children do
//! not keep that block. A process that was killed needs no clearing up.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::pipe2;

use crate::sys::private_fd::PrivateFd;

/// The most epochs that are told apart at a time, each with a descriptor. With
/// more, blocks are kept for longer, and nothing else changes.
const MOST_EPOCHS: usize = 16;

/// The epochs during which a block lived, both included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    first: u64,
    last: u64,
}

/// The children of a process by the epochs of their start, and its own place
/// among the children of its ancestors.
#[derive(Debug)]
pub(crate) struct Lineage {
    now: u64,
    /// Of the current epoch, once a child was started in it.
    pipe: Option<(PrivateFd, OwnedFd)>,
    /// Earlier epochs of which a process was alive when one last looked.
    past: VecDeque<(u64, PrivateFd)>,
    /// This process's own claims on the memory of its ancestors.
    inherited: Vec<OwnedFd>,
}

impl Default for Lineage {
    fn default() -> Self {
        Self::new()
    }
}

impl Lineage {
    pub(crate) const fn new() -> Self {
        Self {
            now: 0,
            pipe: None,
            past: VecDeque::new(),
            inherited: Vec::new(),
        }
    }

    /// The number of the current epoch.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// The epochs of a block that was made in `born` and is dropped now.
    pub(crate) fn end_of_life(&mut self, born: u64) -> Span {
        let life = Span { first: born, last: self.now };
        if self.pipe.is_some() {
            if self.past.len() >= MOST_EPOCHS {
                self.look_around();
            }
            if self.past.len() < MOST_EPOCHS {
                self.end_epoch();
            }
        }
        life
    }

    /// Whether no process lives that was started in the span, or descends from
    /// one that was, as of the last [`look_around`](Self::look_around).
    pub(crate) fn is_extinct(&self, span: Span) -> bool {
        let lived = |epoch| span.first <= epoch && epoch <= span.last;
        !(self.pipe.is_some() && lived(self.now)
            || self.past.iter().any(|&(epoch, _)| lived(epoch)))
    }

    /// Finds out which epochs have died out.
    pub(crate) fn look_around(&mut self) {
        self.past.retain(|(_, reader)| !has_hung_up(reader));
        if self.past.len() < MOST_EPOCHS && self.pipe.is_some() {
            self.end_epoch();
            self.past.retain(|(_, reader)| !has_hung_up(reader));
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

    /// The writing end of the current epoch's pipe.
    pub(crate) fn writer(&mut self) -> io::Result<&OwnedFd> {
        if self.pipe.is_none() {
            let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
            self.pipe = Some((PrivateFd::new(reader), writer));
        }
        match &self.pipe {
            Some((_, writer)) => Ok(writer),
            None => unreachable!("the pipe has just been made"),
        }
    }

    fn end_epoch(&mut self) {
        if let Some((reader, _)) = self.pipe.take() {
            self.past.push_back((self.now, reader));
            self.now += 1;
        }
    }

    /// The lineage of a copy of the process, in which this is called: its
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
