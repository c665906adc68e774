//! A token for EKS, part by part beside the one that `aws eks get-token` makes for the same profile. The command calls no network for
//! it; where there is none on the path, one is installed into a virtual environment. Where that can't be, the test is skipped and
//! says so; in CI that is a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

#[path = "servers/python.rs"]
mod python;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quarterdeck::providers::kube::eks;

const CLUSTER: &str = "beta9-prod";
const REGION: &str = "eu-central-1";
const KEYS: [&str; 3] = ["AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session/token+with=signs=="];

/// The command for a machine without it. It names the exact `botocore` that it goes with, so it has an environment of its own.
const AWS: &str = "awscli==1.45.64\n";

/// The `aws` command: the machine's own, else an installed one.
fn aws() -> Result<Command, String> {
    if Command::new("aws").arg("--version").output().is_ok_and(|ended| ended.status.success()) {
        return Ok(Command::new("aws"));
    }
    let python = python::environment("aws-command", AWS);
    let mut command = Command::new(python.ok_or("there is no `aws`, and none can be installed")?);
    command.args(["-m", "awscli"]);
    Ok(command)
}

/// What `aws` prints for a profile with these keys, or why there is no `aws`.
fn printed(session: bool) -> Result<String, String> {
    let home = tempfile::tempdir().map_err(|error| error.to_string())?;
    let folder = home.path().join(".aws");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let [id, secret, token] = KEYS;
    let token = if session { format!("aws_session_token = {token}\n") } else { String::new() };
    let keys = format!("[twin]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n{token}");
    std::fs::write(folder.join("credentials"), keys).map_err(|error| error.to_string())?;
    std::fs::write(folder.join("config"), format!("[profile twin]\nregion = {REGION}\n"))
        .map_err(|error| error.to_string())?;
    let mut command = aws()?;
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    let command = command
        .args(["eks", "get-token", "--cluster-name", CLUSTER, "--profile", "twin", "--output", "json"])
        .env("AWS_CONFIG_FILE", folder.join("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", folder.join("credentials"))
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let ended = command.output().map_err(|error| format!("aws: {error}"))?;
    if !ended.status.success() {
        return Err(format!("aws: {}", String::from_utf8_lossy(&ended.stderr)));
    }
    let json: serde_json::Value = serde_json::from_slice(&ended.stdout).map_err(|error| error.to_string())?;
    json["status"]["token"].as_str().map(str::to_owned).ok_or_else(|| "aws printed no token".to_owned())
}

/// The address within a token: what stands before its parameters, and those.
fn parts(token: &str) -> (String, BTreeMap<String, String>) {
    let url = URL_SAFE_NO_PAD.decode(token.strip_prefix("k8s-aws-v1.").expect("the prefix")).expect("base64");
    let url = String::from_utf8(url).expect("text");
    let (server, query) = url.split_once('?').expect("parameters");
    (server.to_owned(), form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}

/// The instant that a token was signed at.
fn signed_at(parameters: &BTreeMap<String, String>) -> SystemTime {
    let date = &parameters["X-Amz-Date"];
    let instant = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date).expect("a date");
    instant.to_zoned(jiff::tz::TimeZone::UTC).expect("an instant").timestamp().into()
}

fn compare(session: bool) {
    let theirs = match printed(session) {
        Ok(token) => token,
        Err(why) if std::env::var_os("CI").is_some() => panic!("{why}"),
        Err(why) => {
            eprintln!("SKIPPED: the EKS token was not compared: {why}");
            return;
        }
    };
    let (their_server, their_parameters) = parts(&theirs);
    let at = signed_at(&their_parameters);
    assert!(at.elapsed().is_ok_and(|age| age < Duration::from_mins(5)), "{their_parameters:?}");
    let [id, secret, token] = KEYS;
    let credentials = Credentials::new(id, secret, session.then(|| token.to_owned()), None, "test");
    let ours =
        eks::token(&credentials, "https://sts.eu-central-1.amazonaws.com", REGION, CLUSTER, at).expect("a token");
    let (our_server, our_parameters) = parts(&ours);
    assert_eq!(our_server, their_server);
    let names = |parameters: &BTreeMap<String, String>| parameters.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&our_parameters), names(&their_parameters));
    for (name, value) in &our_parameters {
        assert_eq!(*value, their_parameters[name], "{name}");
    }
}

#[test]
fn a_token_is_the_one_that_aws_makes() {
    compare(false);
}

#[test]
fn so_is_that_of_a_session() {
    compare(true);
}
