use std::time::Instant;

use mp_core::{Context, Process, StartMethod};

fn captures() {
    let words = vec!["a", "b"];
    let _ = Process::returning(move || words.len(), ());
}

fn cannot_be_sent_back() {
    let _ = Process::returning(|| Instant::now(), ());

    let context = Context::new(StartMethod::Spawn);
    let _ = context.returning(|| Instant::now(), ());
}

fn borrowed_result() {
    let _ = Process::returning(|| "hello", ());
}

fn arguments_do_not_fit() {
    let _ = Process::returning(|n: usize| n + 1, ("one",));
}

fn no_function() {
    let _ = Process::returning(3, ());
}

fn main() {
    captures();
    cannot_be_sent_back();
    borrowed_result();
    arguments_do_not_fit();
    no_function();
}
