//! The kernel and the C library.
//!
//! Unsafe code stands here, and in some files of [`shm`](crate::shm).
//!
//! Each file is one small contract that the rest of the crate can rely on
//! without being unsafe itself. Every block says why the contract of what it
//! calls holds at that place.

pub(crate) mod constructor;
pub(crate) mod copy;
pub(crate) mod entry;
pub(crate) mod environment;
pub(crate) mod exit;
pub(crate) mod fd;
mod fd_set;
pub(crate) mod fork;
pub(crate) mod in_flight;
pub(crate) mod last_words;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod mutex;
pub(crate) mod parent_death;
pub(crate) mod pidfd;
pub(crate) mod private_fd;
pub(crate) mod same_type;
pub(crate) mod signal;
pub(crate) mod socket;
pub(crate) mod stateless;
pub(crate) mod timer;
