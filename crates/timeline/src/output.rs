//! A standard output that says who wrote what.
//!
//! It is a socket. The kernel adds to what arrives there the id of the process
//! that wrote it.

use std::collections::HashMap;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType,
    UnixCredentials, recvmsg, setsockopt, socketpair, sockopt,
};

/// The end of the output that is read.
pub(crate) struct Output {
    socket: OwnedFd,
    open: bool,
    /// What each process wrote of a line that it has not ended.
    begun: HashMap<i32, Vec<u8>>,
}

/// What arrived, and from which process.
struct Piece {
    pid: i32,
    bytes: Vec<u8>,
}

impl Output {
    /// The output, and the end of it that a program is given.
    pub(crate) fn new() -> io::Result<(Self, OwnedFd)> {
        let (socket, theirs) = socketpair(
            AddressFamily::Unix,
            SockType::Stream,
            None,
            SockFlag::SOCK_CLOEXEC,
        )?;
        setsockopt(&socket, sockopt::PassCred, &true)?;
        Ok((Self { socket, open: true, begun: HashMap::new() }, theirs))
    }

    /// The lines that have come, each with its author. Waits for one, but not
    /// for longer than `time`.
    pub(crate) fn lines(
        &mut self,
        time: Duration,
    ) -> io::Result<Vec<(i32, String)>> {
        let mut lines = Vec::new();
        if !self.open {
            std::thread::sleep(time);
            return Ok(lines);
        }
        let mut ready = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
        match poll(&mut ready, time) {
            Ok(0) | Err(Errno::EINTR) => return Ok(lines),
            Ok(_) => {}
            Err(errno) => return Err(errno.into()),
        }
        while let Some(piece) = self.receive()? {
            let begun = self.begun.entry(piece.pid).or_default();
            begun.extend(piece.bytes);
            while let Some(end) = begun.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = begun.drain(..=end).collect();
                let text = String::from_utf8_lossy(&line[..end]).into_owned();
                lines.push((piece.pid, text));
            }
        }
        Ok(lines)
    }

    /// The next piece. None if there is none at the moment, or ever again.
    fn receive(&mut self) -> io::Result<Option<Piece>> {
        let mut bytes = [0; 4096];
        let mut space = cmsg_space!(UnixCredentials);
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let received = recvmsg::<()>(
            self.socket.as_raw_fd(),
            &mut parts,
            Some(&mut space),
            MsgFlags::MSG_DONTWAIT,
        );
        let received = match received {
            Ok(received) => received,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        let author = received.cmsgs()?.find_map(|message| match message {
            ControlMessageOwned::ScmCredentials(author) => Some(author.pid()),
            _ => None,
        });
        let length = received.bytes;
        if length == 0 {
            self.open = false;
            return Ok(None);
        }
        let pid = author.unwrap_or_default();
        Ok(Some(Piece { pid, bytes: bytes[..length].to_vec() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_line_is_complete_and_has_an_author() {
        let (mut output, theirs) = Output::new().unwrap();
        let mut theirs = UnixStream::from(theirs);
        theirs.write_all(b"one\ntw").unwrap();
        let this = i32::try_from(std::process::id()).unwrap();
        let lines = output.lines(Duration::from_secs(9)).unwrap();
        assert_eq!(lines, [(this, "one".to_owned())]);
        theirs.write_all(b"o\n").unwrap();
        theirs.shutdown(Shutdown::Both).unwrap();
        let lines = output.lines(Duration::from_secs(9)).unwrap();
        assert_eq!(lines, [(this, "two".to_owned())]);
        assert!(!output.open);
    }
}
