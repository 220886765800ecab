//! Executing this program anew.
//!
//! CPython: `spawnv_passfds` in `multiprocessing/util.py`.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;

use nix::errno::Errno;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};
use nix::unistd::getpid;

use crate::process::summons::{self, Summons};

/// Runs this program anew, with one end of a pair of sockets.
///
/// The cost of `posix_spawn` does not grow with the memory of this process, as
/// that of fork and exec does.
pub(crate) fn execute(socket: &OwnedFd) -> io::Result<libc::pid_t> {
    let number = socket.as_raw_fd();
    let mut actions = PosixSpawnFileActions::init()?;
    // Onto itself: it loses its close-on-exec, in the child only.
    actions.add_dup2(number, number)?;
    let attributes = PosixSpawnAttr::init()?;

    let arguments = c_strings(std::env::args_os())?;
    let summons = Summons { socket: number, parent: getpid().as_raw() };
    let mut environment = c_strings(
        std::env::vars_os()
            .filter(|(name, _)| name != summons::VARIABLE)
            .map(|(name, value)| [name, value].join(OsStr::new("="))),
    )?;
    environment.push(c_string(summons.variable().into())?);
    // Not the path of the program: this is the same image even if the file has
    // been deleted or replaced.
    let program = c"/proc/self/exe";
    let pid =
        posix_spawn(program, &actions, &attributes, &arguments, &environment)?;
    Ok(pid.as_raw())
}

fn c_strings(
    strings: impl Iterator<Item = OsString>,
) -> io::Result<Vec<CString>> {
    strings.map(c_string).collect()
}

fn c_string(string: OsString) -> io::Result<CString> {
    CString::new(string.into_vec()).map_err(|_| Errno::EINVAL.into())
}
