use mp_core::{Process, Run};

struct Greeting(String);

impl Run for Greeting {
    fn run(&self) {
        println!("{}", self.0);
    }
}

fn main() {
    let _ = Process::from(Greeting("hello".into()));
}
