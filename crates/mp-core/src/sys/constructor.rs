//! Functions that run before `main`.

/// Has the program run a function before `main`.
///
/// The loader calls what stands in `.init_array` when the program is loaded, on
/// its only thread. It passes arguments that a function without any ignores.
#[doc(hidden)]
#[macro_export]
macro_rules! __constructor {
    ($function:path) => {
        const _: () = {
            #[used]
            #[unsafe(link_section = ".init_array")]
            static CONSTRUCTOR: extern "C" fn() = $function;
        };
    };
}
