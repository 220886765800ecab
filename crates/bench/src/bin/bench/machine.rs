//! Where it was measured, and with what.

use std::env;
use std::fs;
use std::process::Command;

use bench::kib;

use crate::build::{peer_version, python, run};
use crate::program::Subject;

/// The machine, the versions and the date, as far as they are known.
pub(crate) fn description() -> Vec<String> {
    let cpus = mp_core::cpu_count();
    let peers = Subject::PEERS
        .iter()
        .filter_map(|peer| Some(format!("{peer} {}", peer_version(*peer)?)));
    let known = [
        Some(format!("{cpus} × {}", cpu().unwrap_or("CPU".to_owned()))),
        memory(),
        output(Command::new("uname").args(["-srm"])),
        output(Command::new("getconf").arg("GNU_LIBC_VERSION")),
        Some(format!("mp-core {}", env!("CARGO_PKG_VERSION"))),
        output(Command::new("rustc").arg("--version")),
        python()
            .ok()
            .and_then(|python| output(Command::new(python).arg("--version")))
            .map(|version| format!("C{version}")),
        Some(peers.collect::<Vec<_>>().join(", ")),
        output(Command::new("date").arg("+%F")),
    ];
    known.into_iter().flatten().collect()
}

/// The command that runs this program.
pub(crate) fn command() -> String {
    let arguments: Vec<_> = env::args().skip(1).collect();
    ["scripts/bench", &arguments.join(" ")].join(" ")
}

fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
}

fn memory() -> Option<String> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    Some(format!("{} MiB of memory", kib(&text, "MemTotal:")? / 1024))
}

fn output(command: &mut Command) -> Option<String> {
    Some(run(command).ok()?.trim_end().to_owned())
}
