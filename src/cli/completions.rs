//! `completions SHELL`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Cli;
use super::{DONE, Failure};

pub(super) fn run(shell: Shell) -> Result<ExitCode, Failure> {
    // Into memory first: the generator panics when the reader goes away.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "quarterdeck", &mut script);
    io::stdout().write_all(&script)?;
    Ok(DONE)
}
