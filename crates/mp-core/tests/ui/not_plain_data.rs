//! What cannot be in shared memory, because not all bytes are a value of it.

use mp_core::{Array, ChunkedArray, RawArray, RawValue, Value};

fn main() {
    let _ = Value::new(true);
    let _ = Value::new((1, 2.0));
    let _ = Array::<bool>::new(3);
    let _ = RawValue::new('a');
    let _ = RawArray::<(u8, u8)>::new(2);
    let _ = ChunkedArray::from_slice(&[String::new()], 1);
}
