//! Thin wrapper: everything is in the library.
fn main() {}
