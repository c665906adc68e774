//! Thin wrapper: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    quarterdeck::providers::apart::begin().unwrap_or_else(quarterdeck::cli::run)
}
