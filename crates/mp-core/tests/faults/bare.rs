//! A system that has not what every system has.

use std::fs;
use std::process::{Command, ExitCode, Stdio};

use mp_core::{Array, Process, StartMethod, Value, start_method};

use crate::observe::Running;
use crate::support::{exit_code_of, program};

crate::cases! {
    each_method: [no_proc, small_shared_memory, executable_replaced],
    once: [],
    programs: [without_proc, with_small_shared_memory, replaced],
}

/// Whether this process may change what is mounted for its children.
fn may_mount() -> bool {
    let mut attempt = Command::new("unshare");
    attempt.args(["--mount", "mount", "-t", "tmpfs", "tmpfs", "/proc"]);
    let attempt = attempt.stdout(Stdio::null()).stderr(Stdio::null());
    let may = attempt.status().is_ok_and(|status| status.success());
    if !may {
        println!("skipped: it takes the right to mount");
    }
    may
}

/// Runs a program of this binary where something else was mounted before.
fn passes_where(mount: &str, name: &str, method: StartMethod) {
    if !may_mount() {
        return;
    }
    let path = std::env::current_exe().unwrap();
    let script = format!("mount -t tmpfs {mount} && exec \"$0\"");
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).arg(path);
    for (name, value) in program(name, method).get_envs() {
        command.env(name, value.unwrap());
    }
    let status = Running::of(&mut command).finish();
    assert!(status.success(), "{name}: {status}");
}

/// The program finds its own image by `/proc`, so only fork can do without it.
fn no_proc(method: StartMethod) {
    passes_where("tmpfs /proc", "without_proc", method);
}

fn without_proc() -> ExitCode {
    let value = Value::new(1);
    let mut process =
        Process::new(|value: Value<i32>| value.set(2), (value.clone(),));
    let started = process.start();
    if start_method().unwrap() == StartMethod::Fork {
        started.unwrap();
        process.join().unwrap();
        assert_eq!((process.exitcode(), value.get()), (Some(0), 2));
        // A daemon opens its parent's pipe anew, by its path.
        let mut daemon = Process::new(|| (), ()).with_daemon(true);
        let error = daemon.start().unwrap_err().to_string();
        assert!(error.contains("No such file"), "{error}");
    } else {
        let error = started.unwrap_err().to_string();
        assert!(error.contains("Process-1"), "{error}");
        assert!(error.contains("No such file"), "{error}");
    }
    ExitCode::SUCCESS
}

/// Shared memory is not in that folder, whose size so does not matter.
fn small_shared_memory(method: StartMethod) {
    let mount = "-o size=1m tmpfs /dev/shm";
    passes_where(mount, "with_small_shared_memory", method);
}

fn with_small_shared_memory() -> ExitCode {
    fn fill(array: Array<u8>) {
        array.lock().fill(9);
    }
    let array = Array::<u8>::new(64 << 20);
    assert_eq!(exit_code_of(fill, (array.clone(),)), Some(0));
    assert!(array.lock().iter().all(|&byte| byte == 9));
    ExitCode::SUCCESS
}

/// Another program under the same path is not what children run.
fn executable_replaced(method: StartMethod) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faults");
    fs::copy("/proc/self/exe", &path).unwrap();
    let mut command = Command::new(&path);
    for (name, value) in program("replaced", method).get_envs() {
        command.env(name, value.unwrap());
    }
    let status = Running::of(&mut command).finish();
    assert!(status.success(), "{status}");
}

fn replaced() -> ExitCode {
    let path = std::env::current_exe().unwrap();
    for _ in 0..3 {
        let other = path.with_extension("new");
        fs::copy("/bin/false", &other).unwrap();
        fs::rename(other, &path).unwrap();
        let value = Value::new(1);
        let set = |value: Value<i32>| value.set(2);
        assert_eq!(exit_code_of(set, (value.clone(),)), Some(0));
        assert_eq!(value.get(), 2);
    }
    ExitCode::SUCCESS
}
