//! Memory that processes share, and nothing in the file system is named after.

#![allow(unsafe_code, reason = "maps memory and reads it")]

use std::ffi::CStr;
use std::io;
use std::ops::{Deref, Range};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8,
    AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
};

use memmap2::{Advice, Mmap, MmapOptions, MmapRaw};
use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, FcntlArg, SealFlag, fallocate, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::sysinfo::sysinfo;
use nix::sys::uio::pwrite;
use nix::unistd::ftruncate;

use super::fd::beyond_std_streams;

/// Types that may stand in memory that another process changes at any time.
///
/// # Safety
///
/// Every pattern of bytes is valid, and whatever changes it, here or in
/// another process, does so by atomic operations or under a protocol of its
/// own (as that of a futex).
pub(crate) unsafe trait Shared: Sync {}

macro_rules! shared {
    ($($atomic:ty)*) => {$(
        // SAFETY: any bytes are a valid number, and an atomic changes them.
        unsafe impl Shared for $atomic {}
    )*};
}
shared!(AtomicI8 AtomicI16 AtomicI32 AtomicI64 AtomicIsize);
shared!(AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicUsize);

/// A stretch of memory, and the descriptor by which others can map it.
#[derive(Debug)]
pub(crate) struct Mapping {
    map: MmapRaw,
    fd: OwnedFd,
}

impl Mapping {
    /// Makes a place for `length` bytes. [`reserve`](Self::reserve) fills it.
    pub(crate) fn new(length: usize) -> io::Result<Self> {
        let fd = memfd_create(
            c"mp-core arena",
            MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING,
        )?;
        let fd = beyond_std_streams(fd)?;
        allow_size(length)?;
        // The kernel would try, and take the memory from everybody until it
        // has to kill somebody.
        let system = sysinfo()?;
        if length as u64 > system.ram_total() + system.swap_total() {
            return Err(Errno::ENOMEM.into());
        }
        ftruncate(&fd, file_offset(length)?)?;
        // Nobody can shrink it under those who have it mapped.
        let seals = SealFlag::F_SEAL_SHRINK
            | SealFlag::F_SEAL_GROW
            | SealFlag::F_SEAL_SEAL;
        fcntl(&fd, FcntlArg::F_ADD_SEALS(seals))?;
        let map = MmapOptions::new().len(length).map_raw(&fd)?;
        Ok(Self { map, fd })
    }

    /// Has the system provide these bytes, which are zero at first.
    ///
    /// They are there when this returns: a shortage is an error here, not a
    /// SIGBUS at the first use.
    pub(crate) fn reserve(&self, bytes: Range<usize>) -> io::Result<()> {
        if let Err(error) = self.allocate(bytes.clone()) {
            let start = file_offset(bytes.start)?;
            let length = file_offset(bytes.len())?;
            let give_back = FallocateFlags::FALLOC_FL_PUNCH_HOLE
                | FallocateFlags::FALLOC_FL_KEEP_SIZE;
            let _ = retry(|| fallocate(&self.fd, give_back, start, length));
            return Err(error);
        }
        // Saves a fault for each page. Before Linux 5.14 there are the faults.
        let _ = self.map.advise_range(
            Advice::PopulateWrite,
            bytes.start,
            bytes.len(),
        );
        Ok(())
    }

    /// Has the file take these bytes. If it cannot, it may have taken some.
    fn allocate(&self, bytes: Range<usize>) -> io::Result<()> {
        let mut start = bytes.start;
        let mut piece = bytes.len();
        while start < bytes.end {
            let length = piece.min(bytes.end - start);
            let place = (file_offset(start)?, file_offset(length)?);
            let flags = FallocateFlags::empty();
            match fallocate(&self.fd, flags, place.0, place.1) {
                Ok(()) => start += length,
                // A signal came in between, and the kernel has begun anew. If
                // they keep coming, only less is done before the next.
                Err(Errno::EINTR) => {
                    piece = (piece / 2).next_multiple_of(page_size());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Maps memory that another process made.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the descriptor is not one that [`new`](Self::new) made.
    pub(crate) fn attach(fd: OwnedFd) -> io::Result<Self> {
        require_seals(&fd, SealFlag::F_SEAL_SHRINK)?;
        let map = MmapOptions::new().map_raw(&fd)?;
        Ok(Self { map, fd })
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(crate) fn length(&self) -> usize {
        self.map.len()
    }

    /// Where `length` bytes lie from `offset` on.
    ///
    /// # Panics
    ///
    /// If they are not within the memory.
    pub(crate) fn place(&self, offset: usize, length: usize) -> NonNull<u8> {
        let end = offset.checked_add(length);
        assert!(
            end.is_some_and(|end| end <= self.map.len()),
            "a block lies outside of its shared memory"
        );
        // SAFETY: `offset` is within the mapping, or at its end.
        let place = unsafe { self.map.as_mut_ptr().add(offset) };
        let Some(place) = NonNull::new(place) else {
            unreachable!("no mapping begins at nought")
        };
        place
    }
}

/// An empty file in memory.
pub(crate) fn file(name: &CStr) -> io::Result<OwnedFd> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    beyond_std_streams(memfd_create(name, flags)?)
}

/// Forbids every change of a file in memory that nobody has mapped for writing.
///
/// `F_SEAL_WRITE` would forbid as much, and look for such mappings first: it
/// waits for others to let go of pages, and fails if they do not in time.
pub(crate) fn seal(fd: impl AsFd) -> io::Result<()> {
    match fcntl(fd, FcntlArg::F_ADD_SEALS(SEALS)) {
        // It has been sealed already.
        Ok(_) | Err(Errno::EPERM) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

const SEALS: SealFlag = SealFlag::F_SEAL_FUTURE_WRITE
    .union(SealFlag::F_SEAL_SHRINK)
    .union(SealFlag::F_SEAL_GROW)
    .union(SealFlag::F_SEAL_SEAL);

/// The bytes of a file in memory that was [sealed](seal).
#[derive(Debug)]
pub(crate) struct MappedFile(Mmap);

impl MappedFile {
    /// # Errors
    ///
    /// `EINVAL` if the file could still be changed.
    pub(crate) fn new(fd: BorrowedFd) -> io::Result<Self> {
        require_seals(fd, SEALS)?;
        // SAFETY: the seals, which cannot be taken off, forbid every change but
        // by a mapping for writing that was made before them. This crate makes
        // none of such a file; a program that finds the descriptor and does
        // would break this.
        Ok(Self(unsafe { MmapOptions::new().map(&fd) }?))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// The bytes of a [sealed](seal) file. They stay for the life of the process.
///
/// # Errors
///
/// `EINVAL` if the file could still be changed.
pub(crate) fn read_sealed(fd: BorrowedFd) -> io::Result<&'static [u8]> {
    Ok(&Box::leak(Box::new(MappedFile::new(fd)?)).0)
}

/// Writes all these bytes to a file, from a place on.
pub(crate) fn write_at(
    fd: BorrowedFd,
    mut bytes: &[u8],
    mut place: usize,
) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = retry(|| pwrite(fd, bytes, file_offset(place)?))?;
        bytes = &bytes[written..];
        place += written;
    }
    Ok(())
}

/// Refuses a file that is longer than this process may make one. The kernel
/// would not only refuse it, but send SIGXFSZ, which ends the process.
pub(crate) fn allow_size(length: usize) -> io::Result<()> {
    let (limit, _) = getrlimit(Resource::RLIMIT_FSIZE)?;
    if length as u64 > limit { Err(Errno::EFBIG.into()) } else { Ok(()) }
}

pub(crate) fn file_offset(length: usize) -> nix::Result<libc::off_t> {
    libc::off_t::try_from(length).map_err(|_| Errno::ENOMEM)
}

fn require_seals(fd: impl AsFd, wanted: SealFlag) -> io::Result<()> {
    let seals = fcntl(fd, FcntlArg::F_GET_SEALS)?;
    if SealFlag::from_bits_truncate(seals).contains(wanted) {
        Ok(())
    } else {
        Err(Errno::EINVAL.into())
    }
}

pub(crate) fn retry<T>(
    mut call: impl FnMut() -> nix::Result<T>,
) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// The system's unit of memory, in bytes.
pub(crate) fn page_size() -> usize {
    nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(4096)
}
