//! The forkserver: its loop, and the asking.
//!
//! CPython: `multiprocessing/forkserver.py`. The server is a fresh process of
//! the program, which has come as far as [`init`](crate::init) and no further.
//! What it forks are children not of itself but of the process that asks; so
//! they, and what becomes of them, do not depend on the server.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::exit;
use std::sync::Mutex;
use std::time::Duration;

use nix::errno::Errno;

use crate::letter::{self, Delivery, Letter, Message};
use crate::popen::{self, Popen};
use crate::sys::exit::exit_now;
use crate::sys::fork::{fork_sibling, generation};
use crate::sys::private_fd::{PrivateFd, Reserved, close_inherited};
use crate::sys::{signal, socket};
use crate::util::lock;
use crate::{Value, child};

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
    let (Ok(asked), Ok(answered)) = (socket.get(), Value::try_new(0_u64))
    else {
        exit(1)
    };
    loop {
        match letter::receive(asked) {
            Ok(Some(Message::Run(delivery))) => {
                make_child(asked, &answered, delivery, ignored);
            }
            Ok(None) => exit(0),
            // Not a request: who sent it gets no answer, and nothing is lost.
            Ok(Some(Message::Serve)) | Err(_) => {}
        }
    }
}

/// Forks a child and says which.
///
/// The child must not run before its parent knows of it: if the server were
/// killed in between, nobody ever would. So the server holds a lock meanwhile,
/// behind which the child waits. If it is the server's death that frees the
/// lock, the child gives the answer.
fn make_child(
    socket: BorrowedFd,
    answered: &Value<u64>,
    delivery: Delivery,
    interrupt_ignored: bool,
) {
    let number = delivery.number;
    let mut turn = answered.lock();
    let mut delivery = Some(delivery);
    let forked = fork_sibling(|| {
        // It may be a later number, if this child was slow to run.
        if *answered.lock() < number {
            let pid = nix::unistd::getpid().as_raw();
            if Answer::send(&Answer { number, pid }, socket).is_err() {
                exit_now(1);
            }
        }
        close_inherited();
        if !interrupt_ignored {
            signal::default_interrupt();
        }
        delivery.take().map_or(1, |delivery| child::run(delivery, true))
    });
    let pid = forked.unwrap_or_else(|error| {
        -error.raw_os_error().unwrap_or(Errno::EIO as i32)
    });
    // If the parent has ended, there is nobody to answer, and nobody to ask.
    if Answer::send(&Answer { number, pid }, socket).is_err() {
        exit(0);
    }
    *turn = number;
    // Before all else: the child is waiting.
    drop(turn);
}
