use std::rc::Rc;
use std::time::Instant;

use mp_core::Process;

struct Point {
    x: i32,
}

fn main() {
    let _ = Process::new(|_: Instant| (), (Instant::now(),));

    let _ = Process::new(|_: Rc<i32>| (), (Rc::new(1),));

    let point = Point { x: 1 };
    let _ = Process::new(|point: Point| println!("{}", point.x), (point,));
}
