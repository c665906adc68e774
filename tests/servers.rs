//! Every kind against servers that we did not write: filled through boto3, read through `quarterdeck get … -o json`, and compared
//! field by field with what boto3 reads back.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "servers/mod.rs"]
mod servers;

use quarterdeck::kinds;
use serde_json::{Map, Value};
use servers::{ACCOUNT, REGION, Servers};

#[test]
fn every_kind_shows_what_the_servers_say() {
    let Some(servers) = Servers::start() else { return };
    let expected = servers.expected.as_object().expect("kinds");
    let of_aws = kinds::ALL.iter().filter(|kind| kind.system == kinds::System::Aws).count();
    assert_eq!(expected.len(), of_aws, "every kind is compared; those of Kubernetes are in `tests/kubernetes`");
    for (kind, rows) in expected {
        compare(kind, rows.as_object().expect("rows by name"), &get(&servers, kind));
    }
    one_failing_source_hides_no_other(&servers);
    ambient_keys_never_shadow_a_profile(&servers);
    another_account_shows_no_rows(&servers);
    logs_are_read(&servers);
}

fn get(servers: &Servers, kind: &str) -> Vec<Value> {
    let output = servers.quarterdeck(&["get", kind, "-o", "json"]).output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "get {kind}: {}\n{errors}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("get {kind}: {error}\n{errors}"))
}

fn compare(kind: &str, expected: &Map<String, Value>, rows: &[Value]) {
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(rows.len(), expected.len(), "{kind}: {names:?} instead of {:?}", expected.keys());
    for (name, fields) in expected {
        let row =
            rows.iter().find(|row| row["name"] == **name).unwrap_or_else(|| panic!("{kind}: no {name} in {names:?}"));
        assert_eq!(row["kind"], kind);
        assert_eq!(row["environment"], "lecture-test");
        assert_eq!(row["account"], ACCOUNT);
        assert_eq!(row["region"], REGION);
        assert!(row["observed_at"].is_string() && row["health"].is_string(), "{kind} {name}: {row}");
        for (column, value) in fields.as_object().expect("fields") {
            assert_eq!(row.get(column), Some(value), "{kind} {name}: {column}");
        }
    }
}

/// A service that does not answer is told on standard error and by the exit status; the rows of the others are printed.
fn one_failing_source_hides_no_other(servers: &Servers) {
    let config = servers.home.path().join(".aws/config");
    let whole = std::fs::read_to_string(&config).expect("the configuration");
    let dead = format!("{whole}\n[profile dead]\nregion = {REGION}\nendpoint_url = http://127.0.0.1:9\n");
    std::fs::write(&config, dead).expect("the configuration");
    let keys = servers.home.path().join(".aws/credentials");
    let both = std::fs::read_to_string(&keys).expect("the credentials");
    std::fs::write(&keys, format!("{both}\n[dead]\naws_access_key_id = x\naws_secret_access_key = y\n"))
        .expect("written");
    let output = servers.quarterdeck(&["get", "rds-instance", "-o", "json"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(rows.len(), 3);
    assert!(String::from_utf8_lossy(&output.stderr).contains("dead"));
    std::fs::write(&config, whole).expect("the configuration");
    std::fs::write(&keys, both).expect("the credentials");
}

/// The ambient variables name another account, another region and another profile; a named profile stays itself.
fn ambient_keys_never_shadow_a_profile(servers: &Servers) {
    let output = servers
        .quarterdeck(&["get", "rds-instance", "-o", "json", "-e", "lecture-test"])
        .env("AWS_ACCESS_KEY_ID", "999999999999")
        .env("AWS_SECRET_ACCESS_KEY", "other")
        .env("AWS_SESSION_TOKEN", "other")
        .env("AWS_REGION", "us-west-2")
        .env("AWS_DEFAULT_REGION", "us-west-2")
        .output()
        .expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"));
    assert_eq!(rows.len(), 3, "{errors}");
    for row in rows {
        assert_eq!((&row["account"], &row["region"]), (&ACCOUNT.into(), &REGION.into()));
    }
}

/// An environment configured for another account than the one that answers shows a fault and nothing else.
fn another_account_shows_no_rows(servers: &Servers) {
    let config = servers.home.path().join("wrong.toml");
    let text = "[[environment]]\nname = \"wrong\"\naws_profile = \"lecture-test\"\naccount = \"999988887777\"\n";
    std::fs::write(&config, text).expect("the configuration");
    let config = config.display().to_string();
    let output =
        servers.quarterdeck(&["get", "rds-instance", "-o", "json", "--config", &config]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("999988887777") && errors.contains(ACCOUNT), "{errors}");
}

fn logs_are_read(servers: &Servers) {
    let output = servers.quarterdeck(&["logs", "/aws/application/test", "--since", "1h"]).output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8_lossy(&output.stdout);
    for n in 0..3 {
        assert!(text.contains(&format!("line {n} of the test")), "{text}\n{errors}");
    }
}
