use mp_core::Process;

fn nothing_passed() {
    let name = String::from("Ada");
    let _ = Process::new(move || println!("hello {name}"), ());
}

fn something_passed() {
    let name = String::from("Ada");
    let greet = move |greeting: &str| println!("{greeting} {name}");
    let _ = Process::new(greet, ("hello",));
}

fn main() {
    nothing_passed();
    something_passed();
}
