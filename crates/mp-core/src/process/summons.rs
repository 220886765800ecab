//! How a new process of the program is told that it is a child: by one
//! environment variable, which names the socket that the rest comes over.

use std::os::fd::RawFd;

/// The variable's name.
pub(crate) const VARIABLE: &str = "MP_CORE_CHILD";

/// The variable's content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Summons {
    /// The number of the child's socket.
    pub(crate) socket: RawFd,
    /// The parent's process id.
    pub(crate) parent: libc::pid_t,
}

impl Summons {
    /// The variable as it stands in an environment.
    pub(crate) fn variable(&self) -> String {
        format!("{VARIABLE}={}:{}", self.socket, self.parent)
    }

    /// Reads the variable's content.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (socket, parent) = text.split_once(':')?;
        Some(Self {
            socket: socket.parse().ok()?,
            parent: parent.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let summons = Summons { socket: 7, parent: 4321 };
        let variable = summons.variable();
        let (name, content) = variable.split_once('=').unwrap();
        assert_eq!(name, VARIABLE);
        assert_eq!(Summons::parse(content), Some(summons));
        assert_eq!(Summons::parse("7"), None);
        assert_eq!(Summons::parse("seven:1"), None);
    }
}
