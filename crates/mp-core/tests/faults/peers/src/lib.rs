//! What the cases of both libraries have in common.

use std::env;
use std::fs::File;
use std::path::Path;
use std::process::exit;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

/// Longer than any case may take.
pub const FOR_EVER: Duration = Duration::from_secs(100);

/// What a thread of the parent may hold.
pub static HELD: Mutex<()> = Mutex::new(());

/// Says once what became of the case, in one word and an explanation.
pub fn verdict(word: &str, why: &str) {
    println!("{word} {why}");
}

pub fn pass_if(is_right: bool, otherwise: &str, why: &str) {
    verdict(if is_right { "pass" } else { otherwise }, why);
}

/// What stands before `init`: while the file is there, a child dies or is slow.
pub fn before_init(is_child: bool) {
    let flag = env::var("FLAG").unwrap();
    if is_child && Path::new(&flag).exists() {
        match case().as_str() {
            "dies_before_init" => exit(7),
            "large_argument" => sleep(Duration::from_secs(4)),
            _ => {}
        }
    }
}

pub fn case() -> String {
    env::args().nth(1).unwrap()
}

/// From here on, children die or are slow before `init`.
pub fn raise_flag() {
    File::create(env::var("FLAG").unwrap()).unwrap();
}

/// Ends this process.
pub fn kill_self() -> ! {
    kill(std::process::id());
    unreachable!()
}

/// Kills a process.
pub fn kill(pid: u32) {
    let pid = Pid::from_raw(pid.try_into().unwrap());
    // It may have ended already.
    let _ = signal::kill(pid, Signal::SIGKILL);
}

/// How long something took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

pub fn is_quick(time: Duration) -> bool {
    time < Duration::from_secs(2)
}
