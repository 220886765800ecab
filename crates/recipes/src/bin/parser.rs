//! A parser in a process of its own, which may do its worst.

use std::hint::black_box;
use std::time::Duration;

use mp_core::{ErrorKind, Limits, Process, Result};
use nix::sys::signal::{Signal, raise};

// ANCHOR: parse
// the parser: a sum such as "1+2+3", and what may go wrong in any parser
fn parse(text: String) -> Result<u32, String> {
    match text.as_str() {
        // what a wrong pointer in a C library does; Rust's own handler takes
        // the first signal, and lets the next ones through
        "segfault" => loop {
            raise(Signal::SIGSEGV).expect("cannot raise it");
        },
        "abort" => std::process::abort(),
        "deep" => assert_ne!(nested(text.as_bytes()), 0),
        "endless" => while black_box(true) {},
        "large" => drop(black_box(vec![1_u8; 1 << 30])),
        "panic" => panic!("this should not happen"),
        _ => (),
    }
    let number = |word: &str| {
        word.parse::<u32>().map_err(|_| format!("{word:?} is no number"))
    };
    text.split('+').map(number).sum()
}

// calls itself until the stack is full
fn nested(outer: &[u8]) -> usize {
    let inner = [0; 1000];
    if outer.is_empty() { 0 } else { nested(black_box(&inner)) + 1 }
}
// ANCHOR_END: parse

// ANCHOR: main
fn main() -> Result<()> {
    mp_core::init();
    let texts = "1+2+3 1+two segfault abort deep endless large panic 4+5";
    for text in texts.split(' ') {
        println!("{text}: {}", report(text)?);
    }
    Ok(())
}

// parses in a process with limits, and says what came of it
fn report(text: &str) -> Result<String> {
    let limits = Limits::new().memory(256 << 20).core(0);
    let mut process = Process::returning(parse, (text.to_owned(),))
        .with_limits(limits)
        .with_timeout(Duration::from_secs(1))
        .with_quiet_panics();
    process.start()?;
    let error = match process.result() {
        Ok(Ok(sum)) => return Ok(format!("the sum is {sum}")),
        Ok(Err(why)) => return Ok(format!("not a sum: {why}")),
        Err(error) => error,
    };
    Ok(match (error.kind(), error.panic()) {
        (ErrorKind::Killed { signal }, _) => {
            let signal = Signal::try_from(signal);
            format!("crashed by {}", signal.map_or("a signal", Signal::as_str))
        }
        (ErrorKind::Panicked, Some(panic)) => {
            format!("panicked: {}", panic.message())
        }
        (ErrorKind::TimedOut, _) => "took too long".to_owned(),
        (ErrorKind::MemoryLimit, _) => "took too much memory".to_owned(),
        _ => return Err(error),
    })
}
// ANCHOR_END: main
