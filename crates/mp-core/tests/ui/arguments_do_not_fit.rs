use mp_core::Process;

fn repeat(text: String, times: usize) {
    println!("{}", text.repeat(times));
}

fn main() {
    let text = String::from("hi");
    let _ = Process::new(repeat, (text,));

    let text = String::from("hi");
    let _ = Process::new(repeat, (2_usize, text));

    let text = String::from("hi");
    let _ = Process::new(repeat, text);

    let _ = Process::new(|n: usize| println!("{n}"), (1_usize, 2_usize));
}
