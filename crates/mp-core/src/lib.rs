//! Python's multiprocessing for Rust.
