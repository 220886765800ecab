//! What the programs that are measured have in common.

mod contest;
mod job;
mod series;

pub use contest::{Contest, contend, counter, time_if};
pub use job::Job;
pub use series::{Series, now, timed_batches};
