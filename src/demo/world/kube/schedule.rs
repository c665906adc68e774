//! The scheduler: which node a pod gets, and why it gets none, in the scheduler's own words.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::KubeCluster;
use super::event::Said;
use super::json::{list, map, mebibytes, millicores, text};
use super::pod::{Load, State, Template};
use super::steps::{PodStep, Step};
use super::store::Object;

/// Seconds between two tries.
const AGAIN: i64 = 60;

impl Load {
    pub(super) fn add(&mut self, other: Self, times: i64) {
        self.cpu += other.cpu * times;
        self.memory += other.memory * times;
        self.gpus += other.gpus * times;
        self.pods += other.pods * times;
    }
}

impl KubeCluster {
    /// Finds a node for a pod.
    pub(super) fn schedule(&mut self, namespace: &str, name: &str) {
        let Some(pod) = self.store.pod(namespace, name).filter(|pod| pod.state == State::Pending) else { return };
        match self.find_node(&Arc::clone(&pod.template), name) {
            Ok(node) => self.bound(namespace, name, &node),
            Err(why) => {
                if pod.why.as_deref() != Some(&why) {
                    let now = self.now;
                    self.store.edit_pod(namespace, name, |pod| {
                        pod.why = Some(why.clone().into());
                        pod.since = now;
                    });
                    self.touch(namespace);
                }
                self.say_of_pod(namespace, name, None, Said("Warning", "FailedScheduling", "default-scheduler", why));
            }
        }
    }

    pub(super) fn schedule_again(&mut self) {
        let waits = |object: &Object| match object {
            Object::Pod(pod) if pod.state == State::Pending && pod.why.is_some() && pod.deleting.is_none() => {
                Some((Arc::clone(&pod.namespace), Arc::clone(&pod.name)))
            }
            _ => None,
        };
        let waiting: Vec<_> = self.store.list("pods", None).filter_map(waits).collect();
        for (namespace, name) in waiting {
            self.plan(&namespace, &name, 0, PodStep::Schedule);
        }
        self.later(AGAIN * 1_000, Step::Schedule);
    }

    /// The node that has most room, or why there is none.
    fn find_node(&self, template: &Template, name: &str) -> Result<Arc<str>, String> {
        let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
        let mut best: Option<(i64, Arc<str>)> = None;
        let (own, mut count) = (super::super::dice::hash(7, name), 0_usize);
        for object in self.store.list("nodes", None) {
            let Object::Doc(doc) = object else { continue };
            count += 1;
            let load = self.loads.get(object.name()).copied().unwrap_or_default();
            if let Some(why) = refusal(&doc.json, load, template) {
                *refused.entry(why).or_default() += 1;
                continue;
            }
            // Of nodes with about as much room each has its turn.
            let turn = super::super::dice::mix2(own, count as u64) % 400;
            let room = free(&doc.json, load).cpu - turn as i64;
            if best.as_ref().is_none_or(|(most, _)| room > *most) {
                best = Some((room, object.name().into()));
            }
        }
        best.map(|(_, node)| node).ok_or_else(|| words(count, &refused))
    }
}

fn free(node: &Value, load: Load) -> Load {
    let all = &node["status"]["allocatable"];
    Load {
        cpu: millicores(&all["cpu"]) - load.cpu,
        memory: mebibytes(&all["memory"]) - load.memory,
        gpus: millicores(&all["nvidia.com/gpu"]) / 1_000 - load.gpus,
        pods: millicores(&all["pods"]) / 1_000 - load.pods,
    }
}

/// Whether a template's pods may run on a node at all, room or not.
pub(super) fn fits(node: &Value, spec: &Value) -> bool {
    let wanted = map(spec, "/nodeSelector").into_iter().flatten();
    let mut wanted = wanted.into_iter();
    wanted.all(|(key, value)| node["metadata"]["labels"].get(key) == Some(value))
}

fn refusal(node: &Value, load: Load, template: &Template) -> Option<&'static str> {
    let taints = list(node, "/spec/taints");
    let taint = |key: &str| taints.iter().any(|taint| text(taint, "/key") == key);
    if node["spec"]["unschedulable"] == true {
        return Some("node(s) were unschedulable");
    }
    if taint("node.kubernetes.io/unreachable") {
        return Some("node(s) had untolerated taint {node.kubernetes.io/unreachable: }");
    }
    if taint("node.kubernetes.io/memory-pressure") {
        return Some("node(s) had untolerated taint {node.kubernetes.io/memory-pressure: }");
    }
    if !fits(node, &template.spec) {
        return Some("node(s) didn't match Pod's node affinity/selector");
    }
    let (room, asks) = (free(node, load), template.asks);
    [
        (room.gpus < asks.gpus, "Insufficient nvidia.com/gpu"),
        (room.cpu < asks.cpu, "Insufficient cpu"),
        (room.memory < asks.memory, "Insufficient memory"),
        (room.pods < asks.pods, "Too many pods"),
    ]
    .into_iter()
    .find_map(|(short, why)| short.then_some(why))
}

/// `0/8 nodes are available: 1 Insufficient nvidia.com/gpu, 7 node(s) …`
fn words(count: usize, refused: &BTreeMap<&str, usize>) -> String {
    let part = |(why, count): (&&str, &usize)| format!("{count} {why}");
    let why: Vec<String> = refused.iter().map(part).collect();
    let short: usize = refused.iter().filter(|(why, _)| why.starts_with("Insufficient")).map(|(_, count)| count).sum();
    let mut after = Vec::new();
    if short > 0 {
        after.push(format!("{short} No preemption victims found for incoming pod"));
    }
    if count > short {
        after.push(format!("{} Preemption is not helpful for scheduling", count - short));
    }
    format!(
        "0/{count} nodes are available: {}. preemption: 0/{count} nodes are available: {}.",
        why.join(", "),
        after.join(", ")
    )
}
