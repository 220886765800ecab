//! What can go wrong between values and bytes.

use std::fmt::Display;
use std::io;

use serde::{de, ser};

/// Why a value has no bytes, or bytes are no value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What a type's own implementation says.
    #[error("{0}")]
    Of(String),
    #[error("there is no memory for it: {0}")]
    System(#[from] io::Error),
    #[error(
        "its type leaves it to the data to say what they are, and these do not \
         (an untagged enum, say, or a value of any type)"
    )]
    SelfDescribing,
    #[error("the length of a sequence or map is not known before its end")]
    NoLength,
    #[error("the bytes end before the value does")]
    End,
    #[error("{0} is no {1}")]
    No(u64, &'static str),
    #[error("a text is not UTF-8")]
    NotUtf8,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::Of(message.to_string())
    }
}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::Of(message.to_string())
    }
}
