//! Starts programs in sessions of their own. Without a controlling terminal there is no `/dev/tty` that they could draw on, or ask
//! somebody at who can't see the question. A process enters a session only by itself: so this program is started once more, enters
//! one, and becomes the program that is wanted. Knows nothing of what that does.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::OnceLock;

/// The first argument of this program when it is to become another one.
const ARGUMENT: &str = "__apart";

/// How it ends when it can't, and what it says then, before the number of the reason.
const FAILED: u8 = 126;
const MARK: &str = "quarterdeck: not started: ";

/// This program, where its `main` lets it become others.
static MYSELF: OnceLock<PathBuf> = OnceLock::new();

/// The first thing in `main`. Where this program was started to become another, it returns only if that can't be done: with how
/// the process then ends.
pub fn begin() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == ARGUMENT) {
        let error = become_another(arguments);
        // Whoever started it reads the number; nobody else is there.
        let _ = writeln!(io::stderr(), "{MARK}{}", error.raw_os_error().unwrap_or_default());
        return Some(ExitCode::from(FAILED));
    }
    if let Ok(myself) = std::env::current_exe() {
        through(myself);
    }
    None
}

/// Programs are started through this one from now on, whose `main` calls [`begin`]. The first that is named counts.
pub fn through(program: PathBuf) {
    let _ = MYSELF.set(program);
}

#[cfg(unix)]
fn become_another(mut command_line: impl Iterator<Item = OsString>) -> io::Error {
    use std::os::unix::process::CommandExt;
    let Some(program) = command_line.next() else { return io::ErrorKind::InvalidInput.into() };
    match rustix::process::setsid() {
        Ok(_) => Command::new(program).args(command_line).exec(),
        Err(error) => error.into(),
    }
}

#[cfg(not(unix))]
fn become_another(_: impl Iterator<Item = OsString>) -> io::Error {
    io::ErrorKind::Unsupported.into()
}

/// A program with its arguments, as it is started in a session of its own. `None` where that can't be: on systems without sessions,
/// and where nothing was named to go through.
pub(super) fn command(of: &Command) -> Option<Command> {
    let myself = MYSELF.get().filter(|_| cfg!(unix))?;
    let mut command = Command::new(myself);
    command.arg(ARGUMENT).arg(of.get_program()).args(of.get_args());
    Some(command)
}

/// Why a program that was started apart never became the one that was wanted.
pub(super) fn failure(code: Option<i32>, complaint: &str) -> Option<io::Error> {
    let number = complaint.trim_end().strip_prefix(MARK).filter(|_| code == Some(i32::from(FAILED)))?;
    Some(io::Error::from_raw_os_error(number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_it_was_not_started_is_told_from_what_it_says_itself() {
        let failed = failure(Some(126), "quarterdeck: not started: 2\n").unwrap();
        assert_eq!(failed.kind(), io::ErrorKind::NotFound);
        assert!(failure(Some(126), "sh: permission denied").is_none());
        assert!(failure(Some(1), "quarterdeck: not started: 2\n").is_none());
    }
}
