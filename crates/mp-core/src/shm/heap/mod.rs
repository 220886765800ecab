//! The arenas that all shared objects live in.
//!
//! CPython: `multiprocessing/heap.py`. An arena is a file in memory, mapped
//! once in each process that was given something in it. A process hands out
//! blocks of its own arenas only; a block is found by its arena and its offset.
//!
//! Which blocks are free is known to the process that made the arena, and kept
//! in its own memory: no other process can upset it by dying. What others may
//! still be using is not handed out again; see [`reclaim`](super::reclaim).

use std::io;
use std::os::fd::OwnedFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use nix::errno::Errno;
use offset_allocator::{Allocation, Allocator};

use crate::shm::reclaim::{Reclaimer, Span};
use crate::sys::fork::generation;
use crate::sys::lock::lock;
use crate::sys::memory::{Mapping, page_size};

/// The unit of allocation: a line of the processor's cache, so that no two
/// objects share one.
const UNIT: usize = 64;

/// The first arena is small, since most programs share little; each one is
/// twice as large as the one before, so that a few descriptors are enough.
const FIRST_ARENA: usize = 16 << 10;
const LARGEST_ARENA: usize = 64 << 20;

/// The memory of an arena is reserved when blocks need it, in so many steps: an
/// arena that is hardly used takes little.
const STEPS: usize = 8;

/// A file of shared memory, in one of the processes that map it.
#[derive(Debug)]
pub(crate) struct Arena {
    mapping: Mapping,
    id: u64,
}

/// An arena of this process, with what is free in it.
struct OwnArena {
    arena: Arc<Arena>,
    allocator: Allocator,
    blocks: usize,
    /// How much of it, from its beginning on, is reserved.
    reserved: usize,
}

struct Heap {
    generation: u64,
    arenas: Vec<OwnArena>,
    reclaimer: Reclaimer,
    /// Blocks whose owner has dropped them, and which processes that lived at
    /// the same time may still be using.
    limbo: Vec<Freed>,
    /// How long the limbo may grow until it is looked through again.
    threshold: usize,
}

#[derive(Clone, Copy)]
struct Freed {
    arena: u64,
    allocation: Allocation,
    life: Span,
}

static HEAP: Mutex<Heap> = Mutex::new(Heap::new());

/// A piece of an arena. What is in it at first is what the one before left.
///
/// Dropping it in the process that made it frees the memory; in any other
/// process it only gives up the access.
pub(crate) struct Block {
    arena: Arc<Arena>,
    offset: usize,
    length: usize,
    lease: Option<Lease>,
}

/// What the process that made a block has to give back.
#[derive(Clone, Copy)]
struct Lease {
    generation: u64,
    allocation: Allocation,
    born: u64,
}

impl Block {
    /// What every block is aligned to.
    pub(crate) const ALIGN: usize = UNIT;

    /// Makes a block of at least `length` bytes.
    ///
    /// # Errors
    ///
    /// If the system has not the memory or the descriptors.
    pub(crate) fn new(length: usize) -> io::Result<Self> {
        heap(|heap| heap.allocate(length))
    }

    /// A block that another process made.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is not within the arena.
    pub(crate) fn attach(
        arena: Arc<Arena>,
        offset: usize,
        length: usize,
    ) -> io::Result<Self> {
        let end = offset.checked_add(length);
        if end.is_some_and(|end| end <= arena.mapping.length())
            && offset % UNIT == 0
        {
            Ok(Self { arena, offset, length, lease: None })
        } else {
            Err(Errno::EINVAL.into())
        }
    }

    pub(crate) fn arena(&self) -> &Arc<Arena> {
        &self.arena
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Where the block begins.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.arena.mapping.place(self.offset, self.length)
    }
}

impl AsRef<Self> for Block {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(lease) = self.lease {
            heap(|heap| heap.free(&self.arena, lease));
        }
    }
}

impl Arena {
    /// Maps an arena that another process made.
    pub(crate) fn attach(fd: OwnedFd) -> io::Result<Self> {
        Ok(Self { mapping: Mapping::attach(fd)?, id: next_id() })
    }

    pub(crate) fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.mapping.fd()
    }
}

impl Heap {
    const fn new() -> Self {
        Self {
            generation: 0,
            arenas: Vec::new(),
            reclaimer: Reclaimer::new(),
            limbo: Vec::new(),
            threshold: 0,
        }
    }

    fn allocate(&mut self, length: usize) -> io::Result<Block> {
        let units = u32::try_from(length.div_ceil(UNIT).max(1))
            .map_err(|_| Errno::ENOMEM)?;
        if self.limbo.len() > self.threshold {
            self.reclaim();
        }
        if let Some(block) = self.allocate_here(units) {
            return Ok(block);
        }
        if !self.limbo.is_empty() {
            self.reclaim();
            if let Some(block) = self.allocate_here(units) {
                return Ok(block);
            }
        }
        self.grow(units as usize * UNIT)?;
        self.allocate_here(units).ok_or_else(|| Errno::ENOMEM.into())
    }

    /// Tries the newest arena first: it has the most room.
    fn allocate_here(&mut self, units: u32) -> Option<Block> {
        let (own, allocation) =
            self.arenas.iter_mut().rev().find_map(|own| {
                let allocation = own.allocate(units)?;
                Some((own, allocation))
            })?;
        let block = Block {
            arena: own.arena.clone(),
            offset: allocation.offset as usize * UNIT,
            length: units as usize * UNIT,
            lease: Some(Lease {
                generation: self.generation,
                allocation,
                born: self.reclaimer.now(),
            }),
        };
        Some(block)
    }

    /// Adds an arena that has room for `wanted` bytes.
    fn grow(&mut self, wanted: usize) -> io::Result<()> {
        self.reclaimer.expect_copies()?;
        let next = self.arenas.last().map_or(FIRST_ARENA, |newest| {
            (newest.arena.mapping.length() * 2).min(LARGEST_ARENA)
        });
        // The allocator rounds sizes up to one in eight of a power of two.
        let room = wanted.checked_add(wanted / 8).ok_or(Errno::ENOMEM)?;
        let length = room.max(next).next_multiple_of(page_size());
        let units = u32::try_from(length / UNIT).map_err(|_| Errno::ENOMEM)?;
        let most_blocks = u32::try_from(next / UNIT).unwrap_or(u32::MAX / 2);
        let arena = Arena { mapping: Mapping::new(length)?, id: next_id() };
        let mut own = OwnArena {
            arena: Arc::new(arena),
            allocator: Allocator::with_max_allocs(units, most_blocks + 2),
            blocks: 0,
            reserved: 0,
        };
        own.reserve(wanted)?;
        self.arenas.push(own);
        Ok(())
    }

    fn free(&mut self, arena: &Arena, lease: Lease) {
        // In a forked child the block is its parent's to free.
        if lease.generation != self.generation {
            return;
        }
        let life = self.reclaimer.end_of_life(lease.born);
        let freed =
            Freed { arena: arena.id, allocation: lease.allocation, life };
        if self.reclaimer.is_extinct(life) {
            self.release(freed);
        } else {
            self.limbo.push(freed);
        }
    }

    /// Releases the blocks that nobody can be using any more.
    fn reclaim(&mut self) {
        self.reclaimer.look_around();
        let (free, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.limbo)
            .into_iter()
            .partition(|freed| self.reclaimer.is_extinct(freed.life));
        self.limbo = kept;
        self.threshold = self.limbo.len() * 2;
        for freed in free {
            self.release(freed);
        }
    }

    fn release(&mut self, freed: Freed) {
        let Some(index) =
            self.arenas.iter().position(|own| own.arena.id == freed.arena)
        else {
            return;
        };
        let own = &mut self.arenas[index];
        own.allocator.free(freed.allocation);
        own.blocks -= 1;
        // The newest is kept for what comes next.
        if own.blocks == 0 && index + 1 < self.arenas.len() {
            self.arenas.remove(index);
        }
    }
}

impl OwnArena {
    /// Takes so many units. None if they, or the memory for them, are not
    /// there.
    fn allocate(&mut self, units: u32) -> Option<Allocation> {
        let allocation = self.allocator.allocate(units)?;
        let end = (allocation.offset + units) as usize * UNIT;
        if end > self.reserved && self.reserve(end).is_err() {
            self.allocator.free(allocation);
            return None;
        }
        self.blocks += 1;
        Some(allocation)
    }

    /// Reserves the memory up to `end`, or up to the next step if that is more.
    fn reserve(&mut self, end: usize) -> io::Result<()> {
        let mapping = &self.arena.mapping;
        let step = self.reserved + mapping.length() / STEPS;
        let end = end.max(step).next_multiple_of(page_size());
        let end = end.min(mapping.length());
        mapping.reserve(self.reserved..end)?;
        self.reserved = end;
        Ok(())
    }
}

/// Works on the heap of this process. In a copy of a process it is a new one.
fn heap<R>(work: impl FnOnce(&mut Heap) -> R) -> R {
    work(&mut current())
}

fn current() -> MutexGuard<'static, Heap> {
    let mut heap = lock(&HEAP);
    if heap.generation != generation() {
        let reclaimer = std::mem::take(&mut heap.reclaimer).of_copy();
        *heap = Heap { generation: generation(), reclaimer, ..Heap::new() };
    }
    heap
}

/// Gives up, in a forked child, what is the parent's.
pub(crate) fn after_fork() {
    heap(|_| ());
}

/// The descriptors that a child must hold, and hand on, as long as it or any
/// descendant of it could use memory of this process or of its ancestors.
pub(crate) fn claims() -> io::Result<Vec<OwnedFd>> {
    heap(|heap| heap.reclaimer.claims(!heap.arenas.is_empty()))
}

/// Keeps the claims of the parent and its ancestors, in a new process.
pub(crate) fn inherit(claims: Vec<OwnedFd>) {
    heap(|heap| heap.reclaimer.inherit(claims));
}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// For the time of a fork, with what the copy of this process will claim its
/// memory with: no other thread can end the epoch in between.
pub(crate) fn hold() -> io::Result<impl Sized> {
    let mut heap = current();
    if !heap.arenas.is_empty() {
        heap.reclaimer.writer()?;
    }
    Ok(heap)
}

#[cfg(test)]
mod tests;
