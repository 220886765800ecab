//! Waiting for streams until all have ended: the behaviours SENT-08 and -09.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use mp_core::{Process, StartMethod, wait};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

crate::cases! {
    each_method: [sent_08_end_of_stream_is_ready, sent_09_sockets],
    once: [],
}

/// So long that a case that waits for it has failed.
const LONG: Option<Duration> = Some(Duration::from_secs(100));

const SENDERS: usize = 3;
const MESSAGES: usize = 8;

/// Writes lines, with or without pauses in between.
fn send_lines(mut to: impl Write, pauses: bool) {
    for n in 0..MESSAGES {
        if pauses {
            sleep(Duration::from_millis(n as u64 * 7 % 20));
        }
        writeln!(to, "{n} {}", std::process::id()).unwrap();
    }
}

/// Reads from all as it comes, until each has ended. What each got.
fn receive_all(
    from: impl IntoIterator<Item = impl Read + AsFd>,
) -> Vec<String> {
    let mut streams: Vec<_> = from.into_iter().enumerate().collect();
    let mut texts = vec![String::new(); streams.len()];
    while !streams.is_empty() {
        let fds: Vec<_> =
            streams.iter().map(|(_, from)| from.as_fd()).collect();
        let ready = wait(&fds, LONG).unwrap();
        assert!(!ready.is_empty());
        // From the last on, so that the places of the others stay.
        for place in ready.into_iter().rev() {
            let (sender, stream) = &mut streams[place];
            let mut bytes = [0; 64];
            match stream.read(&mut bytes).unwrap() {
                0 => drop(streams.remove(place)),
                n => texts[*sender]
                    .push_str(std::str::from_utf8(&bytes[..n]).unwrap()),
            }
        }
    }
    texts
}

fn check_lines(texts: &[String], mut pids: Vec<u32>) {
    for text in texts {
        let pid: u32 = text.split_whitespace().nth(1).unwrap().parse().unwrap();
        let lines = (0..MESSAGES).map(|n| format!("{n} {pid}\n"));
        assert_eq!(*text, lines.collect::<String>());
        pids.retain(|&other| other != pid);
    }
    assert!(pids.is_empty(), "{pids:?} sent nothing");
}

/// The one-way pipes have names, by which children of any kind open them.
fn sent_08_end_of_stream_is_ready(_: StartMethod) {
    fn sender(path: PathBuf, pauses: bool) {
        send_lines(File::options().write(true).open(path).unwrap(), pauses);
    }
    for pauses in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut readers = Vec::new();
        let mut processes = Vec::new();
        for n in 0..SENDERS {
            let path = folder.path().join(n.to_string());
            mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
            // It is open before there is a writer, and does not wait for one.
            let nonblocking = nix::fcntl::OFlag::O_NONBLOCK.bits();
            let reader = OpenOptions::new()
                .read(true)
                .custom_flags(nonblocking)
                .open(&path);
            readers.push(reader.unwrap());
            let mut process = Process::new(sender, (path, pauses));
            process.start().unwrap();
            processes.push(process);
        }
        let texts = receive_all(readers);
        let pids = processes.iter().filter_map(Process::pid).collect();
        check_lines(&texts, pids);
        for process in &processes {
            process.join().unwrap();
        }
    }
}

fn sent_09_sockets(_: StartMethod) {
    fn sender(address: SocketAddr, pauses: bool) {
        send_lines(TcpStream::connect(address).unwrap(), pauses);
    }
    for pauses in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut processes =
            [(); SENDERS].map(|()| Process::new(sender, (address, pauses)));
        for process in &mut processes {
            process.start().unwrap();
        }
        let mut streams = Vec::new();
        while streams.len() < SENDERS {
            assert_eq!(wait(&[&listener], LONG).unwrap(), [0]);
            streams.push(listener.accept().unwrap().0);
        }
        let texts = receive_all(streams);
        let pids = processes.iter().filter_map(Process::pid).collect();
        check_lines(&texts, pids);
        for process in &processes {
            process.join().unwrap();
        }
    }
}
