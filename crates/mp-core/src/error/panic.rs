//! What is known of a panic in a child.

use std::fmt;
use std::panic::PanicHookInfo;

use serde::{Deserialize, Serialize};

/// The most bytes of a message that are kept.
const LONGEST: usize = 64 << 10;

/// A panic in another process: its message and its place.
///
/// [`Error::panic`](crate::Error::panic) gives it. Its [`Display`](fmt::Display)
/// is `src/main.rs:7:5: the message`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panic {
    message: String,
    file: String,
    line: u32,
    column: u32,
}

impl Panic {
    pub(crate) fn new(info: &PanicHookInfo) -> Self {
        let payload = info.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            // As the standard library says it.
            .unwrap_or("Box<dyn Any>");
        let (file, line, column) =
            info.location().map_or((String::new(), 0, 0), |place| {
                (place.file().to_owned(), place.line(), place.column())
            });
        let mut end = message.len().min(LONGEST);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        Self { message: message[..end].to_owned(), file, line, column }
    }

    /// What the panic said. It is cut off after 64 KiB.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The source file that it happened in.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line in the file, from 1 on.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column in the line, from 1 on.
    pub fn column(&self) -> u32 {
        self.column
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { message, file, line, column } = self;
        write!(f, "{file}:{line}:{column}: {message}")
    }
}
