//! What the system has no more of.

use std::collections::BTreeMap;
use std::fs;
use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use mp_core::{Array, Process, Result, StartMethod, start_method};
use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, sendmsg,
    socketpair,
};
use nix::unistd::{dup2_stdin, pipe};

use crate::books::Books;
use crate::observe::{
    Running, children, descriptors, eventually, has_ended, passes, send,
};
use crate::support::{program, silence};
use crate::{is_long, times};

crate::cases! {
    each_method: [
        no_descriptors_left,
        no_descriptors_from_the_beginning,
        no_processes_left,
        no_memory_left,
        no_room_for_files,
        no_descriptors_on_their_way,
    ],
    once: [],
    programs: [
        without_descriptors,
        few_descriptors_at_first,
        without_processes,
        without_memory,
        without_files,
        with_full_sockets,
    ],
}

/// Does something under a lower limit.
fn under<T>(resource: Resource, limit: u64, work: impl FnOnce() -> T) -> T {
    let (soft, hard) = getrlimit(resource).unwrap();
    setrlimit(resource, limit, hard).unwrap();
    let result = work();
    setrlimit(resource, soft, hard).unwrap();
    result
}

/// Ends the forkserver and the children that it has forked ahead: they have the
/// limit that was when the server started.
fn end_server() {
    for helper in children() {
        send(helper, Signal::SIGKILL);
        eventually("it ends", || has_ended(helper));
    }
}

/// The error of the system that an error is about.
fn cause<T>(result: Result<T>) -> Option<Errno> {
    let error = result.err()?;
    let source = std::error::Error::source(&error).unwrap();
    let system = source.downcast_ref::<std::io::Error>().unwrap();
    assert!(error.to_string().starts_with("failed to "), "{error}");
    system.raw_os_error().map(Errno::from_raw)
}

/// At every place of a start where descriptors can run out, they do.
fn no_descriptors_left(method: StartMethod) {
    passes("without_descriptors", method, &[]);
}

fn without_descriptors() -> ExitCode {
    silence();
    let books = Books::open();
    let open = descriptors(std::process::id());
    let last = u64::try_from(*open.keys().max().unwrap()).unwrap();
    let (mut failures, mut children_failed) = (0, 0);
    for limit in 4..last + 20 {
        let result = under(Resource::RLIMIT_NOFILE, limit, || books.try_all());
        match result {
            Ok(true) => {}
            // It had no descriptor for its own C library, say.
            Ok(false) => children_failed += 1,
            error => {
                assert_eq!(cause(error), Some(Errno::EMFILE), "at {limit}");
                failures += 1;
            }
        }
        books.check_descriptors();
    }
    assert!(failures > 0 && failures + children_failed < last + 16);
    let four_more = room_for_four_more(&open);
    let first = arrays_until(four_more);
    assert!(arrays_until(four_more) >= first, "not all came back");
    books.use_all();
    ExitCode::SUCCESS
}

/// The limit under which a process can have four more descriptors.
fn room_for_four_more(open: &BTreeMap<i32, String>) -> u64 {
    let is_free = |number: &u64| {
        !open.keys().any(|&fd| u64::from(fd.unsigned_abs()) == *number)
    };
    (0..).filter(is_free).nth(4).unwrap()
}

/// Makes arrays until there is no descriptor for one more arena, and drops
/// them. The result is how many there were.
fn arrays_until(limit: u64) -> usize {
    under(Resource::RLIMIT_NOFILE, limit, || {
        let mut arrays = Vec::new();
        loop {
            match Array::<u8>::try_new(1 << 20) {
                Ok(array) => arrays.push(array),
                error => {
                    assert_eq!(cause(error), Some(Errno::EMFILE));
                    return arrays.len();
                }
            }
            // Each arena has room for a limited number of them.
            assert!(arrays.len() < 1000);
        }
    })
}

/// The forkserver too has to live with what it was started with.
fn no_descriptors_from_the_beginning(method: StartMethod) {
    for limit in 4..times(24, 40) {
        let name = "few_descriptors_at_first";
        passes(name, method, &[&limit.to_string()]);
    }
}

fn few_descriptors_at_first() -> ExitCode {
    silence();
    let limit = std::env::args().nth(1).unwrap().parse().unwrap();
    // Not the empty file that children get.
    let (input, _writer) = pipe().unwrap();
    dup2_stdin(input).unwrap();
    let first: Result<_> = under(Resource::RLIMIT_NOFILE, limit, || {
        let mut process = Process::new(look_at_input, ());
        process.start()?;
        process.join()?;
        Ok(process.exitcode())
    });
    assert!(!matches!(first, Ok(None | Some(PARENTS_INPUT))));
    drop(first);
    end_server();
    let books = Books::open();
    books.check();
    ExitCode::SUCCESS
}

/// The exit code of a child that has the standard input of its parent.
const PARENTS_INPUT: i32 = 42;

fn look_at_input() {
    // Needs no descriptor.
    let input = std::fs::read_link("/proc/self/fd/0").unwrap();
    if input.to_str() != Some("/dev/null") {
        std::process::exit(PARENTS_INPUT);
    }
}

/// Runs a program as a user that has no other processes. Root has no limits.
fn passes_for_nobody(name: &str, method: StartMethod) {
    let command = program(name, method);
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        assert!(Running::of(&mut { command }).finish().success());
        return;
    }
    // Where others can read it.
    let folder = tempfile::tempdir().unwrap();
    let readable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path(), readable).unwrap();
    let path = folder.path().join("faults");
    fs::copy("/proc/self/exe", &path).unwrap();
    let nobody_else = 61_000 + std::process::id() % 4000;
    let mut other = Command::new(path);
    for (name, value) in command.get_envs() {
        other.env(name, value.unwrap());
    }
    other.uid(nobody_else).gid(nobody_else).current_dir("/");
    assert!(Running::of(&mut other).finish().success());
}

fn no_processes_left(method: StartMethod) {
    passes_for_nobody("without_processes", method);
}

fn without_processes() -> ExitCode {
    silence();
    let method = start_method().unwrap();
    let start = || {
        let mut process = Process::new(|| (), ());
        process.start()?;
        process.join()
    };
    // None beside this one, and then a forkserver but no child of it.
    for limit in 0..=2 {
        let result = under(Resource::RLIMIT_NPROC, limit, start);
        let needed = match method {
            StartMethod::ForkServer => 3,
            _ => 2,
        };
        if limit < needed {
            assert_eq!(cause(result), Some(Errno::EAGAIN), "at {limit}");
        }
        end_server();
    }
    Books::open().check();
    ExitCode::SUCCESS
}

fn no_memory_left(method: StartMethod) {
    passes("without_memory", method, &[]);
}

fn without_memory() -> ExitCode {
    silence();
    let books = Books::open();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let used = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let used = used.unwrap().trim_end_matches(" kB").trim();
    let used = used.parse::<u64>().unwrap() << 10;
    for more in [1_u64 << 20, 4 << 20, 16 << 20] {
        under(Resource::RLIMIT_AS, used + more, || {
            let large = Array::<u8>::try_new(64 << 20);
            assert_eq!(cause(large), Some(Errno::ENOMEM));
            match books.try_all() {
                // A child that is executed may need more than that.
                Ok(_) => {}
                error => assert_eq!(cause(error), Some(Errno::ENOMEM)),
            }
        });
        books.check();
    }
    assert_eq!(Array::<u8>::try_new(64 << 20).unwrap().len(), 64 << 20);
    ExitCode::SUCCESS
}

/// Memory in files counts as files. The kernel would end by SIGXFSZ who asks
/// for more than the limit.
fn no_room_for_files(method: StartMethod) {
    passes("without_files", method, &[]);
}

fn without_files() -> ExitCode {
    silence();
    let books = Books::open();
    let long = vec![7_u8; 1 << 20];
    let method = start_method().unwrap();
    under(Resource::RLIMIT_FSIZE, 4096, || {
        let large = Array::<u8>::try_new(1 << 20);
        assert_eq!(cause(large), Some(Errno::EFBIG));
        let mut process = Process::new(|_: Vec<u8>| (), (long,));
        let started = process.start();
        if method == StartMethod::Fork {
            started.unwrap();
            process.join().unwrap();
        } else {
            assert_eq!(cause(started), Some(Errno::EFBIG));
        }
        books.use_all();
    });
    books.check();
    ExitCode::SUCCESS
}

/// A user may have as many descriptors on their way as a process may have
/// open. Those who wait for theirs get them some time.
fn no_descriptors_on_their_way(method: StartMethod) {
    passes_for_nobody("with_full_sockets", method);
}

/// As many descriptors on their way as the kernel allows, until they are
/// dropped.
fn fill_sockets() -> (OwnedFd, OwnedFd) {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let kind = SockType::SeqPacket;
    let (from, to) =
        socketpair(AddressFamily::Unix, kind, None, flags).unwrap();
    let fds = [from.as_raw_fd(); 16];
    let rights = [ControlMessage::ScmRights(&fds)];
    let send = || {
        let bytes = [IoSlice::new(b"-")];
        let flags = MsgFlags::empty();
        sendmsg::<()>(from.as_raw_fd(), &bytes, &rights, flags, None)
    };
    while let Ok(1) = send() {}
    assert_eq!(send(), Err(Errno::ETOOMANYREFS));
    (from, to)
}

fn with_full_sockets() -> ExitCode {
    silence();
    let books = Books::open();
    let limit = 64;
    under(Resource::RLIMIT_NOFILE, limit, || {
        let full = fill_sockets();
        let fetcher = thread::spawn(|| {
            thread::sleep(Duration::from_millis(100));
            drop(full);
        });
        let start = || {
            let mut process = Process::new(|| (), ());
            process.start()?;
            process.join()
        };
        start().unwrap();
        fetcher.join().unwrap();
        // A fork sends nothing.
        if is_long() && start_method().unwrap() != StartMethod::Fork {
            let full = fill_sockets();
            let error = start().unwrap_err().to_string();
            assert!(error.contains("too many descriptors"), "{error}");
            drop(full);
            start().unwrap();
        }
    });
    end_server();
    books.check();
    ExitCode::SUCCESS
}
