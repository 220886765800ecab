//! Messages with descriptors, over a pair of sockets that has no name.

#![allow(unsafe_code, reason = "takes ownership of received descriptors")]

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag,
    SockType, getsockopt, recv, recvmsg, sendmsg, socketpair,
};
use nix::unistd::{getegid, geteuid};

use super::fd::beyond_std_streams;

/// The most descriptors that the kernel takes in one message.
const MOST_FDS: u32 = 253;

/// The bytes that they take.
// SAFETY: it only adds up.
const RIGHTS_SPACE: usize =
    unsafe { libc::CMSG_SPACE(MOST_FDS * RawFd::BITS / 8) as usize };

/// Room for them, aligned as the header before them has to be. It is not on the
/// heap, of which a child that waits would keep a page more.
#[repr(C, align(8))]
struct Rights([u8; RIGHTS_SPACE]);

/// What arrived.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    pub(crate) fds: Vec<OwnedFd>,
}

/// Makes a pair. Messages keep their borders; both ends are close-on-exec.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (one, other) = socketpair(
        AddressFamily::Unix,
        SockType::SeqPacket,
        None,
        SockFlag::SOCK_CLOEXEC,
    )?;
    Ok((beyond_std_streams(one)?, beyond_std_streams(other)?))
}

/// Sends one message, whose parts stand one behind the other.
///
/// # Errors
///
/// `E2BIG` for more descriptors than a message takes, `EPIPE` if the other end
/// is closed.
pub(crate) fn send(
    socket: BorrowedFd,
    parts: &[&[u8]],
    fds: &[BorrowedFd],
) -> io::Result<()> {
    if fds.len() > MOST_FDS as usize {
        return Err(Errno::E2BIG.into());
    }
    let fds: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&fds)];
    let rights = if fds.is_empty() { &rights[..0] } else { &rights[..] };
    let bytes: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
    // Without MSG_NOSIGNAL a dead server would end this process too.
    let flags = MsgFlags::MSG_NOSIGNAL;
    loop {
        match sendmsg::<()>(socket.as_raw_fd(), &bytes, rights, flags, None) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Receives one message. None if the other end is closed.
///
/// # Errors
///
/// `EMFILE` if the descriptors do not fit into this process.
pub(crate) fn receive(socket: BorrowedFd) -> io::Result<Option<Received>> {
    let mut bytes = vec![0; next_length(socket)?];
    let mut buffer = [IoSliceMut::new(&mut bytes)];
    let mut rights = Rights([0; RIGHTS_SPACE]);
    let message = loop {
        match recvmsg::<()>(
            socket.as_raw_fd(),
            &mut buffer,
            Some(&mut rights.0),
            MsgFlags::MSG_CMSG_CLOEXEC,
        ) {
            Err(error) if is_passing(error) => {}
            message => break message?,
        }
    };
    let mut fds = Vec::new();
    if let Ok(messages) = message.cmsgs() {
        for message in messages {
            if let ControlMessageOwned::ScmRights(received) = message {
                // SAFETY: the kernel made these descriptors for this call.
                fds.extend(
                    received
                        .into_iter()
                        .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }),
                );
            }
        }
    }
    if message.flags.contains(MsgFlags::MSG_CTRUNC) {
        return Err(Errno::EMFILE.into());
    }
    if message.bytes == 0 && fds.is_empty() {
        return Ok(None);
    }
    Ok(Some(Received { bytes, fds }))
}

/// Sends a message that is one number.
pub(crate) fn send_number(socket: BorrowedFd, number: i32) -> io::Result<()> {
    send(socket, &[&number.to_ne_bytes()], &[])
}

/// Receives what [`send_number`] sent.
///
/// # Errors
///
/// `UnexpectedEof` if the other end is closed.
pub(crate) fn receive_number(socket: BorrowedFd) -> io::Result<i32> {
    let mut number = [0; size_of::<i32>()];
    loop {
        match recv(socket.as_raw_fd(), &mut number, MsgFlags::empty()) {
            Ok(length) if length == number.len() => {
                return Ok(i32::from_ne_bytes(number));
            }
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => return Err(Errno::EBADMSG.into()),
            Err(error) if is_passing(error) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits for a message, and finds out how long it is; 0 if the other end is
/// closed.
fn next_length(socket: BorrowedFd) -> io::Result<usize> {
    let look = MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC;
    loop {
        match recv(socket.as_raw_fd(), &mut [], look) {
            Err(error) if is_passing(error) => {}
            length => return Ok(length?),
        }
    }
}

/// Whether the next try may succeed. That the other end was closed with
/// messages in it is reported once, and what it had sent is still to be had.
fn is_passing(error: Errno) -> bool {
    matches!(error, Errno::EINTR | Errno::ECONNRESET)
}

/// Who made the pair of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// The process that is said to have made it.
    Parent,
    /// That process, without the rights that this one has. A program with the
    /// rights of its owner does not do what its caller says.
    Stranger,
    /// Another process; or there is no socket.
    Nobody,
}

/// Who made the socket under a number, if it is said to be `parent`.
pub(crate) fn maker(number: RawFd, parent: libc::pid_t) -> Maker {
    // SAFETY: only asked about, which does no harm to any number.
    let probe = unsafe { BorrowedFd::borrow_raw(number) };
    let own = (geteuid().as_raw(), getegid().as_raw());
    match getsockopt(&probe, PeerCredentials) {
        // Nought stands for a process outside of this one's namespace.
        Ok(peer) if peer.pid() == parent || peer.pid() == 0 => {
            if (peer.uid(), peer.gid()) == own {
                Maker::Parent
            } else {
                Maker::Stranger
            }
        }
        _ => Maker::Nobody,
    }
}

/// The descriptor that was left open for this process under a known number.
///
/// # Errors
///
/// `ENOTSOCK` if there is no socket under that number that `parent` made.
pub(crate) fn inherited(
    number: RawFd,
    parent: libc::pid_t,
) -> io::Result<OwnedFd> {
    if maker(number, parent) != Maker::Parent {
        return Err(Errno::ENOTSOCK.into());
    }
    // SAFETY: the parent opened the number for this process, and `init`, which
    // takes the one message that names it, is the only one to ask.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    // What this process executes in turn has no use for it.
    nix::fcntl::fcntl(
        &socket,
        nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC),
    )?;
    Ok(socket)
}
