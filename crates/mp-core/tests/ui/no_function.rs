use mp_core::Process;

fn count(n: i32) {
    println!("{n}");
}

#[rustfmt::skip]
fn many(
    _: i32, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32,
    _: i32, _: i32, _: i32, _: i32,
) {
}

fn main() {
    let _ = Process::new(count(3), (3,));

    let boxed: Box<dyn Fn()> = Box::new(|| println!("hello"));
    let _ = Process::new(boxed, ());

    let _ = Process::new(many, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13));
}
