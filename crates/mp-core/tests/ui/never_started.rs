#![deny(unused_must_use)]

use mp_core::Process;

fn main() {
    Process::new(|| println!("hello"), ());
    Process::default().with_name("Ada").with_daemon(true);
}
