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
use crate::codec::read::from_bytes;
use crate::codec::sink::Bytes;
use crate::codec::write::to_sink;
use crate::error::Cause;
use crate::process::birth::{Birth, Ties};
use crate::process::start_method::StartMethod;
use crate::shm::heap;
use crate::shm::reduction::{Payload, Place, Shared};
use crate::sys::entry::Entry;
use crate::sys::in_flight::patiently;
use crate::sys::memory::{read_sealed, seal};
use crate::sys::socket::{self, Received};

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
    name: String,
    method: StartMethod,
    /// The arguments, the head, and the head's length.
    bytes: Bytes,
    ties: Ties,
    directory: Option<OwnedFd>,
    claims: Vec<OwnedFd>,
    shared: Shared,
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
        payload: Payload,
    ) -> io::Result<Self> {
        let Payload { mut bytes, mut shared } = payload;
        // Who gets no shared object can use no shared memory.
        let claims =
            if shared.arenas.is_empty() { Vec::new() } else { heap::claims()? };
        let (name, method) = (birth.name.clone(), birth.method);
        let head = Head {
            entry,
            birth,
            has_directory: directory.is_some(),
            has_result: ties.result.is_some(),
            claims: u32::try_from(claims.len()).map_err(|_| Errno::E2BIG)?,
            places: mem::take(&mut shared.places),
        };
        let start = bytes.length();
        to_sink(&head, &mut bytes).map_err(io::Error::other)?;
        let length = (bytes.length() - start) as u64;
        bytes.push(&length.to_ne_bytes())?;
        let bytes = bytes.finish()?;
        if let Bytes::File(file) = &bytes {
            seal(file)?;
        }
        Ok(Self { name, method, bytes, ties, directory, claims, shared })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn method(&self) -> StartMethod {
        self.method
    }

    pub(crate) fn send(&self, to: BorrowedFd) -> io::Result<()> {
        let mut fds = Vec::with_capacity(4 + self.claims.len());
        match &self.bytes {
            Bytes::Inline(bytes) => {
                self.push_fds(&mut fds);
                patiently(|| socket::send(to, &[&[INLINE], bytes], &fds))
            }
            Bytes::File(file) => {
                fds.push(file.as_fd());
                self.push_fds(&mut fds);
                patiently(|| socket::send(to, &[&[FILE]], &fds))
            }
        }
    }

    fn push_fds<'a>(&'a self, fds: &mut Vec<BorrowedFd<'a>>) {
        fds.push(self.ties.parent_sentinel.as_fd());
        fds.extend(self.ties.result.iter().map(AsFd::as_fd));
        fds.extend(self.directory.iter().map(AsFd::as_fd));
        fds.extend(self.claims.iter().map(AsFd::as_fd));
        fds.extend(self.shared.arenas.iter().map(|arena| arena.fd()));
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
            Content::File(file) => read_sealed(file.as_fd())
                .map_err(crate::Error::system("read the arguments"))?,
        };
        let (rest, length) =
            bytes.split_last_chunk().ok_or(broken("it is too short"))?;
        let start = usize::try_from(u64::from_ne_bytes(*length))
            .ok()
            .and_then(|length| rest.len().checked_sub(length))
            .ok_or(broken("its head is longer than it is"))?;
        let (arguments, head) = rest.split_at(start);
        let head: Head = from_bytes(head).map_err(|error| {
            Cause::Unpack("its head is broken", Some(error.into()))
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
