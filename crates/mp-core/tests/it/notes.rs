//! Lines of text that processes leave for a case to read.

use std::fmt::Display;

use mp_core::{Array, Value};
use serde::{Deserialize, Serialize};

const ROOM: usize = 4096;

/// Shared text. A clone is the same text.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Notes {
    text: Array<u8>,
    length: Value<usize>,
}

impl Notes {
    pub(crate) fn new() -> Self {
        Self { text: Array::new(ROOM), length: Value::new(0) }
    }

    /// Adds a line.
    pub(crate) fn add(&self, line: impl Display) {
        let line = format!("{line}\n");
        let mut length = self.length.lock();
        let end = *length + line.len();
        self.text.lock()[*length..end].copy_from_slice(line.as_bytes());
        *length = end;
    }

    /// All lines so far, with a space between them.
    pub(crate) fn read(&self) -> String {
        let length = self.length.lock();
        let text = self.text.lock();
        let text = std::str::from_utf8(&text[..*length]).unwrap();
        text.lines().collect::<Vec<_>>().join(" ")
    }
}
