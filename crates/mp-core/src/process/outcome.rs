//! What happened to a process that gave no result.

use crate::error::Cause;
use crate::error::cause::SignalName;
use crate::process::popen::Exit;
use crate::process::result_file::{Record, State};
use crate::process::rules::Rules;
use crate::sys::last_words::LastWord;

/// Why there is no value, from what the process has left, how it ended, and the
/// rules that it had.
pub(crate) fn why_none(
    record: &Record,
    exit: Option<Exit>,
    rules: &Rules,
    name: String,
) -> Cause {
    let signal = match exit {
        Some(Exit::Code(code)) if code < 0 => Some(-code),
        _ => None,
    };
    if let Some(cause) = reached_limit(record, signal, rules, &name) {
        return cause;
    }
    let panic = record.panic();
    // A program that aborts on a panic ends before it could be confirmed.
    if record.state == State::Panicked
        || (cfg!(panic = "abort") && record.state == State::Panicking)
    {
        return match panic {
            Some(panic) => Cause::Panicked { name, panic },
            None => Cause::PanickedUnseen { name },
        };
    }
    match (record.failure(), exit) {
        (Some(why), _) if record.begun => Cause::NotSent { name, why },
        (Some(how), _) => Cause::NotRun { name, how },
        (None, exit) if !record.begun => {
            Cause::NotRun { name, how: how_it_ended(exit) }
        }
        (None, Some(Exit::Code(code))) => match (signal, panic) {
            (Some(signal @ libc::SIGABRT), Some(panic)) => {
                Cause::KilledAfterPanic { name, signal, panic }
            }
            (Some(signal), _) => Cause::Killed { name, signal },
            (None, _) => Cause::Exited { name, code },
        },
        (None, _) => Cause::ExitCodeLost { name },
    }
}

/// Which of its limits the process reached, if it was one.
fn reached_limit(
    record: &Record,
    signal: Option<i32>,
    rules: &Rules,
    name: &str,
) -> Option<Cause> {
    let name = name.to_owned();
    match (record.last_word, signal) {
        (Some(LastWord::TimedOut), _) => {
            rules.timeout.map(|limit| Cause::TimedOut { name, limit })
        }
        (Some(LastWord::OutOfMemory), Some(libc::SIGABRT)) => {
            let limit = rules.limits.memory;
            limit.map(|limit| Cause::MemoryLimit { name, limit })
        }
        (_, Some(libc::SIGXCPU)) => {
            let limit = rules.limits.cpu_time;
            limit.map(|limit| Cause::CpuTimeLimit { name, limit })
        }
        _ => None,
    }
}

fn how_it_ended(exit: Option<Exit>) -> String {
    match exit {
        Some(Exit::Code(code)) if code < 0 => {
            format!("the process was killed by {}", SignalName(-code))
        }
        Some(Exit::Code(code)) => {
            format!("the process exited with code {code}")
        }
        Some(Exit::Unknown) | None => {
            "the process ended, and its exit code is lost".to_owned()
        }
    }
}
