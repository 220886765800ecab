//! The memory of processes that wait.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

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
    let kib = |field: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(field))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    let missing = || format!("{file} lacks a field");
    Ok(Memory {
        pss: kib("Pss:").with_context(missing)?,
        private_dirty: kib("Private_Dirty:").with_context(missing)?,
    })
}

/// How much memory the system has left, in MiB.
pub(crate) fn available_mib() -> Result<usize> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib: usize = line
        .and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok())
        .context("the system does not say how much memory there is")?;
    Ok(kib / 1024)
}
