//! Many nodes and pods, and changes of them, for what is measured.

use std::io::Write;
use std::process::{Child, Stdio};

use super::{Cluster, end, hands};

const NAMESPACES: &str = "10";

/// Pods that change until it is dropped.
pub struct Churn(Child);

impl Drop for Churn {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

impl Cluster {
    /// Adds nodes until there are so many.
    pub fn add_nodes(&self, count: usize) {
        let mut command =
            self.command(&["load", "nodes", &self.kubeconfig().display().to_string(), &count.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let node = include_str!("fixtures/node.yaml");
        child.stdin.take().expect("a pipe").write_all(node.as_bytes()).expect("the node is read");
        hands::text_of("load nodes", &child.wait_with_output().expect("the program ends"));
    }

    /// So many nodes, and so many pods in deployments of 25 in ten namespaces. Returns when all pods are ready.
    pub fn fill(&self, nodes: usize, pods: usize) {
        self.add_nodes(nodes);
        self.load("pods", &[&pods.to_string(), NAMESPACES]);
    }

    /// The pods of the load change one after the other, so many in a second: of ten, nine count one restart more and one is
    /// deleted, so that another takes its place.
    pub fn churn(&self, per_second: usize) -> Churn {
        let arguments = ["load", "churn", &self.kubeconfig().display().to_string(), &per_second.to_string()];
        let child = self.command(&arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Churn(child.expect("the program runs"))
    }

    /// Every pod of the load counts one restart more, as fast as it goes. Returns when all have.
    pub fn burst(&self) {
        self.load("burst", &[]);
    }

    fn load(&self, verb: &str, arguments: &[&str]) {
        let kubeconfig = self.kubeconfig().display().to_string();
        self.ask_program(&[&["load", verb, &kubeconfig][..], arguments].concat());
    }
}
