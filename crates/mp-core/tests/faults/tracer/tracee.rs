//! What a traced process is in the program, and where it is on its way.

use std::fmt;

use nix::errno::Errno;
use nix::libc;
use nix::unistd::{Pid, getsid};

use super::calls;

/// What a process is to the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The program.
    Main,
    /// What `posix_spawn` makes, until it executes the program.
    Launcher(u32),
    /// The same process from there to `main`: the loader, and Rust's runtime.
    Loader(u32),
    /// The forkserver.
    Server(u32),
    /// A child, by whatever start method.
    Child(u32),
}

impl Role {
    /// The role without the number.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Launcher(_) => "launcher",
            Self::Loader(_) => "loader",
            Self::Server(_) => "server",
            Self::Child(_) => "child",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Main => f.write_str(self.name()),
            Self::Launcher(number)
            | Self::Loader(number)
            | Self::Server(number)
            | Self::Child(number) => write!(f, "{} {number}", self.name()),
        }
    }
}

/// A system call of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) role: Role,
    /// The call's number.
    pub(crate) call: i64,
    /// Its place among the calls of that number, from 1.
    pub(crate) nth: u32,
}

impl Place {
    /// No call, but where a process begins in its role: when it is forked, or
    /// executed, or has come to `main`.
    pub(crate) const BIRTH: i64 = -1;
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name = calls::name_of(self.call);
        write!(f, "{}, {name} {}", self.role, self.nth)
    }
}

/// What a program tells its tracer, by a system call that nothing else makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// `main` has begun.
    InMain,
    /// What is to be looked at begins.
    Begin,
    /// What was to be looked at is over.
    End,
    /// Between here and the end, this process is killed.
    Walk,
}

/// The argument of the first: beyond the id of any process.
const FIRST: i32 = 0x4d50_0000;

impl Mark {
    const ALL: [Self; 4] = [Self::InMain, Self::Begin, Self::End, Self::Walk];

    /// Sets the mark.
    pub(crate) fn set(self) {
        let answer = getsid(Some(Pid::from_raw(self.argument())));
        assert_eq!(answer, Err(Errno::ESRCH));
    }

    const fn argument(self) -> i32 {
        FIRST + self as i32
    }

    /// The mark that a call is, by its number and its first argument.
    pub(super) fn from_call(number: i64, argument: u64) -> Option<Self> {
        let is_meant =
            |mark: &Self| u64::from(mark.argument().unsigned_abs()) == argument;
        let marks = Self::ALL.into_iter();
        (number == libc::SYS_getsid)
            .then(|| marks.into_iter().find(is_meant))?
    }
}
