//! A body to bytes and back, and the shared objects that travel with it.
//!
//! CPython: `multiprocessing/reduction.py`. What is plain data goes as bytes. A
//! shared object goes as a place in an arena, and the arena's descriptor goes
//! beside the bytes. That works only while a process is being started, when
//! there is somebody to take the descriptors: Python's rule, "through
//! inheritance".

use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::errno::Errno;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec;
use crate::codec::read::from_bytes;
use crate::codec::sink::Sink;
use crate::codec::write::to_sink;
use crate::error::Cause;
use crate::shm::heap::{Arena, Block};

/// Bytes, and the shared objects that they refer to.
#[derive(Debug)]
pub struct Payload {
    pub(crate) bytes: Sink,
    pub(crate) shared: Shared,
}

/// The shared objects of a payload. The bytes say only which of them stands
/// where, so that no bytes can make an object out of anything else.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) places: Vec<Place>,
    pub(crate) arenas: Vec<Arc<Arena>>,
    /// What must not be freed before the process has been started.
    kept: Vec<Arc<dyn Any + Send + Sync>>,
}

/// Where a block is, in the nth arena of the payload, what it is to its owner,
/// and what the owner sees in it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    what: Cow<'static, str>,
    arena: usize,
    offset: usize,
    length: usize,
    pub(crate) extent: Extent,
}

/// What the owner of a block sees in it: so many items and, where they are
/// locked in chunks, how many bytes an item has, how many items a chunk, and
/// which chunk is meant.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Extent {
    pub(crate) count: usize,
    pub(crate) item_size: usize,
    pub(crate) chunk_length: usize,
    pub(crate) chunk: usize,
}

impl From<usize> for Extent {
    fn from(count: usize) -> Self {
        Self { count, item_size: 0, chunk_length: 0, chunk: 0 }
    }
}

/// What came with a payload, in the process that got it.
struct Arrival {
    places: Vec<Place>,
    arenas: Vec<Arrived>,
}

/// An arena that a payload refers to, in the process that got it.
enum Arrived {
    Fd(Option<OwnedFd>),
    Mapped(Arc<Arena>),
}

thread_local! {
    static SENDING: RefCell<Option<Shared>> = const { RefCell::new(None) };
    static ARRIVED: RefCell<Option<Arrival>> = const { RefCell::new(None) };
}

impl Default for Payload {
    fn default() -> Self {
        Self { bytes: Sink::new(), shared: Shared::default() }
    }
}

/// Makes a value ready to be sent to a process that is being started.
pub(crate) fn pack<T: Serialize>(value: &T) -> codec::error::Result<Payload> {
    let _sending = Sending::begin();
    let mut bytes = Sink::new();
    to_sink(value, &mut bytes)?;
    Ok(Payload { bytes, shared: SENDING.take().unwrap_or_default() })
}

/// The time in which shared objects may be serialized. It ends also with a
/// panic of what is serialized.
///
/// What is serialized may start a process itself, so there may be an outer one.
struct Sending(Option<Shared>);

impl Sending {
    fn begin() -> Self {
        Self(SENDING.replace(Some(Shared::default())))
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        SENDING.set(self.0.take());
    }
}

/// Keeps what came with a payload, until it is unpacked.
pub(crate) fn arrive(places: Vec<Place>, arenas: Vec<OwnedFd>) {
    let arenas = arenas.into_iter().map(|fd| Arrived::Fd(Some(fd))).collect();
    ARRIVED.set(Some(Arrival { places, arenas }));
}

/// Makes a value from what was sent.
pub(crate) fn unpack<T: Deserialize<'static>>(
    bytes: &'static [u8],
) -> codec::error::Result<T> {
    let value = from_bytes(bytes);
    // What nothing refers to is closed.
    ARRIVED.set(None);
    value
}

/// Serializes a `what`: a block, and what its owner sees in it.
pub(crate) fn serialize_block<B, S>(
    block: &Arc<B>,
    extent: impl Into<Extent>,
    what: &'static str,
    to: S,
) -> Result<S::Ok, S::Error>
where
    B: AsRef<Block> + Send + Sync + 'static,
    S: Serializer,
{
    let number = SENDING.with_borrow_mut(|sending| {
        let Shared { places, arenas, kept } = sending.as_mut()?;
        let place: &Block = (**block).as_ref();
        let known =
            arenas.iter().position(|arena| Arc::ptr_eq(arena, place.arena()));
        let arena = known.unwrap_or_else(|| {
            arenas.push(place.arena().clone());
            arenas.len() - 1
        });
        let (offset, length) = (place.offset(), place.length());
        let (what, extent) = (what.into(), extent.into());
        places.push(Place { what, arena, offset, length, extent });
        kept.push(block.clone());
        Some(places.len() - 1)
    });
    match number {
        Some(number) => number.serialize(to),
        None => Err(S::Error::custom(Cause::NotInheriting(what))),
    }
}

/// The block that [`serialize_block`] meant, and the number of items.
pub(crate) fn deserialize_block<'de, D: Deserializer<'de>>(
    what: &'static str,
    from: D,
) -> Result<(Block, usize), D::Error> {
    let (block, extent) = deserialize_extent(what, from)?;
    Ok((block, extent.count))
}

/// The block that [`serialize_block`] meant, and what its owner sees in it.
pub(crate) fn deserialize_extent<'de, D: Deserializer<'de>>(
    what: &'static str,
    from: D,
) -> Result<(Block, Extent), D::Error> {
    if ARRIVED.with_borrow(Option::is_none) {
        return Err(D::Error::custom(Cause::NotInheriting(what)));
    }
    let number = usize::deserialize(from)?;
    ARRIVED.with_borrow_mut(|arrived| {
        let Some(Arrival { places, arenas }) = arrived else {
            return Err(D::Error::custom(Cause::NotInheriting(what)));
        };
        let place = places.get(number).filter(|place| place.what == what);
        let arena = place.and_then(|place| arenas.get_mut(place.arena));
        let (Some(place), Some(arena)) = (place, arena) else {
            return Err(D::Error::custom("no such object was sent along"));
        };
        let arena = arena.map().map_err(D::Error::custom)?;
        let block = Block::attach(arena, place.offset, place.length)
            .map_err(D::Error::custom)?;
        Ok((block, place.extent))
    })
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
