//! Where it was measured, and with what.

use std::fs;
use std::process::Command;

use crate::build::{python, run};

/// The machine, the versions and the date, as far as they are known.
pub(crate) fn description() -> String {
    let cpus = mp_core::cpu_count();
    let known = [
        Some(format!("{cpus} × {}", cpu().unwrap_or("CPU".to_owned()))),
        output(Command::new("uname").args(["-sr"])),
        output(Command::new("rustc").arg("--version")),
        python()
            .ok()
            .and_then(|python| output(Command::new(python).arg("--version"))),
        output(Command::new("date").arg("+%F")),
    ];
    known.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
}

fn output(command: &mut Command) -> Option<String> {
    Some(run(command).ok()?.trim_end().to_owned())
}
