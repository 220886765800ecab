//! Running a program, and watching it.

use std::collections::HashSet;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::output::Output;
use crate::{Line, Process, Recording, proc};

/// How long there is nothing to look at, if no line comes.
const INTERVAL: Duration = Duration::from_millis(1);

/// Runs a program to its end, and tells what its processes did meanwhile.
/// Each line that they write is given to `echo` as it comes.
///
/// Processes that outlive the first one are left alone.
///
/// # Errors
///
/// If the program cannot be started, or its output cannot be read.
pub fn record(
    mut command: Command,
    mut echo: impl FnMut(&str),
) -> Result<(Recording, ExitStatus)> {
    let (output, theirs) =
        Output::new().context("cannot make a socket for the output")?;
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdout(theirs);
    let begin = Instant::now();
    let mut child =
        command.spawn().with_context(|| format!("cannot start {program:?}"))?;
    // With it goes our own hold on the program's end of the socket.
    drop(command);
    let pid =
        i32::try_from(child.id()).context("the process id is too large")?;
    let recording = Recording { program, ..Recording::default() };
    let mut watch = Watch { begin, output, recording, known: HashSet::new() };
    watch.meet(pid, Duration::ZERO);

    let status = loop {
        watch.listen(INTERVAL, &mut echo)?;
        watch.look();
        if let Some(status) = child.try_wait().context("cannot wait for it")? {
            break status;
        }
    };
    // What it wrote last may still be on its way here.
    watch.listen(Duration::ZERO, &mut echo)?;
    watch.look();
    watch.recording.end = watch.recording.processes[0].end();
    Ok((watch.recording, status))
}

struct Watch {
    begin: Instant,
    output: Output,
    recording: Recording,
    known: HashSet<i32>,
}

impl Watch {
    fn meet(&mut self, pid: i32, now: Duration) {
        if self.known.insert(pid) {
            self.recording.processes.push(Process::new(pid, now));
        }
    }

    fn listen(
        &mut self,
        time: Duration,
        echo: &mut impl FnMut(&str),
    ) -> Result<()> {
        let lines =
            self.output.lines(time).context("cannot read its output")?;
        let now = self.begin.elapsed();
        for (pid, text) in lines {
            echo(&text);
            // One that is so short-lived that it was not seen otherwise.
            self.meet(pid, now);
            self.recording.lines.push(Line { pid, time: now, text });
        }
        Ok(())
    }

    fn look(&mut self) {
        let now = self.begin.elapsed();
        let mut index = 0;
        // New ones are added behind, and are looked at in the same round.
        while index < self.recording.processes.len() {
            let process = &mut self.recording.processes[index];
            index += 1;
            if process.ended {
                continue;
            }
            let pid = process.pid;
            process.see(proc::state(pid), now);
            for child in proc::children(pid) {
                self.meet(child, now);
            }
        }
    }
}
