//! Arguments of any size.

use mp_core::StartMethod;

use crate::books::Books;
use crate::support::exit_code_of;
use crate::{is_long, times};

crate::cases! {
    each_method: [any_size],
    once: [],
}

fn check(bytes: Vec<u8>, length: usize) {
    assert_eq!(bytes.len(), length);
    assert!(bytes.iter().all(|&byte| byte == 5));
}

fn send(length: usize) {
    let code = exit_code_of(check, (vec![5_u8; length], length));
    assert_eq!(code, Some(0), "{length} bytes");
}

/// From nothing over the border between a message and a file, at every size
/// around it, to what fills no pipe and no socket.
fn any_size(_: StartMethod) {
    let books = Books::open();
    let reach = times(24, 300) as usize;
    let border = 32 << 10;
    // Beside the arguments there are the process's name and more.
    let around = (border - 100 - reach..border - 100 + reach).step_by(7);
    let sizes = [0, 1, (64 << 10) + 1, 1 << 20, 64 << 20];
    for length in sizes.into_iter().chain(around) {
        send(length);
    }
    if is_long() {
        send(1 << 30);
    }
    books.check();
}
