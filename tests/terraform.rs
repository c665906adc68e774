//! Locks and states of real Terraform, killed in the middle of an apply, on a server that we did not write.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test says what it needs by failing")]
#![cfg(unix)]

#[path = "servers/mod.rs"]
mod servers;
#[path = "terraform/mod.rs"]
mod terraform;

use std::process::{Command, Output};

use serde_json::Value;
use servers::{ACCOUNT, REGION, Servers};
use terraform::{Printed, Sort, Terraform, said};

const ENVIRONMENT: &str = "lecture-test";
const TABLE: &str = "terraform-state-lock";

/// Moto with a bucket and a lock table, and a console that is configured for them.
struct Stand {
    servers: Servers,
    config: String,
}

impl Stand {
    fn new() -> Option<Self> {
        let servers = Servers::moto()?;
        let config = servers.home.path().join("config.toml");
        // The table is not named: it is found by its key.
        let text = format!(
            "[[environment]]\nname = \"{ENVIRONMENT}\"\naws_profile = \"lecture-test\"\naccount = \"{ACCOUNT}\"\n\
             regions = [\"{REGION}\"]\nterraform = [{{ bucket = \"tfstate\" }}]\n"
        );
        std::fs::write(&config, text).expect("the configuration");
        let stand = Self { config: config.display().to_string(), servers };
        stand.python(&["make"]);
        Some(stand)
    }

    fn python(&self, arguments: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/terraform/backend.py");
        let mut command = Command::new(&self.servers.python);
        let output = command.arg(script).args([&self.servers.moto, REGION, ACCOUNT]).args(arguments).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn quarterdeck(&self, arguments: &[&str]) -> Output {
        let mut command = self.servers.quarterdeck(arguments);
        command.args(["--config", &self.config, "-e", ENVIRONMENT]).output().expect("it runs")
    }

    fn get(&self, kind: &str, state: &str) -> Vec<Value> {
        let output = self.quarterdeck(&["get", kind, "-o", "json"]);
        assert!(output.status.success(), "{}", said(&output));
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        let of = if kind == "locks" { "state" } else { "id" };
        rows.into_iter().filter(|row| row[of] == state).collect()
    }

    /// The lock of a state, and nothing else that is no digest.
    fn lock(&self, state: &str) -> Option<Value> {
        let rows = self.get("locks", state).into_iter().filter(|row| row["sort"] != "digest").collect::<Vec<_>>();
        assert!(rows.len() < 2, "{rows:?}");
        rows.into_iter().next()
    }

    fn act(&self, arguments: &[&str]) -> (i32, Output) {
        let output = self.quarterdeck(&[&["act"], arguments].concat());
        (output.status.code().expect("it was not killed"), output)
    }

    /// A plan as JSON, and the exit status.
    fn planned(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, output) = self.act(&[arguments, &["-o", "json"]].concat());
        let plan = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no plan: {}", said(&output)));
        (code, plan)
    }

    /// Plans, then applies with what the plan asks for.
    fn apply(&self, arguments: &[&str]) -> Output {
        let (code, plan) = self.planned(arguments);
        assert_eq!(code, 0, "{plan:#}");
        let confirm = plan["confirm"].as_str().expect("what to type").to_owned();
        let words = ["--apply", "--confirm", &confirm, "--reason", "left over by a test"];
        let (code, output) = self.act(&[arguments, &words].concat());
        assert_eq!(code, 0, "{}", said(&output));
        output
    }
}

#[test]
fn locks_of_real_terraform_are_seen_released_and_put_back() {
    let (Some(program), Some(stand)) = (terraform::program(), Stand::new()) else { return };
    for sort in [Sort::DynamoDb, Sort::Lockfile] {
        let folder = stand.servers.home.path().join(format!("{sort:?}"));
        let terraform = Terraform::new(&program, folder, &stand.servers.moto, sort);
        let state = format!("tfstate/{}", sort.key());
        terraform.apply("first");
        assert_eq!(stand.lock(&state), None);
        terraform.apply_and_kill();
        let lock = terraform.locked();
        the_same_is_shown(&stand, &state, &lock, sort);
        a_wrong_id_releases_nothing(&stand, &terraform, &lock);
        let older = lock;
        // Somebody is faster: releases it, begins anew, and is killed in turn.
        let forced = terraform.run(&["force-unlock", "-force", &older.id]);
        assert!(forced.status.success(), "{}", said(&forced));
        terraform.apply_and_kill();
        let newer = terraform.locked();
        assert_ne!(newer.id, older.id);
        what_is_taken_since_survives(&stand, &terraform, &older, &newer);
        the_right_one_is_released_and_put_back(&stand, &terraform, &state, &newer, sort);
    }
}

fn the_same_is_shown(stand: &Stand, state: &str, lock: &Printed, sort: Sort) {
    let row = stand.lock(state).expect("a lock");
    let word = if sort == Sort::DynamoDb { "dynamodb" } else { "s3" };
    let shown = [
        ("lock_id", &lock.id),
        ("who", &lock.who),
        ("operation", &lock.operation),
        ("version", &lock.version),
        ("since", &lock.created),
        ("state", &lock.path),
    ];
    for (column, printed) in shown {
        assert_eq!(row[column], **printed, "{column}");
    }
    assert_eq!(
        (&row["sort"], &row["health"], &row["belongs_to"]),
        (&word.into(), &"progressing".into(), &ENVIRONMENT.into())
    );
    let states = stand.get("states", state);
    assert_eq!((states.len(), &states[0]["lock_id"]), (1, &Value::from(lock.id.as_str())));
}

fn a_wrong_id_releases_nothing(stand: &Stand, terraform: &Terraform, lock: &Printed) {
    let start = &lock.id[..8];
    for wrong in ["3f2a81c0-9c1e-4b1f-8e55-2d1f6f0a7b3c", start] {
        let confirm = format!("{ENVIRONMENT}/{}", &wrong[..8]);
        let (code, output) = stand.act(&["terraform-unlock", "--lock-id", wrong, "--apply", "--confirm", &confirm]);
        assert_ne!(code, 0);
        assert!(said(&output).contains(&format!("there is no lock {wrong}")), "{}", said(&output));
    }
    let fields = ["terraform-unlock", "--lock-id", &lock.id, "--apply", "--confirm", ENVIRONMENT];
    assert_ne!(stand.act(&fields).0, 0, "the environment's name alone does not confirm it");
    assert_eq!(terraform.locked(), *lock);
}

fn what_is_taken_since_survives(stand: &Stand, terraform: &Terraform, older: &Printed, newer: &Printed) {
    let confirm = format!("{ENVIRONMENT}/{}", &older.id[..8]);
    for id in [&older.id, &newer.id] {
        let (code, output) = stand.act(&["terraform-unlock", "--lock-id", id, "--apply", "--confirm", &confirm]);
        assert_ne!(code, 0, "{}", said(&output));
    }
    assert_eq!(terraform.locked(), *newer);
}

fn the_right_one_is_released_and_put_back(
    stand: &Stand,
    terraform: &Terraform,
    state: &str,
    lock: &Printed,
    sort: Sort,
) {
    let digest = stand.python(&["digest", TABLE, &format!("{state}-md5")]);
    assert_eq!(digest.is_empty(), sort == Sort::Lockfile);
    let unlock = ["terraform-unlock", "--lock-id", &lock.id];
    let (_, plan) = stand.planned(&unlock);
    assert_eq!(plan["confirm"], format!("{ENVIRONMENT}/{}", &lock.id[..8]));
    assert_eq!(plan["command"], format!("terraform force-unlock {}", lock.id));
    assert_eq!((&plan["action"], &plan["target"]["name"]), (&"terraform-unlock".into(), &state.into()));
    let text = plan["changes"][0]["from"].as_str().expect("the lock's text").to_owned();
    let id = stand.lock(state).expect("a lock")["id"].as_str().expect("an id").to_owned();
    stand.apply(&unlock);
    assert_eq!(stand.lock(state), None);
    let plan = terraform.plan();
    assert!(plan.status.success(), "{}", said(&plan));
    assert_eq!(stand.python(&["digest", TABLE, &format!("{state}-md5")]), digest, "the digest survives");
    // Taken back, it is the same lock again, in every word.
    stand.apply(&["terraform-lock-restore", "--lock", &id, "--text", &text]);
    assert_eq!(terraform.locked(), *lock);
    stand.apply(&unlock);
    terraform.apply("second");
}

#[test]
fn real_terraform_accepts_what_is_restored_and_repaired() {
    let (Some(program), Some(stand)) = (terraform::program(), Stand::new()) else { return };
    for sort in [Sort::DynamoDb, Sort::Lockfile] {
        let folder = stand.servers.home.path().join(format!("{sort:?}"));
        let terraform = Terraform::new(&program, folder, &stand.servers.moto, sort);
        let state = format!("tfstate/{}", sort.key());
        terraform.apply("first");
        let first = terraform.state();
        let earlier = version(&stand, &state);
        terraform.apply("second");
        let second = terraform.state();
        let row = stand.get("states", &state).remove(0);
        assert_eq!((&row["serial"], &row["lineage"]), (&second["serial"], &second["lineage"]));
        assert_eq!((&row["resources"], &row["health"]), (&2.into(), &"ok".into()), "{row}");

        stand.apply(&["terraform-state-restore", "--state", &state, "--version", &earlier]);
        let restored = terraform.state();
        assert_eq!(restored["outputs"], first["outputs"]);
        assert!(restored["serial"].as_i64() > second["serial"].as_i64(), "{restored:#}");
        let plan = terraform.plan();
        assert!(plan.status.success(), "{}", said(&plan));
        terraform.apply("third");
    }
    a_broken_digest_is_repaired(
        &stand,
        &Terraform::new(&program, stand.servers.home.path().join("DynamoDb"), &stand.servers.moto, Sort::DynamoDb),
    );
}

/// The version of a state that is there now.
fn version(stand: &Stand, state: &str) -> String {
    let (bucket, key) = state.split_once('/').expect("a path");
    stand.python(&["version", bucket, key])
}

fn a_broken_digest_is_repaired(stand: &Stand, terraform: &Terraform) {
    let state = format!("tfstate/{}", Sort::DynamoDb.key());
    stand.python(&["break", TABLE, &format!("{state}-md5")]);
    let plan = terraform.plan();
    assert!(!plan.status.success(), "{}", said(&plan));
    assert_eq!(stand.get("states", &state)[0]["digest"], "differs");
    let (code, _) = stand.planned(&["terraform-digest-repair", "--state", "tfstate/lockfile/terraform.tfstate"]);
    assert_eq!(code, 3, "there is nothing to repair");
    stand.apply(&["terraform-digest-repair", "--state", &state]);
    let plan = terraform.plan();
    assert!(plan.status.success(), "{}", said(&plan));
}
