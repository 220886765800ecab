//! The server's loop, and what its children do first.

use std::os::fd::{AsFd, OwnedFd};
use std::process::exit;

use nix::errno::Errno;

use super::order::ORDER;
use crate::process::bootstrap;
use crate::process::preparation::{self, Message};
use crate::sys::fork::fork_sibling;
use crate::sys::private_fd::{PrivateFd, close_inherited};
use crate::sys::socket::Received;
use crate::sys::{signal, socket};

/// Serves until nobody can ask any more.
pub(crate) fn serve(socket: OwnedFd) -> ! {
    // An interrupt from the keyboard goes to all processes of the terminal.
    // Whether it ends the children is for each of them to decide.
    let ignored = signal::ignore_interrupt();
    bootstrap::warm_up();
    let socket = PrivateFd::new(socket);
    loop {
        match socket.get().and_then(socket::receive) {
            Ok(Some(Received { bytes, mut fds })) if bytes == ORDER => {
                let Some(socket) = fds.pop() else { exit(1) };
                make_child(socket, ignored);
            }
            Ok(None) => exit(0),
            // Who asked waits for an answer, which cannot be given without the
            // socket. The end of the server is one.
            Ok(Some(_)) | Err(_) => exit(1),
        }
    }
}

/// Forks a child and says which, or which error there was.
///
/// Both the server and the child say it: either could be killed before it does,
/// and nobody would ever know of the child.
fn make_child(socket: OwnedFd, interrupt_ignored: bool) {
    let mut socket = Some(socket);
    let forked = fork_sibling(|| {
        close_inherited();
        let Some(socket) = socket.take() else { return 1 };
        announce(&socket, nix::unistd::getpid().as_raw());
        await_preparation(socket, interrupt_ignored)
    });
    let pid = forked.unwrap_or_else(|error| {
        -error.raw_os_error().unwrap_or(Errno::EIO as i32)
    });
    if let Some(socket) = socket {
        announce(&socket, pid);
    }
    // This server will never be able to; the next one may.
    if pid == -(Errno::ENOTSUP as i32) {
        exit(1);
    }
}

fn announce(socket: &OwnedFd, pid: i32) {
    // If the parent has ended, whoever reads next finds that out.
    let _ = socket::send_number(socket.as_fd(), pid);
}

/// Runs what the preparation data say. The result is the exit code.
fn await_preparation(socket: OwnedFd, interrupt_ignored: bool) -> i32 {
    let message = preparation::receive(socket.as_fd());
    drop(socket);
    match message {
        Ok(Some(Message::Run(delivery))) => {
            if !interrupt_ignored {
                signal::default_interrupt();
            }
            bootstrap::run(delivery, true)
        }
        // Nobody needs this child any more.
        Ok(None) => 0,
        Ok(Some(Message::Serve)) => bootstrap::refuse(&Errno::EINVAL.into()),
        Err(error) => bootstrap::refuse(&error),
    }
}
