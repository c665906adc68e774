//! What was done is written down, by the program as a script runs it: in the built-in estate, which has a journal of its own.

#![cfg(feature = "demo")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn quarterdeck(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(arguments).arg("--demo").output().unwrap()
}

fn home(config: &str) -> TempDir {
    let home = TempDir::new().unwrap();
    let folder = home.path().join(".config/quarterdeck");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), config).unwrap();
    home
}

fn file(home: &Path) -> PathBuf {
    home.join(".local/state/quarterdeck/demo/journal.jsonl")
}

/// Scales a service of the estate, where two tasks are wanted.
fn scale(home: &Path, desired: &str, more: &[&str]) -> Output {
    let words =
        "act ecs-scale -e dhbw-prod --cluster lecture-dhbw-cluster --service lecture-search --no-follow --desired";
    let words: Vec<&str> = words.split(' ').chain([desired]).chain(more.iter().copied()).collect();
    quarterdeck(home, &words)
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn entries(home: &Path) -> Vec<Value> {
    serde_json::from_slice(&quarterdeck(home, &["journal", "-o", "json"]).stdout).unwrap()
}

#[test]
fn what_is_applied_can_be_read_and_verified() {
    let home = home("");
    let home = home.path();
    let verify = || quarterdeck(home, &["journal", "verify"]);
    assert_eq!((verify().status.code(), entries(home).len()), (Some(0), 0));
    assert_eq!(scale(home, "3", &[]).status.code(), Some(0));
    assert!(!file(home).exists(), "a plan is no deed");
    let done = scale(home, "3", &["--apply", "--confirm", "yes", "--ticket", "OPS-7"]);
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    let read = entries(home);
    let events: Vec<&str> = read.iter().rev().map(|entry| entry["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["intent", "sent", "outcome"]);
    let intent = &read[2];
    assert_eq!(intent["input"]["desiredCount"], 3);
    assert_eq!((&intent["where"]["account"], &intent["ticket"]), (&"111122223333".into(), &"OPS-7".into()));
    assert!(!read[0]["request_id"].as_str().unwrap().is_empty());
    let table = out(&quarterdeck(home, &["journal", "show", "-e", "dhbw-*", "--since", "1h"]));
    assert!(table.contains("scale lecture-search from 2 to 3 tasks"), "{table}");
    assert_eq!(out(&quarterdeck(home, &["journal", "-e", "edt-*"])), "");
    assert!(err(&quarterdeck(home, &["journal", "-n", "2"])).contains("there are older ones"));
    assert_eq!(verify().status.code(), Some(0));

    let text = fs::read_to_string(file(home)).unwrap();
    fs::write(file(home), text.replacen("OPS-7", "OPS-8", 1)).unwrap();
    let verified = verify();
    assert_eq!(verified.status.code(), Some(1));
    assert!(out(&verified).contains("entry 1 (line 1) was changed"), "{}", out(&verified));
    let lines: Vec<&str> = text.lines().collect();
    fs::write(file(home), format!("{}\n{}\n", lines[0], lines[1])).unwrap();
    let verified: Value =
        serde_json::from_slice(&quarterdeck(home, &["journal", "verify", "-o", "json"]).stdout).unwrap();
    assert_eq!(verified[0]["whole"], false);
    assert_eq!(verified[0]["findings"][0]["what"], "entry 3 is missing at the end");
}

#[test]
fn read_only_and_a_denying_rule_cannot_be_talked_round() {
    let apply = ["--apply", "--confirm", "yes", "--reason", "please", "--break-glass"];
    let free = home("");
    let read_only = scale(free.path(), "3", &[&apply[..], &["--read-only"]].concat());
    assert_eq!(read_only.status.code(), Some(3), "{}", err(&read_only));
    for config in
        ["[console]\nread_only = true\n", "[[policy]]\naction = 'ecs-*'\ndeny = true\n", "[[policy]]\narm = 'never'\n"]
    {
        let home = home(config);
        let denied = scale(home.path(), "3", &apply);
        assert_eq!(denied.status.code(), Some(3), "{config}: {}", err(&denied));
        assert!(!file(home.path()).exists());
    }
}

#[test]
fn what_can_be_broken_open_is_journalled_as_such() {
    let home = home("[[policy]]\nname = 'caps'\nmax_factor = 3\nbreak_glass = true\n");
    let apply = ["--apply", "--confirm", "yes", "--reason", "the queue grows"];
    assert_eq!(scale(home.path(), "7", &apply).status.code(), Some(3));
    let broken = scale(home.path(), "7", &[&apply[..], &["--break-glass"]].concat());
    assert_eq!(broken.status.code(), Some(0), "{}", err(&broken));
    let intent = entries(home.path()).pop().unwrap();
    assert_eq!((&intent["broke_glass"], &intent["policy"][0]), (&true.into(), &"caps".into()));
}

#[test]
fn without_a_journal_nothing_is_sent_and_a_second_folder_stands_in() {
    for (config, code) in [("", 1), ("[journal]\nfolder = '~/second'\n", 0)] {
        let home = home(config);
        fs::create_dir_all(file(home.path()).parent().unwrap().parent().unwrap()).unwrap();
        fs::write(file(home.path()).parent().unwrap(), "no folder").unwrap();
        let applied = scale(home.path(), "3", &["--apply", "--confirm", "yes"]);
        assert_eq!(applied.status.code(), Some(code), "{}", err(&applied));
        assert_eq!(home.path().join("second/demo/journal.jsonl").exists(), code == 0);
        assert_eq!(err(&applied).contains("the journal can't be written"), code == 1, "{}", err(&applied));
    }
}

#[test]
fn the_policy_is_explained_and_its_mistakes_close() {
    let explained = |config: &str| {
        let checked = quarterdeck(home(config).path(), &["config", "check"]);
        (checked.status.code(), out(&checked))
    };
    let (code, text) =
        explained("[[policy]]\nname = 'careful'\nenvironment = 'dhbw-*'\naction = 'ecs-scale'\nconfirm = 'high'\n");
    let line = text.lines().find(|line| line.starts_with("dhbw-prod ")).unwrap();
    assert_eq!(
        line.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect::<Vec<_>>(),
        ["dhbw-prod", "ecs-scale", "confirmation at least high", "careful"]
    );
    assert_eq!((code, text.contains("\nedt-prod  ")), (Some(0), false));
    let (code, text) = explained("[[policy]]\naction = 'ecs-scael'\nconfirm = 'high'\n");
    assert_eq!(code, Some(1));
    assert!(text.contains("config.toml:2:10: there is no action `ecs-scael` (did you mean `ecs-scale`"), "{text}");
    let home = home("[[policy]]\naction = 'ecs-scael'\nconfirm = 'high'\n");
    let denied = scale(home.path(), "3", &["--apply", "--confirm", "yes"]);
    assert_eq!(denied.status.code(), Some(3), "{}", err(&denied));
}

#[test]
fn verify_reads_all_of_it() {
    let home = home("");
    let wrong = quarterdeck(home.path(), &["journal", "verify", "--since", "1h"]);
    assert_eq!(wrong.status.code(), Some(64), "{}", err(&wrong));
    let wrong = quarterdeck(home.path(), &["config", "check", "-o", "json"]);
    assert!(err(&wrong).contains("`journal`"), "{}", err(&wrong));
}
