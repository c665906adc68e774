//! The command line: what scripts and people without the screen use. One file for each subcommand. Knows the configuration, kinds
//! and providers, nothing of the screen but how to start it.

mod args;
mod completions;
mod config;
mod failure;
mod man;
mod output;
mod screen;
mod select;
mod setup;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
pub use failure::Failure;
pub use setup::Setup;

/// What a finished command tells its caller.
const DONE: ExitCode = ExitCode::SUCCESS;

/// Something is wrong, which the output says.
fn wrong() -> ExitCode {
    ExitCode::from(1)
}

/// Parses the command line and carries it out.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return failure::of_clap(&error),
    };
    dispatch(cli).unwrap_or_else(|failure| failure.report())
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        Some(Command::Completions { shell }) => completions::run(shell),
        Some(Command::Man) => man::run(),
        Some(Command::Config { command }) => config::run(command, Setup::new(cli.global)),
        _ => Err(Failure::usage("not yet", "")),
    }
}
