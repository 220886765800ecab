//! What is left behind: the behaviours RES.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mp_core::{
    Array, Lock, Process, RLock, RawValue, StartMethod, Value, active_children,
    wait,
};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::stat::Mode;
use nix::unistd::{close, mkfifo};

use crate::observe::{
    Gate, Running, await_permission, children, descriptors, eventually,
    forkserver_and_children_ahead, passes, state,
};
use crate::support::{exit_code_of, program};

crate::cases! {
    each_method: [
        res_01_no_zombies,
        res_02_no_growth_of_descriptors,
        res_03_children_do_not_depend_on_siblings,
        res_05_last_writing_end_closed,
        res_06_a_killed_program_leaves_no_names,
        res_07_nothing_has_a_name,
        res_11_temporary_folder_stays_empty,
        res_12_no_helper_but_the_forkserver,
        res_13_nothing_is_left,
    ],
    once: [],
    programs: [sharing, tidy, household_of_all],
}

fn own_descriptors() -> usize {
    descriptors(std::process::id()).len()
}

fn res_01_no_zombies(_: StartMethod) {
    let reap: [fn(&Process); 3] = [
        |process| process.join().unwrap(),
        |process| assert!(!process.is_alive()),
        |_| assert!(active_children().is_empty()),
    ];
    for reap in reap {
        let mut process = Process::default();
        process.start().unwrap();
        let pid = process.pid().unwrap();
        wait(&[process.sentinel().unwrap()], None).unwrap();
        assert_eq!(state(pid), Some('Z'));
        reap(&process);
        assert_eq!(state(pid), None);
    }
}

fn res_02_no_growth_of_descriptors(_: StartMethod) {
    // What is made once, with the first process.
    assert_eq!(exit_code_of(|| (), ()), Some(0));
    let before = own_descriptors();
    for _ in 0..20 {
        let mut process = Process::default();
        process.start().unwrap();
        process.join().unwrap();
        process.close().unwrap();
    }
    assert_eq!(own_descriptors(), before);

    let mut processes = [(); 10].map(|()| Process::default());
    for process in &mut processes {
        process.start().unwrap();
        process.join().unwrap();
    }
    assert_eq!(own_descriptors(), before + 10, "each has a sentinel");
    for process in &processes[..5] {
        process.close().unwrap();
    }
    assert_eq!(own_descriptors(), before + 5);
    drop(processes);
    assert_eq!(own_descriptors(), before);
}

/// By fork too: a forked child closes what the library has for its parent.
fn res_03_children_do_not_depend_on_siblings(_: StartMethod) {
    let gate = Gate::new();
    let children = [(); 5].map(|()| gate.start());
    let counts = children
        .each_ref()
        .map(|child| descriptors(child.pid().unwrap()).len());
    assert_eq!(counts, [counts[0]; 5]);
    gate.open();
    for child in children {
        child.join().unwrap();
    }
}

/// A forked child has a copy of the writing end, and closes it.
fn res_05_last_writing_end_closed(method: StartMethod) {
    fn read(path: PathBuf, copy: Option<i32>, opened: RawValue<u32>) {
        let mut fifo = File::open(path).unwrap();
        if let Some(copy) = copy {
            close(copy).unwrap();
        }
        opened.set(1);
        assert_eq!(fifo.read(&mut [0]).unwrap(), 0);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    // With a reading end of its own, opening does not wait for the child.
    let both = File::options().read(true).write(true).open(&path).unwrap();
    let writer: OwnedFd =
        File::options().write(true).open(&path).unwrap().into();
    drop(both);
    let copy = (method == StartMethod::Fork).then(|| writer.as_raw_fd());
    let opened = RawValue::new(0);
    let mut process = Process::new(read, (path, copy, opened.clone()));
    process.start().unwrap();
    eventually("the child reads", || opened.get() == 1);
    assert!(process.is_alive());
    drop(writer);
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
}

/// Uses all that can be shared, and stays until it may end.
fn sharing() -> ExitCode {
    let gate = Gate::new();
    let process = gate.start();
    let shared =
        (Lock::new(), RLock::new(), Value::new(1), Array::<u8>::new(1 << 20));
    let use_all =
        |lock: Lock, rlock: RLock, value: Value<i32>, array: Array<u8>| {
            let _held = (lock.acquire().unwrap(), rlock.acquire().unwrap());
            array.set(7, 1);
            value.set(2);
        };
    assert_eq!(exit_code_of(use_all, shared.clone()), Some(0));
    println!("{}", process.pid().unwrap());
    await_permission();
    gate.open();
    ExitCode::SUCCESS
}

/// The files that a process has open or mapped and whose names are in a folder
/// for temporary files or for shared memory.
fn temporary_files(pid: u32, folder: &Path) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mapped =
        maps.lines().filter_map(|line| line.find('/').map(|at| &line[at..]));
    let open = descriptors(pid).into_values();
    let files = open.chain(mapped.map(str::to_owned));
    files
        .filter(|path| {
            path.starts_with("/dev/shm/") || Path::new(path).starts_with(folder)
        })
        .collect()
}

/// Neither a program nor its child has a file that could outlive it, however
/// the program ends.
fn check_names(method: StartMethod, end: impl FnOnce(&mut Running)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut program =
        Running::of(program("sharing", method).env("TMPDIR", path));
    let child = program.numbers()[0];
    for pid in [program.pid(), child] {
        assert_eq!(temporary_files(pid, path), Vec::<String>::new());
    }
    end(&mut program);
}

/// There is no tracker, since there is nothing to track.
fn res_06_a_killed_program_leaves_no_names(method: StartMethod) {
    check_names(method, Running::kill);
}

fn res_07_nothing_has_a_name(method: StartMethod) {
    check_names(method, |program| assert!(program.finish().success()));
}

/// There is no folder to make, nor to take away.
fn res_11_temporary_folder_stays_empty(method: StartMethod) {
    let folder = tempfile::tempdir().unwrap();
    let is_empty = || fs::read_dir(folder.path()).unwrap().next().is_none();
    let mut command = program("sharing", method);
    let mut program = Running::of(command.env("TMPDIR", folder.path()));
    assert_eq!(program.numbers().len(), 1);
    assert!(is_empty());
    assert!(program.finish().success());
    assert!(is_empty());
}

fn tidy() -> ExitCode {
    let gate = Gate::new();
    let children_made = [gate.start(), gate.start()];
    let mut expected: Vec<_> =
        children_made.iter().filter_map(Process::pid).collect();
    expected.extend(forkserver_and_children_ahead());
    expected.sort_unstable();
    let mut found = children();
    found.sort_unstable();
    assert_eq!(found, expected);
    let by_server = mp_core::start_method().unwrap() == StartMethod::ForkServer;
    assert_eq!(found.len(), if by_server { 5 } else { 2 });
    // And no thread works behind the program's back.
    assert_eq!(fs::read_dir("/proc/self/task").unwrap().count(), 1);
    gate.open();
    ExitCode::SUCCESS
}

fn res_12_no_helper_but_the_forkserver(method: StartMethod) {
    passes("tidy", method, &[]);
}

/// Runs a program, and becomes the parent of what it leaves.
fn household_of_all() -> ExitCode {
    set_child_subreaper(true).unwrap();
    let method = mp_core::start_method().unwrap();
    for name in ["sharing", "tidy"] {
        passes(name, method, &[]);
        assert!(children().is_empty());
    }
    ExitCode::SUCCESS
}

fn res_13_nothing_is_left(method: StartMethod) {
    passes("household_of_all", method, &[]);
}
