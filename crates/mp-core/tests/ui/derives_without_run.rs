use mp_core::serde::{Deserialize, Serialize};
use mp_core::{Context, Process, StartMethod};

#[derive(Serialize, Deserialize)]
#[serde(crate = "mp_core::serde")]
struct Greeting(String);

fn main() {
    let mut process = Process::from(Greeting("hello".into()));
    process.start().unwrap();

    let context = Context::new(StartMethod::Fork);
    let _ = context.process_from(Greeting("hello".into()));
}
