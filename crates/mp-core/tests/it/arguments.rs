//! What a process is given to do: the behaviours PROC, in part.

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::process::{Command, ExitCode};

use mp_core::{
    Process, Run, StartMethod, Value, active_children, current_process,
};
use nix::unistd::getpid;
use serde::{Deserialize, Serialize};

use crate::notes::Notes;
use crate::steps::Steps;
use crate::support::{exit_code_of, program};

crate::cases! {
    each_method: [
        proc_04_the_target_sees_itself,
        proc_05_arguments_arrive_unchanged,
        proc_05_long_arguments_arrive_unchanged,
        proc_07_a_type_of_ones_own,
        proc_08_calling_run_directly,
        proc_38_the_executable_is_gone,
    ],
    once: [],
    programs: [without_its_file],
}

fn proc_04_the_target_sees_itself(_: StartMethod) {
    fn report(notes: Notes, number: i32, word: &str) {
        let me = current_process();
        notes.add(format_args!("{number} {word} {}", me.name()));
        assert_eq!(me.pid().unwrap().to_string(), getpid().to_string());
        notes.add(getpid());
    }
    let notes = Notes::new();
    let args = (notes.clone(), 12, "word");
    let mut process = Process::new(report, args).with_name("Reporter");
    process.start().unwrap();
    process.join().unwrap();
    let pid = process.pid().unwrap();
    assert_eq!(notes.read(), format!("12 word Reporter {pid}"));
}

type Nested = (u8, (String, Option<f64>));

fn proc_05_arguments_arrive_unchanged(_: StartMethod) {
    fn check(number: i64, text: String, list: Vec<i32>, nested: Nested) {
        assert_eq!(number, -(1 << 40));
        assert_eq!(text, "grüße\0\n");
        assert_eq!(list, [3, -1, 4]);
        assert_eq!(nested, (7, ("inner".to_owned(), Some(0.5))));
    }
    let nested: Nested = (7, ("inner".to_owned(), Some(0.5)));
    let args = (-(1 << 40), "grüße\0\n".to_owned(), vec![3, -1, 4], nested);
    assert_eq!(exit_code_of(check, args), Some(0));
}

fn proc_05_long_arguments_arrive_unchanged(_: StartMethod) {
    fn sum(bytes: &[u8]) -> u64 {
        let places = (1..).zip(bytes);
        places.map(|(place, &byte): (u64, _)| place * u64::from(byte)).sum()
    }
    fn check(bytes: Vec<u8>, length: usize, wanted: u64) {
        assert_eq!((bytes.len(), sum(&bytes)), (length, wanted));
    }
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take((5 << 20) + 7).collect();
    let (length, wanted) = (bytes.len(), sum(&bytes));
    assert_eq!(exit_code_of(check, (bytes, length, wanted)), Some(0));
}

/// The fields of a type take the place of a pipe: words to and fro.
fn proc_07_a_type_of_ones_own(_: StartMethod) {
    #[derive(Serialize, Deserialize)]
    struct Shouter {
        asked: Steps,
        answered: Steps,
        word: Value<[u8; 4]>,
    }
    impl Run for Shouter {
        fn run(&self) {
            for turn in 1.. {
                self.asked.wait(turn);
                let mut word = self.word.lock();
                if *word == [0; 4] {
                    break;
                }
                word.make_ascii_uppercase();
                drop(word);
                self.answered.take();
            }
        }
    }
    let mut process = Process::from(Shouter {
        asked: Steps::new(),
        answered: Steps::new(),
        word: Value::new([0; 4]),
    });
    assert!(process.name().starts_with("Shouter-"));
    process.start().unwrap();
    for (turn, word, wanted) in
        [(1, *b"ping", *b"PING"), (2, *b"pong", *b"PONG")]
    {
        process.word.set(word);
        process.asked.take();
        process.answered.wait(turn);
        assert_eq!(process.word.get(), wanted);
    }
    process.word.set([0; 4]);
    process.asked.take();
    process.join().unwrap();
    assert_eq!(process.exitcode(), Some(0));
}

fn proc_08_calling_run_directly(_: StartMethod) {
    #[derive(Serialize, Deserialize)]
    struct Counter(Cell<u32>);
    impl Run for Counter {
        fn run(&self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let mut process = Process::from(Counter(Cell::new(0)));
    process.run();
    assert_eq!(process.0.get(), 1);
    assert_eq!(process.pid(), None);
    assert!(!process.is_alive());
    assert!(active_children().is_empty());
    // It can be started all the same, and changes a copy then.
    process.start().unwrap();
    process.join().unwrap();
    assert_eq!(process.0.get(), 1);
}

/// A child always runs the image of its parent, which no path names. So there
/// is no wrong path: also a program whose file is gone can start processes.
fn proc_38_the_executable_is_gone(method: StartMethod) {
    let path =
        std::env::temp_dir().join(format!("mp-core-it-{}-{method}", getpid()));
    fs::copy("/proc/self/exe", &path).unwrap();
    let mut command = Command::new(&path);
    for (name, value) in program("without_its_file", method).get_envs() {
        command.env(name, value.unwrap());
    }
    let output = command.output();
    let _ = fs::remove_file(&path);
    let output = output.unwrap();
    std::io::stderr().write_all(&output.stderr).unwrap();
    assert_eq!(output.stdout, b"4 0\n");
}

fn without_its_file() -> ExitCode {
    fs::remove_file(std::env::current_exe().unwrap()).unwrap();
    let value = Value::new(2);
    let code =
        exit_code_of(|value: Value<i32>| *value.lock() *= 2, (value.clone(),));
    println!("{} {}", value.get(), code.unwrap());
    ExitCode::SUCCESS
}
