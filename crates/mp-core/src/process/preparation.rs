//! What a new process is sent: who it is, what it runs, and with what.
//!
//! One message over a socket, with the descriptors beside it. What is too long
//! for a message goes in a sealed file in memory, so that nobody waits for
//! anybody to read.

use std::io;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::error::Cause;
use crate::process::birth::{Birth, Ties};
use crate::shm::heap;
use crate::shm::reduction::{Payload, Place};
use crate::sys::entry::Entry;
use crate::sys::memory::{read_sealed, sealed};
use crate::sys::socket::{self, Received};

/// The longest message. It fits into a socket's buffer with room to spare.
const LONGEST: usize = 32 << 10;

/// What a message is, by its first byte.
const SERVE: u8 = b'S';
const INLINE: u8 = b'I';
const FILE: u8 = b'F';

/// The part that is read first: it stands behind the arguments, and behind it
/// its own length.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    entry: u64,
    birth: Birth,
    has_directory: bool,
    has_result: bool,
    claims: u32,
    places: Vec<Place>,
}

/// A process to be, in its parent.
#[derive(Debug)]
pub(crate) struct Preparation {
    head: Head,
    ties: Ties,
    directory: Option<OwnedFd>,
    claims: Vec<OwnedFd>,
    payload: Payload,
}

/// The same, on its way in.
#[derive(Debug)]
pub(crate) struct Delivery {
    content: Content,
    fds: Vec<OwnedFd>,
}

#[derive(Debug)]
enum Content {
    /// The message, its first byte included.
    Inline(Vec<u8>),
    File(OwnedFd),
}

/// What a process that was summoned is told to be.
#[derive(Debug)]
pub(crate) enum Message {
    Serve,
    Run(Delivery),
}

/// The same, opened in the process that it made.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) entry: &'static Entry,
    pub(crate) birth: Birth,
    pub(crate) ties: Ties,
    pub(crate) directory: Option<OwnedFd>,
    pub(crate) claims: Vec<OwnedFd>,
    pub(crate) places: Vec<Place>,
    pub(crate) arenas: Vec<OwnedFd>,
    pub(crate) arguments: &'static [u8],
}

impl Preparation {
    pub(crate) fn new(
        entry: u64,
        birth: Birth,
        ties: Ties,
        directory: Option<OwnedFd>,
        mut payload: Payload,
    ) -> io::Result<Self> {
        // Who gets no shared object can use no shared memory.
        let claims = if payload.shared.arenas.is_empty() {
            Vec::new()
        } else {
            heap::claims()?
        };
        let count = u32::try_from(claims.len()).map_err(|_| Errno::E2BIG)?;
        let has_directory = directory.is_some();
        let places = mem::take(&mut payload.shared.places);
        let has_result = ties.result.is_some();
        let head = Head {
            entry,
            birth,
            has_directory,
            has_result,
            claims: count,
            places,
        };
        Ok(Self { head, ties, directory, claims, payload })
    }

    pub(crate) fn name(&self) -> &str {
        &self.head.birth.name
    }

    pub(crate) fn send(&self, to: BorrowedFd) -> io::Result<()> {
        let head = postcard::to_stdvec(&self.head)
            .map_err(|_| io::ErrorKind::OutOfMemory)?;
        let length = (head.len() as u64).to_ne_bytes();
        let bytes = &self.payload.bytes;
        let size = 1 + bytes.len() + head.len() + length.len();
        let mut fds = Vec::with_capacity(2 + self.claims.len());
        if size <= LONGEST {
            self.push_fds(&mut fds);
            socket::send(to, &[&[INLINE], bytes, &head, &length], &fds)
        } else {
            let file = sealed(&[bytes, &head, &length])?;
            fds.push(file.as_fd());
            self.push_fds(&mut fds);
            socket::send(to, &[&[FILE]], &fds)
        }
    }

    fn push_fds<'a>(&'a self, fds: &mut Vec<BorrowedFd<'a>>) {
        fds.push(self.ties.parent_sentinel.as_fd());
        fds.extend(self.ties.result.iter().map(AsFd::as_fd));
        fds.extend(self.directory.iter().map(AsFd::as_fd));
        fds.extend(self.claims.iter().map(AsFd::as_fd));
        fds.extend(self.payload.shared.arenas.iter().map(|arena| arena.fd()));
    }
}

/// Tells a process that was summoned to be a server.
pub(crate) fn send_serve(to: BorrowedFd) -> io::Result<()> {
    socket::send(to, &[&[SERVE]], &[])
}

/// Receives a message. None if there is nobody to send one any more.
///
/// # Errors
///
/// `EINVAL` for a message that is no such message.
pub(crate) fn receive(from: BorrowedFd) -> io::Result<Option<Message>> {
    let Some(Received { bytes, mut fds }) = socket::receive(from)? else {
        return Ok(None);
    };
    let content = match bytes.first() {
        Some(&SERVE) => return Ok(Some(Message::Serve)),
        Some(&INLINE) => Content::Inline(bytes),
        Some(&FILE) if !fds.is_empty() => Content::File(fds.remove(0)),
        _ => return Err(Errno::EINVAL.into()),
    };
    Ok(Some(Message::Run(Delivery { content, fds })))
}

impl Delivery {
    /// Reads it. What it brings stays for the life of the process.
    pub(crate) fn open(self) -> Result<Opened> {
        let broken = |what| Cause::Unpack(what, None);
        let bytes: &'static [u8] = match self.content {
            Content::Inline(bytes) => &bytes.leak()[1..],
            Content::File(file) => read_sealed(&file)
                .map_err(crate::Error::system("read the arguments"))?,
        };
        let (rest, length) =
            bytes.split_last_chunk().ok_or(broken("it is too short"))?;
        let start = usize::try_from(u64::from_ne_bytes(*length))
            .ok()
            .and_then(|length| rest.len().checked_sub(length))
            .ok_or(broken("its head is longer than it is"))?;
        let (arguments, head) = rest.split_at(start);
        let head: Head = postcard::from_bytes(head).map_err(|error| {
            Cause::Unpack("its head is broken", Some(error))
        })?;
        let entry = Entry::at(head.entry)
            .ok_or(broken("there is no such entry in the program"))?;
        let mut fds = self.fds.into_iter();
        let parent_sentinel =
            fds.next().ok_or(broken("a descriptor is missing"))?;
        let result = head.has_result.then(|| fds.next()).flatten();
        let directory = head.has_directory.then(|| fds.next()).flatten();
        let claims = fds.by_ref().take(head.claims as usize).collect();
        Ok(Opened {
            entry,
            birth: head.birth,
            ties: Ties { parent_sentinel, result },
            directory,
            claims,
            places: head.places,
            arenas: fds.collect(),
            arguments,
        })
    }
}
