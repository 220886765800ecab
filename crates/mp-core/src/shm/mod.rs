//! Shared memory: arenas, the blocks in them, what is locked in a block, and
//! how blocks travel to other processes.
//!
//! Some of these files need unsafe code, each for one small contract, as those
//! of [`sys`](crate::sys) do.

pub(crate) mod chunks;
pub(crate) mod guard;
pub(crate) mod heap;
mod held;
pub(crate) mod items;
pub(crate) mod mutex_block;
mod reclaim;
pub(crate) mod reduction;
pub(crate) mod synchronized;
