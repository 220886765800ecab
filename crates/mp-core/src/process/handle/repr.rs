//! How Python shows a process.

use std::fmt;

use super::{Handle, Role, State};
use crate::process::popen::Exit;

/// Python's `repr` of a process, letter for letter.
impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name = quoted(&self.name());
        write!(f, "<{} name={name}", self.type_name)?;
        let exit = self.poll().ok().flatten();
        // Nothing is written while other handles are kept waiting.
        let (pid, state) = self.pid_and_state(exit.is_some());
        if let Some(pid) = pid {
            write!(f, " pid={pid}")?;
        }
        match self.parent_pid {
            Some(pid) => write!(f, " parent={pid}")?,
            None => f.write_str(" parent=None")?,
        }
        f.write_str(state)?;
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

impl Handle {
    /// The id that is shown, and the word for how things are.
    fn pid_and_state(
        &self,
        has_ended: bool,
    ) -> (Option<libc::pid_t>, &'static str) {
        let state = self.state.access();
        let pid = match &*state {
            State::Started { popen, .. } => Some(popen.pid()),
            State::Initial | State::Closed => None,
        };
        let word = match (&self.role, &*state) {
            (_, State::Closed) => " closed",
            (Role::Parent { .. }, _) => " unknown",
            (Role::Child, _) if !self.is_ours() => " unknown",
            (Role::Child, State::Initial) => " initial",
            (Role::Child, _) if has_ended => " stopped",
            (Role::Current { .. } | Role::Child, _) => " started",
        };
        (pid, word)
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
