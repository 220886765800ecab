//! The file in memory by which a child gives its result.
//!
//! The parent makes it, and has it when the child has ended, whatever ended
//! that. So the child waits for nobody, the result may be of any length, and
//! the parent reads it when it likes.
//!
//! The file begins with a header; behind it stands a value, a panic or the
//! reason of a failure. The header is written last and in one call, so that a
//! child that is killed meanwhile has left what was there before.

use std::io;
use std::mem::offset_of;
use std::ops::Deref;
use std::os::fd::OwnedFd;

use bytemuck::{Pod, Zeroable};
use nix::sys::uio::pread;
use serde::de::DeserializeOwned;

use crate::codec::error::Result;
use crate::codec::read::from_bytes;
use crate::codec::sink::Sink;
use crate::error::Panic;
use crate::sys::last_words::{self, LastWord};
use crate::sys::memory::{self, MappedFile};
use crate::sys::private_fd::PrivateFd;

/// Where what is not the header begins.
const CONTENT: usize = 64;

/// What is read in one piece: the header, and a short content.
const FIRST: usize = 4 << 10;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Header {
    state: u32,
    /// Not 0 if the target may have begun.
    begun: u32,
    length: u64,
    /// A [`LastWord`], which is written apart from the rest.
    last_word: u32,
    _padding: u32,
}

const _: () =
    assert!(offset_of!(Header, last_word) == last_words::OFFSET as usize);

/// What stands behind the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum State {
    Nothing = 0,
    Value = 1,
    /// A panic, which may still be caught.
    Panicking = 2,
    /// A panic that ended the target.
    Panicked = 3,
    /// Why there is no value, in words.
    Failed = 4,
}

/// The file, in the parent or in the child.
#[derive(Debug)]
pub(crate) struct ResultFile {
    fd: PrivateFd,
}

/// What a child has left.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) state: State,
    pub(crate) begun: bool,
    pub(crate) last_word: Option<LastWord>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Short(Vec<u8>),
    Mapped(MappedFile, usize),
}

impl ResultFile {
    pub(crate) fn new() -> io::Result<Self> {
        let file = memory::file(c"mp-core result")?;
        Ok(Self { fd: PrivateFd::new(file) })
    }

    /// The file that another process has made.
    pub(crate) fn of(fd: OwnedFd) -> Self {
        Self { fd: PrivateFd::new(fd) }
    }

    /// A descriptor for the child.
    pub(crate) fn for_child(&self) -> io::Result<OwnedFd> {
        self.fd.get()?.try_clone_to_owned()
    }

    /// Has the file tell what this process says last.
    pub(crate) fn take_last_words(&self) -> io::Result<()> {
        last_words::go_to(self.fd.get()?);
        Ok(())
    }

    /// Writes what stands behind the header, and then the header.
    ///
    /// # Errors
    ///
    /// Those of `content`; and if there is no memory for it, or it is longer
    /// than a file may be.
    pub(crate) fn write(
        &'static self,
        state: State,
        begun: bool,
        content: impl FnOnce(&mut Sink) -> Result<()>,
    ) -> Result<()> {
        memory::allow_size(CONTENT)?;
        let mut sink = Sink::to_file(&self.fd, CONTENT);
        content(&mut sink)?;
        let header = Header {
            state: state as u32,
            begun: begun.into(),
            length: (sink.end()? - CONTENT) as u64,
            last_word: 0,
            _padding: 0,
        };
        let bytes = bytemuck::bytes_of(&header);
        let bytes = &bytes[..offset_of!(Header, last_word)];
        Ok(memory::write_at(self.fd.get()?, bytes, 0)?)
    }

    /// Says that the panic that stands there was not caught.
    pub(crate) fn confirm_panic(&self) -> io::Result<()> {
        let state = (State::Panicked as u32).to_ne_bytes();
        let place = offset_of!(Header, state);
        memory::write_at(self.fd.get()?, &state, place)
    }

    /// Reads what the child has left. It has ended.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the file is not what a child leaves.
    pub(crate) fn read(&self) -> io::Result<Record> {
        let file = self.fd.get()?;
        let mut first = [0; FIRST];
        let length = memory::retry(|| pread(file, &mut first, 0))?;
        let header: Header =
            bytemuck::pod_read_unaligned(&first[..size_of::<Header>()]);
        let states = [
            State::Nothing,
            State::Value,
            State::Panicking,
            State::Panicked,
            State::Failed,
        ];
        let state = states
            .into_iter()
            .find(|state| *state as u32 == header.state)
            .ok_or(io::ErrorKind::InvalidData)?;
        let end = usize::try_from(header.length)
            .ok()
            .and_then(|length| length.checked_add(CONTENT))
            .ok_or(io::ErrorKind::InvalidData)?;
        let content = if end <= length {
            Content::Short(first[CONTENT..end].to_vec())
        } else if end <= CONTENT {
            Content::Short(Vec::new())
        } else {
            memory::seal(file)?;
            let mapped = MappedFile::new(file)?;
            if mapped.len() < end {
                return Err(io::ErrorKind::InvalidData.into());
            }
            Content::Mapped(mapped, end)
        };
        Ok(Record {
            state,
            begun: header.begun != 0,
            last_word: LastWord::from_word(header.last_word),
            content,
        })
    }
}

impl Record {
    fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Short(bytes) => bytes,
            Content::Mapped(file, end) => &file.deref()[CONTENT..*end],
        }
    }

    /// The value, if that is what stands there.
    pub(crate) fn value<R: DeserializeOwned>(&self) -> Result<R> {
        from_bytes(self.bytes())
    }

    /// The panic, if that is what stands there.
    pub(crate) fn panic(&self) -> Option<Panic> {
        matches!(self.state, State::Panicking | State::Panicked)
            .then(|| from_bytes(self.bytes()).ok())?
    }

    /// Why there is no value, if the child could say so.
    pub(crate) fn failure(&self) -> Option<String> {
        (self.state == State::Failed)
            .then(|| String::from_utf8_lossy(self.bytes()).into_owned())
    }
}
