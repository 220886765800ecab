//! The cases, for procspawn, as far as it has what they are about.

use std::panic::catch_unwind;
use std::process::{Command, exit};
use std::thread::{self, sleep};
use std::time::Duration;

use procspawn::{SpawnError, spawn};
use survives::{
    FOR_EVER, HELD, before_init, case, is_quick, kill_self, pass_if,
    raise_flag, timed, verdict,
};

fn main() {
    before_init(std::env::var_os("__PROCSPAWN_CONTENT_PROCESS_ID").is_some());
    procspawn::init();
    match case().as_str() {
        "parent_killed" => parent_killed(),
        "grandchild" => grandchild(),
        "threads" => threads(),
        "dies_before_init" => dies_before_init(),
        "large_argument" => large_argument(),
        "panics" => panics(),
        "exit_code" => exit_code(),
        _ => verdict("-", "it has no such thing"),
    }
}

fn parent_killed() {
    let daemon = spawn((), |()| sleep(FOR_EVER));
    sleep(Duration::from_millis(500));
    println!("daemon {}", daemon.pid().unwrap());
    sleep(FOR_EVER);
}

#[allow(clippy::zombie_processes, reason = "the one who left it was killed")]
fn grandchild() {
    fn leave_one_behind((): ()) {
        Command::new("sleep").arg("8").spawn().unwrap();
        kill_self();
    }
    let mut child = spawn((), leave_one_behind);
    let limit = Duration::from_secs(20);
    let (time, ended) = timed(|| child.join_timeout(limit));
    let is_right = ended.is_err() && is_quick(time);
    pass_if(is_right, "hang", &format!("{time:.1?}"));
}

fn threads() {
    thread::spawn(|| {
        let _held = HELD.lock();
        sleep(FOR_EVER);
    });
    sleep(Duration::from_millis(300));
    let child = spawn((), |()| drop(HELD.lock()));
    pass_if(child.join().is_ok(), "lost", "");
    exit(0);
}

fn dies_before_init() {
    raise_flag();
    let ended = spawn((), |()| ()).join();
    pass_if(ended.is_err(), "lost", &format!("{ended:?}"));
}

fn large_argument() {
    spawn(vec![1_u8], drop).join().unwrap();
    raise_flag();
    let (time, child) = timed(|| {
        spawn(vec![1_u8; 64 << 20], |bytes| {
            assert_eq!(bytes.len(), 64 << 20);
        })
    });
    let arrived = child.join().is_ok();
    let why = format!("start took {time:.1?}");
    pass_if(is_quick(time) && arrived, "hang", &why);
}

fn panics() {
    fn fail((): ()) {
        panic!("on purpose");
    }
    let caught = catch_unwind(|| spawn((), fail).join());
    let is_right = caught.is_ok_and(|ended| ended.is_err());
    pass_if(is_right, "lost", "");
}

fn exit_code() {
    let text = |ended: Result<(), SpawnError>| format!("{:?}", ended.err());
    fn die((): ()) {
        kill_self();
    }
    fn leave((): ()) {
        exit(7);
    }
    let killed = text(spawn((), die).join());
    let exited = text(spawn((), leave).join());
    pass_if(killed != exited, "lost", &format!("{killed}; {exited}"));
}
