//! The program on a cluster: a home of its own whose kubeconfig leads there, and nothing of the machine's own configuration. Beside
//! the binary its library, for what no command prints.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use quarterdeck::kinds::{self, Sink};
use quarterdeck::model::{Environment, Fault, Resource, Scope, Section};
use quarterdeck::providers::{Environments, Source, Variables};
use serde_json::Value;

use crate::cluster::{ADMIN, Cluster};

/// The environments are the contexts of the cluster's kubeconfig.
pub fn quarterdeck(cluster: &Cluster, arguments: &[&str]) -> Output {
    quarterdeck_at(cluster, &cluster.home().join("home"), arguments)
}

/// The same in another home.
pub fn quarterdeck_at(cluster: &Cluster, home: &Path, arguments: &[&str]) -> Output {
    std::fs::create_dir_all(home).expect("a home");
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().env("HOME", home).env("KUBECONFIG", cluster.kubeconfig()).args(arguments);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.output().expect("the program runs")
}

/// The rows of a kind as the administrator sees them.
pub fn get(cluster: &Cluster, kind: &str) -> Vec<Value> {
    let output = quarterdeck(cluster, &["get", kind, "-e", ADMIN, "-o", "json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "get {kind}: {errors}");
    serde_json::from_slice(&output.stdout).expect("an array")
}

/// Of the rows, the one of this name.
pub fn named<'v>(rows: &'v [Value], name: &str) -> &'v Value {
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("there is no {name} in {rows:#?}"))
}

/// Plans an action as a script does.
pub fn plan(cluster: &Cluster, environment: &str, action: &str, fields: &[&str]) -> (Output, Value) {
    let output = quarterdeck(cluster, &[&["act", action, "-e", environment, "-o", "json"][..], fields].concat());
    let plan = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, plan)
}

/// Plans it, and carries it out with the text that the plan wants.
pub fn act(cluster: &Cluster, action: &str, fields: &[&str]) -> (Option<i32>, String) {
    let (output, plan) = plan(cluster, ADMIN, action, fields);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "the plan of {action}: {errors} {plan:#}");
    let confirm = plan["confirm"].as_str().expect("a text to confirm with");
    let apply = ["--apply", "--confirm", confirm, "--reason", "a test"];
    let output = quarterdeck(cluster, &[&["act", action, "-e", ADMIN][..], fields, &apply].concat());
    (output.status.code(), said(&output))
}

/// All that it printed.
pub fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// What a list has brought.
#[derive(Default)]
pub struct Taken(pub Mutex<(Vec<Resource>, Vec<Fault>)>);

impl Sink for Taken {
    fn page(&self, rows: Vec<Resource>) {
        self.0.lock().unwrap().0.extend(rows);
    }

    fn lacks(&self, fault: Fault) {
        self.0.lock().unwrap().1.push(fault);
    }
}

/// The administrator's environment, in this process.
pub fn access(cluster: &Cluster) -> Arc<Environments> {
    let variables: Variables =
        [("HOME", cluster.home().display().to_string()), ("KUBECONFIG", cluster.kubeconfig().display().to_string())]
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect();
    let environment = Environment {
        name: ADMIN.into(),
        kube_contexts: vec![ADMIN.into()],
        without_aws: true,
        regions: vec!["-".into()],
        ..Environment::default()
    };
    Environments::new(vec![environment], Source::Files { variables, pins: None }, kinds::reads())
}

/// The rows of a block of the detail of a resource, each cell as data.
pub async fn block(access: &Environments, kind: &str, name: &str, block: &str) -> Vec<Vec<Value>> {
    let kind = kinds::by_id(kind).expect("a kind");
    let env = kind.env(access, &Scope::new(ADMIN, "-")).await.expect("the environment");
    let taken = Taken::default();
    (kind.list)(&env, None, &taken).await.expect("a list");
    let (rows, _) = taken.0.into_inner().unwrap();
    let id = rows.into_iter().find(|row| &*row.name == name).expect("it is in the list").id;
    let detail = (kind.detail)(&env, &id).await.expect("a detail");
    let rows = detail.sections.into_iter().find_map(|section| match section {
        Section::Table { title, rows, .. } if title == block => Some(rows),
        _ => None,
    });
    let rows = rows.unwrap_or_else(|| panic!("{name} has no {block}"));
    rows.into_iter().map(|(cells, _)| cells.iter().map(quarterdeck::model::Value::json).collect()).collect()
}
