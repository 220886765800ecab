//! How Python shows a process.

use std::fmt;

use super::{Handle, Role, State};
use crate::process::popen::Exit;
use crate::sys::lock::lock;

/// Python's `repr` of a process, letter for letter.
impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name = quoted(&self.name());
        write!(f, "<{} name={name}", self.type_name)?;
        let exit = self.poll().ok().flatten();
        let state = lock(&self.state);
        if let State::Started { popen, .. } = &*state {
            write!(f, " pid={}", popen.pid())?;
        }
        match self.parent_pid {
            Some(pid) => write!(f, " parent={pid}")?,
            None => f.write_str(" parent=None")?,
        }
        f.write_str(match (&self.role, &*state) {
            (_, State::Closed) => " closed",
            (Role::Current { .. }, _) => " started",
            (Role::Parent { .. }, _) => " unknown",
            (Role::Child, _) if !self.is_ours() => " unknown",
            (Role::Child, State::Initial) => " initial",
            (Role::Child, State::Started { .. }) if exit.is_none() => {
                " started"
            }
            (Role::Child, State::Started { .. }) => " stopped",
        })?;
        match exit {
            Some(Exit::Code(code)) => {
                write!(f, " exitcode={}", ExitCodeName(code))?;
            }
            Some(Exit::Unknown) => f.write_str(" exitcode=unknown")?,
            None => {}
        }
        f.write_str(if self.daemon() { " daemon>" } else { ">" })
    }
}

/// An exit code, or the name of the signal that it stands for.
struct ExitCodeName(i32);

impl fmt::Display for ExitCodeName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        use nix::sys::signal::Signal;
        match Signal::try_from(-self.0) {
            Ok(signal) => write!(f, "-{signal}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

/// A string in Python's quotes.
fn quoted(text: &str) -> String {
    let quote =
        if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for letter in text.chars() {
        match letter {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if letter == quote => {
                quoted.push('\\');
                quoted.push(letter);
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_in_python() {
        assert_eq!(quoted("Foo"), "'Foo'");
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("'\"\\\n"), "'\\'\"\\\\\\n'");
    }

    #[test]
    fn signals_are_named() {
        assert_eq!(ExitCodeName(-15).to_string(), "-SIGTERM");
        assert_eq!(ExitCodeName(3).to_string(), "3");
        assert_eq!(ExitCodeName(-40).to_string(), "-40");
    }
}
