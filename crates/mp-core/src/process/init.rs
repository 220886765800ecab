//! The way in: how a process of the program finds out that it is a child.
//!
//! CPython: `multiprocessing/spawn.py`, and `freeze_support`.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::unistd::getppid;

use crate::process::forkserver::server;
use crate::process::preparation::{self, Message};
use crate::process::summons::{Summons, VARIABLE};
use crate::process::{bootstrap, exit, stdio};
use crate::sys::socket::Maker;
use crate::sys::{environment, socket};

static DONE: AtomicBool = AtomicBool::new(false);

/// The way into a child process. Call it first in `main`.
///
/// Python: `if __name__ == '__main__':`, and `multiprocessing.freeze_support`.
/// A process that is started by spawn or forkserver runs the program from its
/// beginning. In it, this call does what the process was started for, and does
/// not return. In the program itself it does nothing but take note.
///
/// So what stands above it runs in every such child again, as the body of a
/// module does in Python; what stands below it runs in the main process only.
///
/// # Examples
///
/// ```
/// fn main() -> mp_core::Result<()> {
///     mp_core::init();
///     println!("only the main process gets here");
///     Ok(())
/// }
/// ```
///
/// # With an async runtime
///
/// `#[tokio::main]` puts all that stands in `main` into the runtime, so that
/// `init` comes too late there: after the runtime has started its threads. A
/// start by forkserver, which is also the default beside threads, is refused
/// then, since the server finds these threads and could not fork beside them.
/// By spawn, each child starts the runtime and its threads for nothing. So call
/// it before there is a runtime, and build that by hand:
///
/// ```ignore
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     mp_core::init();
///     let runtime = tokio::runtime::Runtime::new()?;
///     runtime.block_on(async {
///         // what stood in `main`
///         Ok(())
///     })
/// }
/// ```
///
/// To wait for a process there, give its [`Sentinel`](crate::Sentinel) to
/// tokio's `AsyncFd`; [`join`](crate::Process::join) would hold up the runtime.
pub fn init() {
    if DONE.swap(true, Ordering::Relaxed) {
        return;
    }
    if let Some(socket) = summoned() {
        answer(socket);
    }
    // So that what the program registers itself runs before. Where it fails,
    // the first start says so.
    let _ = exit::watch_exit();
}

/// Whether [`init`] was called.
pub(crate) fn is_initialised() -> bool {
    DONE.load(Ordering::Relaxed)
}

/// Whether this is a child that did not call [`init`], but something else.
pub(crate) fn is_bootstrapping() -> bool {
    !is_initialised()
        && std::env::var(VARIABLE).is_ok_and(|text| {
            Summons::parse(&text).is_some_and(|summons| {
                socket::maker(summons.socket, summons.parent) == Maker::Parent
            })
        })
}

/// The socket, if it is this process that is meant: not one that got the
/// variable from a child by accident.
///
/// The parent may have ended before this process has come so far, and is not
/// its parent then. But it made the socket, and the kernel remembers that. The
/// child must not take itself for the program, and do its work over again.
fn summoned() -> Option<OwnedFd> {
    let text = environment::take(VARIABLE)?;
    let summons = Summons::parse(text.to_str()?)?;
    // Whoever has other rights than this program has nothing to say to it.
    if socket::maker(summons.socket, summons.parent) == Maker::Stranger {
        return None;
    }
    let socket = socket::inherited(summons.socket, summons.parent);
    if socket.is_err() && summons.parent == getppid().as_raw() {
        bootstrap::report_failure("Error: the socket of this child is gone");
        exit(1);
    }
    socket.ok()
}

/// Does what the process was started for.
fn answer(socket: OwnedFd) -> ! {
    take_name();
    stdio::detach_stdin();
    match preparation::receive(socket.as_fd()) {
        Ok(Some(Message::Serve)) => server::serve(socket),
        Ok(Some(Message::Run(delivery))) => {
            drop(socket);
            exit(bootstrap::run(delivery, false))
        }
        // The parent has ended meanwhile: nothing is left to do.
        Ok(None) => exit(1),
        Err(error) => exit(bootstrap::refuse(&error)),
    }
}

/// Takes the name of the program. The kernel names a process after the path
/// that was executed, which was `/proc/self/exe`.
fn take_name() {
    let Some(path) = std::env::args_os().next() else { return };
    let name = path.as_bytes().rsplit(|&byte| byte == b'/').next();
    if let Some(Ok(name)) = name.map(CString::new) {
        // It matters to people who look at a list of processes only.
        let _ = nix::sys::prctl::set_name(&name);
    }
}
