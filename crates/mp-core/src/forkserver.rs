//! The forkserver: its loop, and the asking.
//!
//! CPython: `multiprocessing/forkserver.py`. The server is a fresh process of
//! the program, which has come as far as [`init`](crate::init) and no further.
//! What it forks are children not of itself but of the process that asks; so
//! they, and what becomes of them, do not depend on the server.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::exit;
use std::sync::Mutex;
use std::time::Duration;

use nix::errno::Errno;

use crate::child;
use crate::letter::{self, Delivery, LONGEST, Letter, Message};
use crate::popen::{self, Popen};
use crate::sys::fork::{fork_sibling, generation};
use crate::sys::private_fd::{PrivateFd, Reserved, close_inherited};
use crate::sys::{signal, socket};
use crate::util::{lock, pipe};

/// How long the server may take to end when it has nothing to do any more.
const GRACE: Duration = Duration::from_secs(1);

/// The server of this process.
struct Server {
    generation: u64,
    socket: PrivateFd,
    popen: Popen,
    /// The number of the last request.
    asked: u64,
}

static SERVER: Mutex<Option<Server>> = Mutex::new(None);

/// Asks the server for a child. The result is its process id.
///
/// If the server has died, another is started. The request is then made once
/// more: no child of it can be running unless its id was sent.
pub(crate) fn request(letter: &Letter) -> io::Result<libc::pid_t> {
    let mut server = lock(&SERVER);
    if server.as_ref().is_some_and(|old| old.generation != generation()) {
        *server = None;
    }
    if let Some(old) = &mut *server {
        match old.ask(letter) {
            Err(error) if is_gone(&error) => end(server.take()),
            answer => return answer,
        }
    }
    let answer = server.insert(Server::start()?).ask(letter);
    if answer.as_ref().is_err_and(is_gone) {
        end(server.take());
        return Err(io::Error::other("the server ended before it answered"));
    }
    answer
}

/// Ends the server of this process, if it has one.
pub(crate) fn shut_down() {
    let server = lock(&SERVER).take();
    if server.as_ref().is_some_and(|old| old.generation == generation()) {
        end(server);
    }
}

fn end(server: Option<Server>) {
    let Some(Server { socket, popen, .. }) = server else { return };
    // It ends when nobody can ask it any more.
    drop(socket);
    if !matches!(popen.wait(Some(GRACE)), Ok(Some(_))) {
        let _ = popen.signal(libc::SIGKILL);
        let _ = popen.wait(None);
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::UnexpectedEof
    )
}

impl Server {
    fn start() -> io::Result<Self> {
        let (ours, theirs) = socket::pair()?;
        letter::send_serve(ours.as_fd())?;
        let place = Reserved::new(&ours)?;
        let popen = Popen::of(popen::spawn::execute(&theirs)?, place)?;
        Ok(Self {
            generation: generation(),
            socket: PrivateFd::new(ours),
            popen,
            asked: 0,
        })
    }

    /// Sends a request and waits for the answer, which comes as soon as the
    /// child is made. `UnexpectedEof` if the server died.
    fn ask(&mut self, letter: &Letter) -> io::Result<libc::pid_t> {
        self.asked += 1;
        letter.send(self.socket.get()?, self.asked)?;
        loop {
            let answer = Answer::receive(self.socket.get()?)?;
            // A server that dies between answering and taking note of it
            // leaves a second answer, by the child.
            if answer.number == self.asked {
                return answer.result();
            }
        }
    }
}

/// A child's process id, or the negative number of an error.
struct Answer {
    number: u64,
    pid: i32,
}

impl Answer {
    const SIZE: usize = size_of::<u64>() + size_of::<i32>();

    fn send(&self, to: BorrowedFd) -> io::Result<()> {
        let (number, pid) = (self.number.to_ne_bytes(), self.pid.to_ne_bytes());
        socket::send(to, &[&number[..], &pid[..]].concat(), &[])
    }

    fn receive(from: BorrowedFd) -> io::Result<Self> {
        let mut bytes = [0; Self::SIZE];
        let received = socket::receive(from, &mut bytes)?
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let (number, pid) = bytes.split_at(size_of::<u64>());
        match (number.try_into(), pid.try_into()) {
            (Ok(number), Ok(pid)) if received.length == Self::SIZE => {
                Ok(Self {
                    number: u64::from_ne_bytes(number),
                    pid: i32::from_ne_bytes(pid),
                })
            }
            _ => Err(Errno::EBADMSG.into()),
        }
    }

    fn result(self) -> io::Result<libc::pid_t> {
        if self.pid < 0 {
            Err(io::Error::from_raw_os_error(-self.pid))
        } else {
            Ok(self.pid)
        }
    }
}

/// Serves until nobody can ask any more.
pub(crate) fn serve(socket: OwnedFd) -> ! {
    // An interrupt from the keyboard goes to all processes of the terminal.
    // Whether it ends the children is for each of them to decide.
    let ignored = signal::ignore_interrupt();
    let socket = PrivateFd::new(socket);
    let Ok(asked) = socket.get() else { exit(1) };
    let mut buffer = vec![0; LONGEST];
    loop {
        match letter::receive(asked, &mut buffer) {
            Ok(Some(Message::Run(delivery))) => {
                make_child(asked, delivery, ignored);
            }
            Ok(None) => exit(0),
            // Who asked waits for an answer, which cannot be given, since the
            // number of the request is lost. The end of the server is one.
            Ok(Some(Message::Serve)) | Err(_) => exit(1),
        }
    }
}

/// Forks a child and says which.
fn make_child(socket: BorrowedFd, delivery: Delivery, interrupt_ignored: bool) {
    let number = delivery.number;
    let answer = |pid| Answer { number, pid }.send(socket);
    let (mut gate, mut delivery) = (None, Some(delivery));
    let forked = Gate::new().and_then(|closed| {
        gate = Some(closed);
        fork_sibling(|| {
            if !gate.take().is_some_and(Gate::pass) {
                // If the parent has ended too, there is nobody to tell.
                let _ = answer(nix::unistd::getpid().as_raw());
            }
            close_inherited();
            if !interrupt_ignored {
                signal::default_interrupt();
            }
            delivery.take().map_or(1, |delivery| child::run(delivery, true))
        })
    });
    let pid = forked.unwrap_or_else(|error| {
        -error.raw_os_error().unwrap_or(Errno::EIO as i32)
    });
    if answer(pid).is_err() {
        // The parent has ended: there is nobody to answer, and nobody to ask.
        exit(0);
    }
    if let Some(gate) = gate {
        gate.open();
    }
}

/// Where a child waits until its parent knows of it.
///
/// If the child ran at once and the server were killed before it has answered,
/// nobody would ever know of the child. So the child waits at a pipe. If that
/// hangs up instead of being written to, the server has died, and the child
/// gives the answer.
struct Gate {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Gate {
    fn new() -> io::Result<Self> {
        let (reader, writer) = pipe()?;
        Ok(Self { reader, writer })
    }

    /// Waits at it, in the child. False if nobody opens it any more.
    fn pass(self) -> bool {
        // This copy of it would keep the pipe from hanging up.
        drop(self.writer);
        File::from(self.reader).read_exact(&mut [0]).is_ok()
    }

    /// Lets the child go, in the server.
    fn open(self) {
        // If the child was killed, there is nobody to let go.
        let _ = File::from(self.writer).write_all(&[1]);
    }
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&SERVER)
}
