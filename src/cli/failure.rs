//! How a command fails: wrong usage and everything else, with their exit statuses and words.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit status of wrong usage (`EX_USAGE`).
const USAGE: u8 = 64;

/// Why a command could not be carried out.
#[derive(Debug)]
pub enum Failure {
    /// It was asked for in a way that can't be meant; exit 64.
    Usage {
        /// What is wrong.
        message: String,
        /// What would be right; may be empty.
        hint: String,
    },
    /// Anything else; exit 1.
    Other(anyhow::Error),
}

impl Failure {
    /// Wrong usage: what is wrong, and what would be right.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    /// Says it on standard error. A reader that has gone away (`| head`) has what it wants: no failure.
    pub fn report(&self) -> ExitCode {
        if self.is_closed_pipe() {
            return ExitCode::SUCCESS;
        }
        say(&self.to_string());
        match self {
            Self::Usage { .. } => ExitCode::from(USAGE),
            Self::Other(_) => ExitCode::from(1),
        }
    }

    fn is_closed_pipe(&self) -> bool {
        let Self::Other(error) = self else { return false };
        let io = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
        io.into_iter().any(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage { message, hint } if hint.is_empty() => f.write_str(message),
            Self::Usage { message, hint } => write!(f, "{message} ({hint})"),
            Self::Other(error) => write!(f, "{error:#}"),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// A line on standard error. Nobody can be told when even that fails.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "quarterdeck: {line}");
}

/// Help and version are answers; everything else that the parser says is wrong usage.
pub fn of_clap(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_failure_however_deep() {
        let pipe = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("writing");
        assert!(Failure::Other(pipe).is_closed_pipe());
        assert!(!Failure::from(io::Error::from(io::ErrorKind::NotFound)).is_closed_pipe());
    }
}
