//! A program that is run for what it prints: without a terminal, without input, not for ever, and with bounds on what it may say.
//! Knows nothing of what is printed.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::{Variables, apart};

/// A program that takes longer waits for someone.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// More than any credentials; a program that prints on and on is cut off.
const LONGEST: u64 = 64 * 1024;

/// How a program has ended. What it printed may be secret and stays out of logs.
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it printed.
    pub out: Vec<u8>,
    /// What it complained about.
    pub complaint: String,
}

impl Ended {
    /// The last thing that it complained about.
    pub fn last_words(&self) -> &str {
        self.complaint.lines().rfind(|line| !line.trim().is_empty()).map_or("it said nothing", str::trim)
    }
}

/// Why a program has not come to an end.
#[derive(Debug)]
pub enum Failure {
    /// It can't be started.
    Start(std::io::Error),
    /// It took longer than its patience, and was ended with everything it had started.
    Late,
    /// How it ended can't be told.
    Lost(std::io::Error),
}

/// Runs a program with these variables and no others.
pub async fn run(command: Command, variables: &Variables, patience: Duration) -> Result<Ended, Failure> {
    let mut child = start(command, variables).map_err(Failure::Start)?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let ended = tokio::time::timeout(patience, async { tokio::join!(child.wait(), read(out), read(err)) }).await;
    let Ok((status, out, err)) = ended else {
        kill(&mut child).await;
        return Err(Failure::Late);
    };
    let status = status.map_err(Failure::Lost)?;
    let complaint = String::from_utf8_lossy(&err).into_owned();
    match apart::failure(status.code(), &complaint) {
        Some(error) => Err(Failure::Start(error)),
        None => Ok(Ended { status, out, complaint }),
    }
}

/// Starts it in a session of its own: what it starts in turn is of its process group, and none of it has a terminal.
fn start(mut command: Command, variables: &Variables) -> std::io::Result<Child> {
    if let Some(apart) = apart::command(command.as_std()) {
        let mut apart = Command::from(apart);
        cut_off(&mut apart, variables);
        match apart.spawn() {
            Ok(child) => return Ok(child),
            Err(error) => tracing::warn!(%error, "a program is not started apart"),
        }
    }
    cut_off(&mut command, variables);
    // In the background of the terminal at least: asking there stops it, until its time is over.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

/// Without the variables of this process, and without its streams.
fn cut_off(command: &mut Command, variables: &Variables) {
    command
        .env_clear()
        .envs(variables.iter())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let _ = pipe.take(LONGEST).read_to_end(&mut bytes).await;
    }
    bytes
}

/// Ends the program and whatever it started.
async fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = child.id().and_then(|id| rustix::process::Pid::from_raw(id as i32)) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill().await;
}
