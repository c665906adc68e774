//! The program on a cluster: a home of its own whose kubeconfig leads there, and nothing of the machine's own configuration.

use std::process::{Command, Output};

use serde_json::Value;

use crate::cluster::Cluster;

/// The environments are the contexts of the cluster's kubeconfig.
pub fn quarterdeck(cluster: &Cluster, arguments: &[&str]) -> Output {
    let home = cluster.home().join("home");
    std::fs::create_dir_all(&home).expect("a home");
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().env("HOME", &home).env("KUBECONFIG", cluster.kubeconfig()).args(arguments);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.output().expect("the program runs")
}

/// The rows of a kind as the administrator sees them.
pub fn get(cluster: &Cluster, kind: &str) -> Vec<Value> {
    let output = quarterdeck(cluster, &["get", kind, "-e", "admin", "-o", "json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "get {kind}: {errors}");
    serde_json::from_slice(&output.stdout).expect("an array")
}

/// Of the rows, the one of this name.
pub fn named<'v>(rows: &'v [Value], name: &str) -> &'v Value {
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("there is no {name} in {rows:#?}"))
}
