//! What the programs that are measured have in common.

mod contest;
mod job;
mod kib;
mod series;

pub use contest::{Contest, contend, counter, time_if};
pub use job::Job;
pub use kib::kib;
pub use series::{Series, now, timed_batches};
