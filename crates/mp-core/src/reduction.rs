//! A body to bytes and back, and the shared objects that travel with it.
//!
//! CPython: `multiprocessing/reduction.py`. What is plain data goes as bytes. A
//! shared object goes as a place in an arena, and the arena's descriptor goes
//! beside the bytes. That works only while a process is being started, when
//! there is somebody to take the descriptors: Python's rule, "through
//! inheritance".

use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::errno::Errno;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ErrorKind;
use crate::heap::{Arena, Block};

/// Bytes, and the arenas that they refer to.
#[derive(Debug, Default)]
pub struct Parcel {
    pub(crate) bytes: Vec<u8>,
    pub(crate) arenas: Vec<Arc<Arena>>,
}

/// An arena that a parcel refers to, in the process that got it.
enum Arrived {
    Fd(Option<OwnedFd>),
    Mapped(Arc<Arena>),
}

thread_local! {
    static SENDING: RefCell<Option<Vec<Arc<Arena>>>> =
        const { RefCell::new(None) };
    static ARRIVED: RefCell<Option<Vec<Arrived>>> =
        const { RefCell::new(None) };
}

/// Makes a value ready to be sent to a process that is being started.
pub(crate) fn pack<T: Serialize>(value: &T) -> Result<Parcel, postcard::Error> {
    SENDING.set(Some(Vec::new()));
    let bytes = postcard::to_stdvec(value);
    let arenas = SENDING.take().unwrap_or_default();
    Ok(Parcel { bytes: bytes?, arenas })
}

/// Keeps the arenas that came with a parcel, until it is unpacked.
pub(crate) fn arrive(arenas: Vec<OwnedFd>) {
    let arrived = arenas.into_iter().map(|fd| Arrived::Fd(Some(fd))).collect();
    ARRIVED.set(Some(arrived));
}

/// Makes a value from what was sent.
pub(crate) fn unpack<T: Deserialize<'static>>(
    bytes: &'static [u8],
) -> Result<T, postcard::Error> {
    let value = postcard::from_bytes(bytes);
    // What nothing refers to is closed.
    ARRIVED.set(None);
    value
}

/// Where a block is, in the nth arena of the parcel, and how many items its
/// owner sees in it.
#[derive(Serialize, Deserialize)]
struct Place {
    arena: usize,
    offset: usize,
    length: usize,
    count: usize,
}

/// Serializes the place of a block that holds `count` items, of a `what`.
pub(crate) fn serialize_block<S: Serializer>(
    block: &Block,
    count: usize,
    what: &'static str,
    to: S,
) -> Result<S::Ok, S::Error> {
    let arena = SENDING.with_borrow_mut(|sending| {
        let arenas = sending.as_mut()?;
        let known =
            arenas.iter().position(|arena| Arc::ptr_eq(arena, block.arena()));
        Some(known.unwrap_or_else(|| {
            arenas.push(block.arena().clone());
            arenas.len() - 1
        }))
    });
    let Some(arena) = arena else {
        return Err(S::Error::custom(ErrorKind::NotInheriting(what)));
    };
    let (offset, length) = (block.offset(), block.length());
    Place { arena, offset, length, count }.serialize(to)
}

/// The block that [`serialize_block`] meant, and the number of items.
pub(crate) fn deserialize_block<'de, D: Deserializer<'de>>(
    what: &'static str,
    from: D,
) -> Result<(Arc<Block>, usize), D::Error> {
    let place = Place::deserialize(from)?;
    let broken = |_| D::Error::custom("it is in no arena that was sent along");
    let arena = ARRIVED.with_borrow_mut(|arrived| {
        let Some(arenas) = arrived else {
            return Err(D::Error::custom(ErrorKind::NotInheriting(what)));
        };
        let arrived = arenas.get_mut(place.arena);
        let arrived = arrived.ok_or(Errno::EINVAL).map_err(broken)?;
        arrived.map().map_err(D::Error::custom)
    })?;
    let block = Block::attach(arena, place.offset, place.length)
        .map_err(|_| broken(Errno::EINVAL))?;
    Ok((Arc::new(block), place.count))
}

impl Arrived {
    /// The arena, which is mapped when the first object in it is met.
    fn map(&mut self) -> std::io::Result<Arc<Arena>> {
        if let Self::Fd(fd) = self {
            let fd = fd.take().ok_or(Errno::EBADF)?;
            *self = Self::Mapped(Arc::new(Arena::attach(fd)?));
        }
        match self {
            Self::Mapped(arena) => Ok(arena.clone()),
            Self::Fd(_) => Err(Errno::EBADF.into()),
        }
    }
}
