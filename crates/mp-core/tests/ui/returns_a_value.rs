use mp_core::Process;

struct Failure;

fn main() {
    let _ = Process::new(|n: i32| n + 1, (1,));

    let _ = Process::new(|| Err::<(), Failure>(Failure), ());

    let words = vec!["a", "b"];
    let _ = Process::fork(move || words.len());
}
