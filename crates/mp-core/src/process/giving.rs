//! Giving a result, in the child.

use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use std::rc::Rc;

use serde::Serialize;

use crate::codec::error::Error;
use crate::codec::write::to_sink;
use crate::error::Panic;
use crate::process::body::Deliver;
use crate::process::result_file::{ResultFile, State};
use crate::process::target::Ended;

/// The output is the result, and goes to the parent.
#[derive(Debug)]
pub(crate) enum AsResult {}

/// Where the result goes.
struct Giving {
    file: ResultFile,
    begun: Cell<bool>,
    quiet_panics: bool,
}

thread_local! {
    /// In the thread that runs the target of a process that gives a result. A
    /// copy of the process has it too, but cannot write to the file.
    static GIVING: RefCell<Option<Rc<Giving>>> = const { RefCell::new(None) };
}

/// What this thread gives its result by. Nothing stays borrowed: what is
/// serialized can panic, and the hook asks too.
fn giving() -> Option<Rc<Giving>> {
    GIVING.with_borrow(Clone::clone)
}

/// Takes the file for the result of this process.
pub(crate) fn prepare(
    file: ResultFile,
    quiet_panics: bool,
) -> std::io::Result<()> {
    file.take_last_words()?;
    let begun = Cell::new(false);
    GIVING.set(Some(Rc::new(Giving { file, begun, quiet_panics })));
    Ok(())
}

impl<R: Serialize> Deliver<R> for AsResult {
    fn deliver(task: impl FnOnce() -> R) -> Ended {
        let Some(giving) = giving() else {
            return Err("Error: there is no file for the result".to_owned());
        };
        let file = &giving.file;
        file.write(State::Nothing, true, |_| Ok(())).map_err(cannot_give)?;
        giving.begun.set(true);
        let result = task();
        file.write(State::Value, true, |sink| to_sink(&result, sink))
            .map_err(cannot_give)?;
        Ok(0)
    }
}

fn cannot_give(why: Error) -> String {
    format!("Error: the result cannot be sent: {why}")
}

/// Notes a panic of this thread, which may still be caught. The result is
/// whether it is to be kept quiet.
pub(crate) fn note_panic(info: &PanicHookInfo) -> bool {
    let Some(giving) = giving() else { return false };
    let panic = Panic::new(info);
    // If it cannot be noted, the parent learns how the process ended.
    let _ = giving.file.write(State::Panicking, giving.begun.get(), |sink| {
        to_sink(&panic, sink)
    });
    giving.quiet_panics
}

/// The panic that was noted last has ended the target.
pub(crate) fn confirm_panic() {
    if let Some(giving) = giving() {
        let _ = giving.file.confirm_panic();
    }
}

/// Says why there is no result.
pub(crate) fn fail(why: &str) {
    if let Some(giving) = giving() {
        let _ = giving.file.write(State::Failed, giving.begun.get(), |sink| {
            Ok(sink.push(why.as_bytes())?)
        });
    }
}
