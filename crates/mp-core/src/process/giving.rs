//! Giving a result, in the child.

use std::cell::Cell;
use std::panic::PanicHookInfo;

use serde::Serialize;

use crate::codec::error::{Error, Result};
use crate::codec::sink::Sink;
use crate::codec::write::to_sink;
use crate::error::Panic;
use crate::process::body::Deliver;
use crate::process::result_file::{ResultFile, State};
use crate::process::target::Ended;

/// The output is the result, and goes to the parent.
#[derive(Debug)]
pub(crate) enum AsResult {}

/// Where the result goes. It stays for the life of the process: what runs at the
/// end of it may still have something to say.
struct Giving {
    file: ResultFile,
    stage: Cell<Stage>,
    /// Whether a panic stands in the file.
    noted: Cell<bool>,
    quiet_panics: bool,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The target has not begun.
    Before,
    Running,
    /// What stands in the file is the last word, whatever else the process does
    /// before it ends.
    Over,
}

thread_local! {
    /// In the thread that runs the target of a process that gives a result. A
    /// copy of the process has it too, but cannot write to the file.
    static GIVING: Cell<Option<&'static Giving>> = const { Cell::new(None) };
}

/// Takes the file for the result of this process, if it is to give one.
pub(crate) fn prepare(
    file: Option<ResultFile>,
    quiet_panics: bool,
) -> std::io::Result<()> {
    let Some(file) = file else {
        // What a copy of a process that gives one has of it is not its own.
        GIVING.set(None);
        return Ok(());
    };
    file.take_last_words()?;
    let stage = Cell::new(Stage::Before);
    let giving = Giving { file, stage, noted: Cell::new(false), quiet_panics };
    GIVING.set(Some(Box::leak(Box::new(giving))));
    Ok(())
}

impl Giving {
    /// Writes to the file, unless it has its last word.
    fn write(
        &'static self,
        state: State,
        content: impl FnOnce(&mut Sink) -> Result<()>,
    ) -> Result<()> {
        if self.stage.get() == Stage::Over {
            return Ok(());
        }
        let begun = self.stage.get() == Stage::Running;
        if self.noted.replace(state == State::Panicking) {
            // What comes now is written over the panic that was caught.
            self.file.write(State::Nothing, begun, |_| Ok(()))?;
        }
        self.file.write(state, begun, content)
    }
}

impl<R: Serialize> Deliver<R> for AsResult {
    fn deliver(task: impl FnOnce() -> R) -> Ended {
        let Some(giving) = GIVING.get() else {
            return Err("Error: there is no file for the result".to_owned());
        };
        let begun = giving.file.write(State::Nothing, true, |_| Ok(()));
        begun.map_err(cannot_give)?;
        giving.stage.set(Stage::Running);
        let result = task();
        giving
            .write(State::Value, |sink| to_sink(&result, sink))
            .map_err(cannot_give)?;
        // Before the value is dropped, which may panic.
        giving.stage.set(Stage::Over);
        Ok(0)
    }
}

fn cannot_give(why: Error) -> String {
    format!("Error: the result cannot be sent: {why}")
}

/// What Rust says of a panic that cannot leave a destructor or a function. It
/// comes after the panic itself, which says more.
const STUCK: [&str; 2] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
];

/// Notes a panic of this thread, which may still be caught. The result is
/// whether it is to be kept quiet.
pub(crate) fn note_panic(info: &PanicHookInfo) -> bool {
    let Some(giving) = GIVING.get() else { return false };
    let panic = Panic::new(info);
    if !(giving.noted.get() && STUCK.contains(&panic.message())) {
        // If it cannot be noted, the parent learns how the process ended.
        let _ = giving.write(State::Panicking, |sink| to_sink(&panic, sink));
    }
    // One that the result does not tell of is not kept quiet.
    giving.quiet_panics && giving.stage.get() != Stage::Over
}

/// The panic that was noted last has ended the target.
pub(crate) fn confirm_panic() {
    if let Some(giving) = GIVING.get() {
        if giving.stage.replace(Stage::Over) != Stage::Over {
            let _ = giving.file.confirm_panic();
        }
    }
}

/// Says why there is no result.
pub(crate) fn fail(why: &str) {
    if let Some(giving) = GIVING.get() {
        let _ =
            giving.write(State::Failed, |sink| Ok(sink.push(why.as_bytes())?));
        giving.stage.set(Stage::Over);
    }
}
