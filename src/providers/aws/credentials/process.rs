//! `credential_process`: a program that prints credentials. It runs without a terminal, without input, without the ambient
//! credentials, and not for ever; what it says on standard error goes into the fault, never onto the screen.

use std::time::Duration;

use aws_credential_types::Credentials;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::process::Command;

use crate::model::{Fault, FaultClass, text};
use crate::providers::aws::fault::expired;
use crate::providers::aws::variables::Variables;
use crate::providers::process::{self, Failure, PATIENCE};

/// What the program prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    version: u32,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<Timestamp>,
}

/// Runs the program and takes what it prints.
pub async fn run(command: &str, variables: &Variables) -> Result<Credentials, Fault> {
    run_within(command, variables, PATIENCE).await
}

async fn run_within(command: &str, variables: &Variables, patience: Duration) -> Result<Credentials, Fault> {
    let ended = process::run(shell(command), variables, patience).await.map_err(|failure| match failure {
        Failure::Start(error) => {
            Fault::new(FaultClass::Invalid, format!("credential_process can't be started: {error}"))
        }
        Failure::Late => {
            let seconds = patience.as_secs();
            let summary = format!("credential_process printed nothing within {seconds} s; it may wait for input");
            Fault::new(FaultClass::TimedOut, summary)
        }
        Failure::Lost(error) => Fault::new(FaultClass::Bug, format!("credential_process: {error}")),
    })?;
    if !ended.status.success() {
        let summary = format!("credential_process failed ({}): {}", ended.status, text::clean(ended.last_words()));
        return Err(expired(summary).with_raw(&ended.complaint));
    }
    // What it printed is secret and stays out of the fault.
    parse(&ended.out).map_err(|why| {
        Fault::new(FaultClass::Malformed, format!("credential_process printed no credentials: {why}"))
            .with_raw(&ended.complaint)
    })
}

#[cfg(not(windows))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

#[cfg(windows)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd.exe");
    shell.arg("/C").raw_arg(format!("\"{command}\""));
    shell
}

fn parse(out: &[u8]) -> Result<Credentials, String> {
    let printed: Printed = serde_json::from_slice(out).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => error.to_string(),
        _ => "it is no JSON".to_owned(),
    })?;
    if printed.version != 1 {
        return Err(format!("its version is {}, not 1", printed.version));
    }
    Ok(Credentials::new(
        printed.access_key_id,
        printed.secret_access_key,
        printed.session_token,
        printed.expiration.map(Into::into),
        "quarterdeck",
    ))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        let path = std::env::var("PATH").unwrap();
        [("PATH".to_owned(), path), ("AWS_ACCESS_KEY_ID".to_owned(), "ambient".to_owned())].into_iter().collect()
    }

    #[tokio::test]
    async fn credentials_are_taken() {
        let command = r#"printf '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","SessionToken":"T","Expiration":"2033-05-18T03:33:20Z"}'"#;
        let credentials = run(command, &variables()).await.unwrap();
        assert_eq!((credentials.access_key_id(), credentials.session_token()), ("A", Some("T")));
        let end = credentials.expiry().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(end.as_secs(), 2_000_000_000);
    }

    #[tokio::test]
    async fn what_it_complains_about_is_the_fault() {
        let fault = run("echo first >&2; echo 'sign in \x1b[31mfirst' >&2; exit 3", &variables()).await.unwrap_err();
        assert_eq!(fault.summary, "credential_process failed (exit status: 3): sign in first");
        assert!(matches!(fault.class, FaultClass::Expired { .. }));
    }

    #[tokio::test]
    async fn it_sees_no_ambient_credentials_and_has_no_input() {
        let command = "read line && exit 9; test -z \"$AWS_ACCESS_KEY_ID\" || exit 8; exit 7";
        let fault = run(command, &variables().without_ambient()).await.unwrap_err();
        assert!(fault.summary.contains("exit status: 7"), "{}", fault.summary);
    }

    #[tokio::test]
    async fn it_does_not_wait_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let command = format!("sleep 60 & echo $! > {}; wait", pid.display());
        let fault = run_within(&command, &variables(), Duration::from_millis(300)).await.unwrap_err();
        assert_eq!(fault.class, FaultClass::TimedOut);
        // What it started is gone, too.
        let pid = std::fs::read_to_string(pid).unwrap();
        let gone =
            || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| !stat.contains(") Z"));
        for _ in 0..50 {
            if !gone() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{pid} still runs");
    }

    #[tokio::test]
    async fn what_it_prints_never_shows() {
        for printed in [
            "hunter2",
            r#"{"Version":1,"AccessKeyId":"hunter2"}"#,
            r#"{"Version":2,"AccessKeyId":"a","SecretAccessKey":"hunter2"}"#,
        ] {
            let fault = run(&format!("printf '{printed}'"), &variables()).await.unwrap_err();
            assert_eq!(fault.class, FaultClass::Malformed);
            assert!(!format!("{fault:?}").contains("hunter2"));
        }
    }
}
