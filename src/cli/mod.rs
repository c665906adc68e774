//! The command line: what scripts and people without the screen use. One file for each subcommand. Knows the configuration, kinds
//! and providers, nothing of the screen but how to start it.

mod act;
mod args;
mod changes;
mod completions;
mod config;
mod console;
#[cfg(feature = "demo")]
pub mod demo;
mod failure;
mod fetch;
mod get;
mod guard;
mod journal;
mod logs;
mod man;
mod objects;
mod output;
mod policy;
mod recent;
mod screen;
mod select;
mod setup;
mod usage;

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use jiff::{SignedDuration, Timestamp};

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
    usage::check(cli.command.as_ref(), &cli.global)?;
    match cli.command {
        Some(Command::Completions { shell }) => completions::run(shell),
        Some(Command::Man) => man::run(),
        Some(Command::Config { command }) => config::run(command, cli.global),
        Some(Command::Journal(args)) => journal::run(&args, &cli.global),
        Some(Command::Get(args)) => {
            let setup = Setup::new(cli.global)?;
            headless(&setup, get::run(&setup, &args))
        }
        Some(Command::Logs(args)) => {
            let setup = Setup::new(cli.global)?;
            headless(&setup, logs::run(&setup, &args))
        }
        Some(Command::Act(args)) => {
            let setup = Setup::new(cli.global)?;
            let (lender, borrowers) = crate::providers::lend::Lender::new();
            let (guard, _) = guard::of(&setup, lender);
            headless(&setup, act::run(&setup, &guard, &args, borrowers))
        }
        #[cfg(feature = "demo")]
        Some(Command::Demo) => console::run(Setup::new(args::Global { demo: true, ..cli.global })?),
        None => console::run(Setup::new(cli.global)?),
    }
}

/// The instant so long ago; the beginning of time where it would be before that.
fn ago(time: Duration) -> Timestamp {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    Timestamp::now().checked_sub(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Runs a command without the screen.
fn headless(setup: &Setup, command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    setup.warn();
    log(setup.global.verbose);
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(command);
    // Nobody waits for a request that is no longer wanted, nor for a line that nobody types.
    runtime.shutdown_background();
    result
}

/// With `-v` the program's own log goes to standard error.
fn log(verbosity: u8) {
    let level = match verbosity {
        0 => return,
        1 => "quarterdeck=info",
        2 => "quarterdeck=debug",
        _ => "quarterdeck=trace,aws_config=debug,aws_smithy_runtime=debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(level))
        .with_writer(std::io::stderr)
        .init();
}
