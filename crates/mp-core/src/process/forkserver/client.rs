//! Asking the server for children.

use std::collections::VecDeque;
use std::io;
use std::iter;
use std::os::fd::AsFd;
use std::sync::Mutex;
use std::time::Duration;

use super::order::ORDER;
use crate::process::exec::execute;
use crate::process::exit::Finalizer;
use crate::process::popen::Popen;
use crate::process::preparation::{self, Preparation};
use crate::sys::fork::generation;
use crate::sys::in_flight::patiently;
use crate::sys::lock::lock;
use crate::sys::private_fd::{PrivateFd, Reserved};
use crate::sys::socket;

/// How long a process may take to end when it has nothing to do any more.
const GRACE: Duration = Duration::from_secs(1);

/// How many children wait for their preparation data. With one, a start soon
/// after another would wait until it has been forked and has come to its
/// socket.
const AHEAD: usize = 2;

/// The server of this process.
struct Server {
    generation: u64,
    socket: PrivateFd,
    popen: Popen,
    ahead: VecDeque<Order>,
}

/// A child that the server was told to fork: this end of its socket.
struct Order(PrivateFd);

/// A child that is there, and waits for its preparation data.
struct Waiting {
    socket: PrivateFd,
    popen: Popen,
}

static SERVER: Mutex<Option<Server>> = Mutex::new(None);

/// Makes a child by way of the server.
///
/// If the server has died, another is started. The child is then asked for once
/// more: who has not got its preparation data has run nothing.
pub(crate) fn request(preparation: &Preparation) -> io::Result<Popen> {
    let mut server = lock(&SERVER);
    if server.as_ref().is_some_and(|old| old.generation != generation()) {
        *server = None;
    }
    if let Some(old) = &mut *server {
        match old.make_child(preparation) {
            Err(error) if is_gone(&error) => end(server.take()),
            made => return made,
        }
    }
    let made = server.insert(Server::start()?).make_child(preparation);
    if made.as_ref().is_err_and(is_gone) {
        end(server.take());
        return Err(io::Error::other("the server ended before it answered"));
    }
    made
}

/// Ends the server when the children have ended: one of them could still want a
/// child of its own from it.
static SHUT_DOWN: Finalizer = Finalizer { priority: -10, work: shut_down };

/// Ends the server of this process, if it has one.
fn shut_down() {
    let server = lock(&SERVER).take();
    if server.as_ref().is_some_and(|old| old.generation == generation()) {
        end(server);
    }
}

fn end(server: Option<Server>) {
    let Some(Server { socket, popen, ahead, .. }) = server else { return };
    // It ends when nobody can ask it any more.
    drop(socket);
    end_process(&popen);
    // Without the server this waits for nothing that does not come.
    for Waiting { socket, popen } in ahead.into_iter().flat_map(Order::arrive) {
        drop(socket);
        end_process(&popen);
    }
}

/// Waits for a process that has been told to end.
fn end_process(popen: &Popen) {
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
        SHUT_DOWN.register().map_err(io::Error::other)?;
        let (ours, theirs) = socket::pair()?;
        preparation::send_serve(ours.as_fd())?;
        let place = Reserved::new(&ours)?;
        let pid = execute(&theirs)?;
        Ok(Self {
            generation: generation(),
            socket: PrivateFd::new(ours),
            popen: place.replace(|| Popen::of(pid))?,
            ahead: VecDeque::with_capacity(AHEAD),
        })
    }

    fn make_child(&mut self, preparation: &Preparation) -> io::Result<Popen> {
        // Why one was not made, or has ended, is no concern of this start.
        let waiting = iter::from_fn(|| self.ahead.pop_front())
            .find_map(|order| order.arrive().ok());
        let waiting = match waiting {
            Some(waiting) => waiting,
            None => patiently(|| self.order())?.arrive()?,
        };
        let popen = waiting.hand(preparation)?;
        while self.ahead.len() < AHEAD {
            let Ok(order) = self.order() else { break };
            self.ahead.push_back(order);
        }
        Ok(popen)
    }

    /// Tells the server to fork a child.
    fn order(&self) -> io::Result<Order> {
        let (ours, theirs) = socket::pair()?;
        socket::send(self.socket.get()?, &[ORDER], &[theirs.as_fd()])?;
        Ok(Order(PrivateFd::new(ours)))
    }
}

impl Order {
    /// Waits until the child is there.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if neither the child nor the server lives to say so,
    /// and the server's error if it cannot fork.
    fn arrive(self) -> io::Result<Waiting> {
        let Self(socket) = self;
        let from = socket.get()?;
        let number = match socket::receive_number(from) {
            // The child may be there, and what says so still waits. Without its
            // id it could not be waited for when it ends.
            Err(error) if !is_gone(&error) => socket::receive_number(from),
            received => received,
        };
        match number? {
            error if error < 0 => Err(io::Error::from_raw_os_error(-error)),
            pid => Ok(Waiting { socket, popen: Popen::of(pid)? }),
        }
    }
}

impl Waiting {
    /// Sends the child its preparation data: it is a child like any other then.
    fn hand(self, preparation: &Preparation) -> io::Result<Popen> {
        let sent = preparation.send(self.socket.get()?);
        if sent.is_err() {
            let _ = self.popen.signal(libc::SIGKILL);
            let _ = self.popen.wait(None);
        }
        sent.map(|()| self.popen)
    }
}

/// For the time of a fork.
pub(crate) fn hold() -> impl Sized {
    lock(&SERVER)
}
