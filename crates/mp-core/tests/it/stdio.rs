//! Standard streams: the behaviours STDIO.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread::{self, sleep};
use std::time::Duration;

use mp_core::{Process, RawValue, StartMethod, Value, parent_process};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::close;
use signal_hook::consts::SIGKILL;
use signal_hook::low_level;

use crate::observe::{Gate, descriptors, passes};
use crate::steps::wait_to_be_killed;
use crate::support::{exit_code_of, permit, program};

crate::cases! {
    each_method: [
        stdio_01_child_output_is_flushed,
        stdio_02_not_flushed_on_abrupt_end,
        stdio_03_broken_streams_in_the_parent,
        stdio_03_streams_closed_by_the_parent,
        stdio_04_streams_closed_by_the_child,
        stdio_05_standard_input_of_children,
        stdio_06_processes_started_by_children,
        order_beside_a_thread,
        a_thread_that_keeps_the_stream_keeps_no_start,
        full_stream_that_does_not_block,
    ],
    once: [],
    programs: [
        partial_lines,
        worker,
        worker_after_closing,
        closing_children,
        reader,
        printing_beside_a_thread,
        starting_beside_a_keeper,
        printing_to_a_full_stream,
    ],
}

/// A parent and a child that print parts of a line. Ends as the child does.
fn partial_lines() -> ExitCode {
    fn print_and_end(way: String) -> Result<(), &'static str> {
        print!("child");
        eprint!("error");
        match way.as_str() {
            "return" => Ok(()),
            "fail" => Err("on purpose"),
            "panic" => panic!("on purpose"),
            "exit" => std::process::exit(3),
            "leave" => low_level::exit(3),
            _ => loop {
                low_level::raise(SIGKILL).unwrap();
            },
        }
    }
    print!("parent ");
    let way = std::env::args().nth(1).unwrap();
    let code = exit_code_of(print_and_end, (way,));
    println!(" {}", code.unwrap());
    ExitCode::SUCCESS
}

/// What the parent held back is written once, whatever becomes of the child.
fn check_partial_lines(method: StartMethod, way: &str, expected: &str) {
    let mut program = program("partial_lines", method);
    let output = program.arg(way).output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{way}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.starts_with("error"), "{way}: {errors}");
}

fn stdio_01_child_output_is_flushed(method: StartMethod) {
    check_partial_lines(method, "return", "parent child 0\n");
    check_partial_lines(method, "fail", "parent child 1\n");
    check_partial_lines(method, "panic", "parent child 1\n");
    check_partial_lines(method, "exit", "parent child 3\n");
}

fn stdio_02_not_flushed_on_abrupt_end(method: StartMethod) {
    check_partial_lines(method, "leave", "parent  3\n");
    check_partial_lines(method, "kill", "parent  -9\n");
}

/// Starts a child that does its work, with text that cannot be written.
fn worker() -> ExitCode {
    let done = RawValue::new(0_u32);
    let work = |done: RawValue<u32>| {
        print!("lost");
        done.set(1);
    };
    print!("lost");
    for _ in 0..2 {
        done.set(0);
        let code = exit_code_of(work, (done.clone(),));
        if (code, done.get()) != (Some(0), 1) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn stdio_03_broken_streams_in_the_parent(method: StartMethod) {
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    let nobody_reads = || nix::unistd::pipe().unwrap().1;
    let run = |out: Stdio, err: Stdio| {
        let mut worker = program("worker", method);
        let status = worker.stdout(out).stderr(err).status();
        assert!(status.unwrap().success());
    };
    run(full().into(), Stdio::inherit());
    run(Stdio::null(), full().into());
    run(full().into(), full().into());
    run(nobody_reads().into(), Stdio::inherit());
    run(Stdio::null(), nobody_reads().into());
}

/// Closes the streams whose numbers it is given, then works. The library must
/// not use these numbers: what is printed would be written to its descriptors.
fn worker_after_closing() -> ExitCode {
    fn look() {
        let streams = descriptors(std::process::id());
        assert_eq!(streams[&0], "/dev/null");
        assert!(parent_process().unwrap().is_alive());
    }
    let numbers = std::env::args().skip(1);
    let closed: Vec<i32> =
        numbers.map(|number| number.parse().unwrap()).collect();
    for &number in &closed {
        close(number).unwrap();
    }
    let (gate, value) = (Gate::new(), Value::new(5));
    let mut daemon = gate.process().with_daemon(true);
    daemon.start().unwrap();
    println!("lost");
    assert_eq!(exit_code_of(look, ()), Some(0));
    assert!(daemon.is_alive());
    assert_eq!(value.get(), 5);
    let open = descriptors(std::process::id());
    assert!(closed.iter().all(|number| !open.contains_key(number)));
    worker()
}

fn stdio_03_streams_closed_by_the_parent(method: StartMethod) {
    for streams in [&["0"][..], &["1"], &["2"], &["1", "2"], &["0", "1", "2"]] {
        let mut program = program("worker_after_closing", method);
        program.stdin(Stdio::null()).stdout(Stdio::null());
        let status = program.args(streams).status().unwrap();
        assert!(status.success(), "without {streams:?}: {status}");
    }
}

/// Starts children that close streams, and then do their work.
fn closing_children() -> ExitCode {
    fn work_without(streams: Vec<i32>, done: RawValue<u32>) {
        print!("lost");
        for number in streams {
            close(number).unwrap();
        }
        done.set(1);
    }
    for streams in [vec![1], vec![2], vec![1, 2], vec![0, 1, 2]] {
        let done = RawValue::new(0);
        let arguments = (streams, done.clone());
        assert_eq!(exit_code_of(work_without, arguments), Some(0));
        assert_eq!(done.get(), 1);
    }
    ExitCode::SUCCESS
}

fn stdio_04_streams_closed_by_the_child(method: StartMethod) {
    passes("closing_children", method, &[]);
}

/// Says how much its child reads, and then what it reads itself.
fn reader() -> ExitCode {
    fn read_nothing() -> ExitCode {
        let read = io::stdin().read(&mut [0; 10]).unwrap();
        ExitCode::from(u8::try_from(read).unwrap())
    }
    let code = exit_code_of(read_nothing, ());
    let text = io::read_to_string(io::stdin()).unwrap();
    println!("{} {text}", code.unwrap());
    ExitCode::SUCCESS
}

fn stdio_05_standard_input_of_children(method: StartMethod) {
    let mut reader = program("reader", method)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    reader.stdin.take().unwrap().write_all(b"for the parent").unwrap();
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"0 for the parent\n");
}

fn stdio_06_processes_started_by_children(_: StartMethod) {
    fn child() {
        for method in StartMethod::ALL {
            let context = mp_core::Context::new(method);
            let mut grandchild =
                context.process(|n: i32| assert_eq!(n, 5), (5,));
            grandchild.start().unwrap();
            grandchild.join().unwrap();
            assert_eq!(grandchild.exitcode(), Some(0), "{method}");
        }
        let cat = Command::new("cat").output().unwrap();
        assert!(cat.status.success());
        assert_eq!(cat.stdout, b"");
    }
    let mut process = Process::new(child, ());
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
}

/// What stands in the buffer when a process is started comes before what that
/// one prints.
fn printing_beside_a_thread() -> ExitCode {
    thread::spawn(|| wait_to_be_killed());
    print!("parent ");
    let mut process = Process::new(|| println!("child"), ());
    process.start_with_threads(permit()).unwrap();
    process.join().unwrap();
    ExitCode::SUCCESS
}

fn order_beside_a_thread(method: StartMethod) {
    let output = program("printing_beside_a_thread", method).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "parent child\n");
}

/// A thread has the stream for itself. Starts that copy nothing go on, and
/// leave one thread at most that waits for it.
fn starting_beside_a_keeper() -> ExitCode {
    let (kept, is_kept) = mpsc::channel();
    thread::spawn(move || {
        let _stream = io::stdout().lock();
        kept.send(()).unwrap();
        wait_to_be_killed();
    });
    is_kept.recv().unwrap();
    for _ in 0..3 {
        assert_eq!(exit_code_of(|| (), ()), Some(0));
    }
    let threads = std::fs::read_dir("/proc/self/task").unwrap().count();
    assert!(threads <= 3, "{threads} threads");
    ExitCode::SUCCESS
}

fn a_thread_that_keeps_the_stream_keeps_no_start(method: StartMethod) {
    // A fork waits for it, as it says.
    if method != StartMethod::Fork {
        passes("starting_beside_a_keeper", method, &[]);
    }
}

/// Fills a stream that does not block, says so, and prints something that has
/// to wait until somebody reads.
fn printing_to_a_full_stream() -> ExitCode {
    fn child() {
        let stdout = io::stdout();
        // Whatever it holds back, there is room for it.
        let room = PollFd::new(stdout.as_fd(), PollFlags::POLLOUT);
        poll(&mut [room], PollTimeout::NONE).unwrap();
        print!("child");
    }
    let stdout = io::stdout();
    fcntl(&stdout, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    while nix::unistd::write(&stdout, &[b'-'; 1 << 12]).is_ok() {}
    while nix::unistd::write(&stdout, b"-").is_ok() {}
    print!("parent ");
    eprintln!();
    assert_eq!(exit_code_of(child, ()), Some(0));
    ExitCode::SUCCESS
}

fn full_stream_that_does_not_block(method: StartMethod) {
    let mut program = program("printing_to_a_full_stream", method)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It is about to start a process. What comes too late for that to meet a
    // full stream shows nothing.
    let mut errors = program.stderr.take().unwrap();
    errors.read_exact(&mut [0]).unwrap();
    sleep(Duration::from_millis(30));
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.trim_start_matches('-'), "parent child");
}
