use mp_core::Process;

fn greet(name: &str) {
    println!("hello {name}");
}

fn main() {
    let name = String::from("Ada");
    let _ = Process::new(greet, (name,));

    let name = String::from("Ada");
    let _ = Process::new(|name: &str| println!("hello {name}"), (name,));
}
