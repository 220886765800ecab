//! The memory of processes that wait.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bench::kib;

/// How long it may take until a process has settled.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// What one process takes, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Its share of what it shares, and what is its own.
    pub(crate) pss: u32,
    /// What is its own, and could not be had from a file again.
    pub(crate) private_dirty: u32,
}

/// The memory of each process, once it does not change any more.
pub(crate) fn memory(pids: &[u32]) -> Result<Vec<Memory>> {
    let end = Instant::now() + PATIENCE;
    let mut before = look(pids)?;
    loop {
        thread::sleep(PAUSE);
        let now = look(pids)?;
        if now == before || Instant::now() > end {
            return Ok(now);
        }
        before = now;
    }
}

fn look(pids: &[u32]) -> Result<Vec<Memory>> {
    pids.iter().map(|pid| memory_of(*pid)).collect()
}

fn memory_of(pid: u32) -> Result<Memory> {
    let file = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&file)
        .with_context(|| format!("cannot read {file}"))?;
    let field = |name: &str| -> Result<u32> {
        let kib = kib(&text, name)
            .with_context(|| format!("{file} lacks a field"))?;
        Ok(kib.try_into()?)
    };
    Ok(Memory { pss: field("Pss:")?, private_dirty: field("Private_Dirty:")? })
}

/// How much memory the system has left, in MiB.
pub(crate) fn available_mib() -> Result<usize> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let kib = kib(&text, "MemAvailable:")
        .context("the system does not say how much memory there is")?;
    Ok(usize::try_from(kib / 1024)?)
}
