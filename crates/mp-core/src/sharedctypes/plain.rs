use bytemuck::Pod;

/// What can be shared: plain data, for which any bytes are a valid value.
///
/// Every type that implements bytemuck's [`Pod`] implements this, and no other
/// does: numbers, arrays of them, and structs that derive `Pod`. These types do
/// not:
///
/// - `bool`, for which only the bytes 0 and 1 are valid: use a `u8`.
/// - `char` and enums, for the same reason: use a `u32` or a `u8`.
/// - Tuples, whose layout Rust does not fix: use a struct that derives `Pod`, or
///   a value for each part.
/// - Types that refer to other memory, such as `String` and `Vec`: use an array
///   of bytes.
///
/// # Examples
///
/// ```
/// use bytemuck::{Pod, Zeroable};
/// use mp_core::Value;
///
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Point {
///     x: f64,
///     y: f64,
/// }
///
/// let point = Value::new(Point { x: 1.0, y: 2.0 });
/// point.lock().x += 2.0;
/// let done = Value::new(0_u8);
/// done.set(u8::from(point.get().x > 2.0));
/// assert!(done.get() != 0);
/// ```
///
/// ```compile_fail,E0277
/// mp_core::Value::new(true);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be in shared memory: it is not plain data",
    label = "not plain data, for which any bytes are valid",
    note = "plain data are numbers, arrays of them, and `#[repr(C)]` structs \
            that derive bytemuck's `Pod`",
    note = "instead of a `bool`, share a `u8` that is 0 or 1; instead of a \
            tuple, such a struct, or a value for each part"
)]
pub trait PlainData: Pod {}

#[diagnostic::do_not_recommend]
impl<T: Pod> PlainData for T {}
