//! Where the bytes of a value go: into memory and, when there are many, on into
//! a file in memory.

use std::io;
use std::mem;
use std::os::fd::{AsFd, OwnedFd};

use crate::sys::memory::{allow_size, file, write_at};
use crate::sys::private_fd::PrivateFd;

/// What is collected before it is written to the file. It stays in the
/// processor's cache until then, and fits into a message with room to spare.
pub(crate) const PIECE: usize = 32 << 10;

/// Bytes on their way.
#[derive(Debug)]
pub(crate) struct Sink {
    bytes: Vec<u8>,
    file: Option<Target>,
    /// Where in the file the bytes will go.
    place: usize,
}

/// The file that they go to.
#[derive(Debug)]
enum Target {
    Made(OwnedFd),
    /// Not through a descriptor of the sink's own: there may be none left.
    Given(&'static PrivateFd),
}

/// Where they are.
#[derive(Debug)]
pub(crate) enum Bytes {
    Inline(Vec<u8>),
    /// From the beginning of a file.
    File(OwnedFd),
}

impl Default for Bytes {
    fn default() -> Self {
        Self::Inline(Vec::new())
    }
}

impl Sink {
    /// Makes a file only if there are many bytes.
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::new(), file: None, place: 0 }
    }

    /// Writes to a file from some place on.
    pub(crate) fn to_file(file: &'static PrivateFd, place: usize) -> Self {
        Self { bytes: Vec::new(), file: Some(Target::Given(file)), place }
    }

    /// How many bytes there are.
    pub(crate) fn length(&self) -> usize {
        self.place + self.bytes.len()
    }

    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.bytes.len() + bytes.len() > PIECE {
            return self.spill(bytes);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what was collected to the file, and the new bytes if they are
    /// many: straight from where they are.
    #[cold]
    fn spill(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.flush()?;
        if bytes.len() > PIECE {
            return self.write(bytes);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut bytes = mem::take(&mut self.bytes);
        self.write(&bytes)?;
        bytes.clear();
        self.bytes = bytes;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        allow_size(self.place.saturating_add(bytes.len()))?;
        let target: &Target = match &mut self.file {
            Some(target) => target,
            none => none.insert(Target::Made(file(c"mp-core arguments")?)),
        };
        let file = match target {
            Target::Made(file) => file.as_fd(),
            Target::Given(file) => file.get()?,
        };
        write_at(file, bytes, self.place)?;
        self.place += bytes.len();
        Ok(())
    }

    /// All bytes, where they are.
    pub(crate) fn finish(mut self) -> io::Result<Bytes> {
        if self.file.is_some() {
            self.flush()?;
        }
        Ok(match self.file {
            Some(Target::Made(file)) => Bytes::File(file),
            Some(Target::Given(_)) | None => Bytes::Inline(self.bytes),
        })
    }

    /// Where the file ends, with all bytes in it.
    pub(crate) fn end(mut self) -> io::Result<usize> {
        self.flush()?;
        Ok(self.place)
    }
}
