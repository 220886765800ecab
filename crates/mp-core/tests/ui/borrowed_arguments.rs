use mp_core::{Context, Process, StartMethod};

fn greet(name: &str) {
    println!("hello {name}");
}

fn main() {
    let name = String::from("Ada");
    let _ = Process::new(greet, (&name,));

    let context = Context::new(StartMethod::Spawn);
    let name = String::from("Ada");
    let _ = context.process(greet, (name.as_str(),));
}
