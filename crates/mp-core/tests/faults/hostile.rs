//! Messages that no parent sends: to a child that is summoned by hand, and to
//! a forkserver.

use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::process::{Child, ExitCode, Stdio, exit};

use mp_core::{Context, StartMethod};
use nix::fcntl::{FcntlArg, FdFlag, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, recv, sendmsg,
    socketpair,
};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, geteuid, pipe, setegid, seteuid, write};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::observe::{children, descriptors, eventually};
use crate::support::{Program, program};
use crate::times;

crate::cases! {
    each_method: [],
    once: [
        by_another_user,
        to_a_child,
        to_a_child_of_a_forkserver,
        to_a_forkserver,
    ],
    programs: [not_summoned],
}

/// The program that writes down what a child is sent.
pub(crate) const NO_INIT: &[Program] = &[("record", record)];

/// The exit code of the target, which must not be reached.
const REACHED: i32 = 77;

/// The first byte of a message.
const PREAMBLE: usize = 1;

fn target(code: i32, text: String, list: Vec<u32>) {
    assert!(text.len() + list.len() > 0);
    exit(code);
}

fn record() -> ExitCode {
    if let Ok(summons) = std::env::var("MP_CORE_CHILD") {
        let socket = summons.split(':').next().unwrap().parse().unwrap();
        let mut bytes = vec![0; 1 << 16];
        let length = recv(socket, &mut bytes, MsgFlags::empty()).unwrap();
        println!("{}", serde_json::to_string(&bytes[..length]).unwrap());
        return ExitCode::SUCCESS;
    }
    mp_core::init();
    let arguments = (REACHED, "some text".to_owned(), vec![1, 2, 3]);
    let mut process =
        Context::new(StartMethod::Spawn).process(target, arguments);
    process.start().unwrap();
    process.join().unwrap();
    ExitCode::SUCCESS
}

/// What a child is sent, as it is.
fn letter() -> Vec<u8> {
    let output = program("record", StartMethod::Spawn).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `init` returned, in a process that was summoned.
fn not_summoned() -> ExitCode {
    ExitCode::from(99)
}

fn pair() -> (OwnedFd, OwnedFd) {
    let flags = SockFlag::SOCK_CLOEXEC;
    let kind = SockType::SeqPacket;
    socketpair(AddressFamily::Unix, kind, None, flags).unwrap()
}

/// Sends a message. False if there is nobody to get it.
fn send(socket: &OwnedFd, bytes: &[u8], fds: &[RawFd]) -> bool {
    let rights = [ControlMessage::ScmRights(fds)];
    let rights = if fds.is_empty() { &rights[..0] } else { &rights[..] };
    let bytes = [IoSlice::new(bytes)];
    let flags = MsgFlags::MSG_NOSIGNAL;
    sendmsg::<()>(socket.as_raw_fd(), &bytes, rights, flags, None).is_ok()
}

/// A process of this program that takes itself for a child of this one.
struct Summoned {
    child: Child,
    socket: OwnedFd,
}

impl Summoned {
    fn new() -> Self {
        Self::by(pair())
    }

    /// By a socket of this pair.
    fn by((ours, theirs): (OwnedFd, OwnedFd)) -> Self {
        fcntl(&theirs, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
        let mut command = program("not_summoned", StartMethod::Spawn);
        let summons = format!("{}:{}", theirs.as_raw_fd(), std::process::id());
        let child = command
            .env("MP_CORE_CHILD", summons)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, socket: ours }
    }

    /// The exit code, when nothing more is sent.
    fn end(self) -> Option<i32> {
        let Self { mut child, socket } = self;
        drop(socket);
        let mut status = None;
        eventually("the summoned process ends", || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

/// A message, and whether the target may be reached by it.
struct Message {
    bytes: Vec<u8>,
    may_run: bool,
}

/// How many bytes the place of the target takes: the first of the head.
const PLACE: usize = size_of::<u64>();

/// Where the head of a letter begins.
fn head(letter: &[u8]) -> usize {
    let (rest, length) = letter.split_last_chunk::<8>().unwrap();
    let length = usize::try_from(u64::from_ne_bytes(*length)).unwrap();
    rest.len() - length
}

/// The letter with another place of the target.
fn redirected(letter: &[u8], place: u64) -> Vec<u8> {
    let mut bytes = letter.to_vec();
    bytes[head(letter)..][..PLACE].copy_from_slice(&place.to_ne_bytes());
    bytes
}

fn message(letter: &[u8], random: &mut StdRng) -> Message {
    let mut bytes = letter.to_vec();
    let start = head(letter);
    let mut may_run = false;
    match random.random_range(0..7) {
        0 => {
            // Nothing but noise, or as much as does not fit.
            let longest = if random.random_bool(0.2) { 40_000 } else { 200 };
            bytes = vec![0; random.random_range(1..longest)];
            random.fill(&mut bytes[..]);
            bytes[0] =
                *b"IFIFX\0".get(random.random_range(0..6_usize)).unwrap_or(&0);
        }
        1 => bytes.truncate(random.random_range(1..letter.len())),
        2 => {
            let places = [
                random.random_range(0..1 << 16),
                random.random_range(1_u64 << 40..u64::MAX),
                u64::MAX,
                u64::MAX - 15,
            ];
            let place = places[random.random_range(0..places.len())];
            bytes = redirected(letter, place);
        }
        3 => {
            // A length of the head that is not its own.
            let length: u64 = if random.random() {
                random.random()
            } else {
                random.random_range(0..8)
            };
            let end = bytes.len() - 8;
            bytes[end..].copy_from_slice(&length.to_ne_bytes());
        }
        4 => {
            // The content is said to be in a file, and the file is none.
            bytes[0] = b'F';
        }
        _ => {
            // A few bytes, but not those that say what is to be run: next to
            // a target there may be another.
            may_run = true;
            for _ in 0..random.random_range(1..5) {
                let at = random.random_range(PREAMBLE..bytes.len());
                if !(start..start + PLACE).contains(&at) {
                    bytes[at] = random.random();
                }
            }
        }
    }
    Message { bytes, may_run }
}

/// Descriptors of all kinds, some of which a letter could have.
struct Descriptors {
    all: Vec<OwnedFd>,
    _open: OwnedFd,
}

impl Descriptors {
    fn new(letter: &[u8]) -> Self {
        let (reader, writer) = pipe().unwrap();
        let null = std::fs::File::open("/dev/null").unwrap();
        let file = |bytes: &[u8], seal: bool| {
            let flags = MFdFlags::MFD_ALLOW_SEALING | MFdFlags::MFD_CLOEXEC;
            let fd = memfd_create(c"hostile", flags).unwrap();
            write(&fd, bytes).unwrap();
            if seal {
                fcntl(&fd, FcntlArg::F_ADD_SEALS(SealFlag::all())).unwrap();
            }
            fd
        };
        let body = &letter[PREAMBLE..];
        let half = &body[..body.len() / 2];
        let files = [
            file(&[], true),
            file(half, true),
            file(body, false),
            file(&[255; 5000], true),
        ];
        let mut all = vec![reader, null.into()];
        all.extend(files);
        Self { all, _open: writer }
    }

    fn some(&self, random: &mut StdRng) -> Vec<RawFd> {
        let count = random.random_range(0..5);
        let one = |_| {
            let at = random.random_range(0..self.all.len());
            self.all[at].as_fd().as_raw_fd()
        };
        (0..count).map(one).collect()
    }
}

/// 400 messages, or 20,000. Each ends the process with an exit code, and what
/// is broken runs nothing.
fn to_a_child() {
    let letter = letter();
    let fds = Descriptors::new(&letter);
    let before = descriptors(std::process::id());
    // As it is, and with the one descriptor that it needs, it runs.
    let unchanged = Summoned::new();
    assert!(send(&unchanged.socket, &letter, &[fds.all[0].as_raw_fd()]));
    assert_eq!(unchanged.end(), Some(REACHED));
    for seed in 0..u64::from(times(400, 20_000)) {
        let random = &mut StdRng::seed_from_u64(seed);
        let message = message(&letter, random);
        let summoned = Summoned::new();
        send(&summoned.socket, &message.bytes, &fds.some(random));
        let code = summoned.end();
        check(code, &message, seed);
    }
    assert_eq!(descriptors(std::process::id()), before);
}

/// A program with the rights of its owner does not run what somebody else, who
/// may start it, has it told.
fn by_another_user() {
    if !geteuid().is_root() {
        println!("skipped: only root can be another user");
        return;
    }
    let letter = letter();
    let fds = Descriptors::new(&letter);
    let as_is = fds.all[0].as_raw_fd();
    let users: fn(u32) -> nix::Result<()> = |id| seteuid(id.into());
    let groups: fn(u32) -> nix::Result<()> = |id| setegid(id.into());
    for become_one in [users, groups] {
        become_one(65_534).unwrap();
        let pair = pair();
        become_one(0).unwrap();
        let summoned = Summoned::by(pair);
        send(&summoned.socket, &letter, &[as_is]);
        // `init` returned.
        assert_eq!(summoned.end(), Some(99));
    }
}

fn check(code: Option<i32>, message: &Message, seed: u64) {
    let is_right = match code {
        Some(1) => true,
        // A signal, or `init` returned.
        None | Some(99) => false,
        Some(_) => message.may_run,
    };
    assert!(is_right, "{code:?}, seed {seed}: {:?}", message.bytes);
}

/// A forkserver that takes this process for the one that started it.
fn server() -> Summoned {
    let server = Summoned::new();
    assert!(send(&server.socket, b"S", &[]));
    server
}

/// What the other end of a socket says of a child. None if it is closed.
fn announced(socket: &OwnedFd) -> Option<Pid> {
    let mut bytes = [0; 4];
    match recv(socket.as_raw_fd(), &mut bytes, MsgFlags::empty()) {
        Ok(4) => Some(Pid::from_raw(i32::from_ne_bytes(bytes))),
        Ok(0) | Err(_) => None,
        Ok(length) => panic!("an answer of {length} bytes"),
    }
}

/// 400 messages, or 20,000. A server ends at what it cannot read; what it can
/// is a socket, where a child waits that is this process's.
fn to_a_forkserver() {
    let letter = letter();
    let fds = Descriptors::new(&letter);
    let before = (descriptors(std::process::id()), children());
    for seed in 0..u64::from(times(400, 20_000)) {
        let random = &mut StdRng::seed_from_u64(seed);
        let mut bytes = message(&letter, random).bytes;
        if random.random_bool(0.3) {
            bytes = b"C".to_vec();
        }
        let server = server();
        assert!(send(&server.socket, &bytes, &fds.some(random)));
        // What is no socket has nobody at the other end, and the child ends.
        let code = server.end();
        assert!(matches!(code, Some(0 | 1)), "{code:?}, seed {seed}");
    }
    for child in children() {
        if !before.1.contains(&child) {
            let child = Pid::from_raw(child.try_into().unwrap());
            let status = waitpid(child, None).unwrap();
            assert_eq!(status, WaitStatus::Exited(child, 1));
        }
    }
    assert_eq!((descriptors(std::process::id()), children()), before);
}

/// 400 messages, or 20,000, to children that a server has forked ahead.
fn to_a_child_of_a_forkserver() {
    let letter = letter();
    let fds = Descriptors::new(&letter);
    let before = (descriptors(std::process::id()), children());
    let server = server();
    for seed in 0..u64::from(times(400, 20_000)) {
        let random = &mut StdRng::seed_from_u64(seed);
        let message = message(&letter, random);
        let (ours, theirs) = pair();
        assert!(send(&server.socket, b"C", &[theirs.as_raw_fd()]));
        drop(theirs);
        let child = announced(&ours).unwrap();
        assert!(child.as_raw() > 0, "{child}, seed {seed}");
        assert!(send(&ours, &message.bytes, &fds.some(random)));
        let code = match waitpid(child, None).unwrap() {
            WaitStatus::Exited(_, code) => Some(code),
            _ => None,
        };
        check(code, &message, seed);
    }
    assert_eq!(server.end(), Some(0));
    assert_eq!((descriptors(std::process::id()), children()), before);
}
