//! Status of nodes as kubectl tells it, and their health by conditions.

use jiff::Timestamp;

use crate::kinds::k8s::meta::{self, Condition};
use crate::kinds::k8s::node::Node;
use crate::kinds::parts::{self, Verdict, fine, moment};
use crate::model::Health;

/// What a cordoned node's status ends with.
const DISABLED: &str = ",SchedulingDisabled";
/// What keeps pods away from a node that is cordoned.
const CORDONED: &str = "node.kubernetes.io/unschedulable";

/// `Ready`, `NotReady`, `Unknown` without a condition, and `SchedulingDisabled` where it is cordoned.
pub fn status(node: &Node) -> String {
    let ready = match meta::condition(&node.status.conditions, "Ready") {
        Some(ready) if ready.holds() => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    if node.spec.unschedulable { format!("{ready}{DISABLED}") } else { ready.to_owned() }
}

/// Whether a status is a cordoned node's.
pub fn is_cordoned(status: &str) -> bool {
    status.ends_with(DISABLED)
}

/// The conditions that say what a node is short of.
pub fn pressure(node: &Node) -> impl Iterator<Item = &Condition> {
    let short = |about: &str| about.ends_with("Pressure") || about == "NetworkUnavailable";
    node.status.conditions.iter().filter(move |condition| condition.holds() && short(&condition.about))
}

pub fn verdict(node: &Node, now: Timestamp) -> Verdict {
    let since = |condition: &Condition| match &condition.last_transition_time {
        Some(at) => format!(" since {}", moment(at.0, now)),
        None => String::new(),
    };
    let because = |condition: &Condition| match condition.words() {
        "" => String::new(),
        words => format!(": {words}"),
    };
    match meta::condition(&node.status.conditions, "Ready") {
        Some(ready) if !ready.holds() => {
            return (Health::Failed, format!("not ready{}{}", since(ready), because(ready)));
        }
        None => return (Health::Unknown, "it has not told yet whether it is ready".to_owned()),
        Some(_) => {}
    }
    if meta::is_going(&node.metadata) {
        return (Health::Progressing, "being deleted".to_owned());
    }
    if let Some(short) = pressure(node).next() {
        let words = parts::words(&short.about);
        return (Health::Degraded, format!("{words}{}{}", since(short), because(short)));
    }
    if node.spec.unschedulable {
        // Somebody is at work on it, or has forgotten it: not sick, but not as it should be either.
        let taint = node.spec.taints.iter().find(|taint| taint.key == CORDONED);
        let since = taint.and_then(|taint| taint.time_added).map(|at| format!(" since {}", moment(at, now)));
        return (Health::Progressing, format!("cordoned{}: no new pods are placed on it", since.unwrap_or_default()));
    }
    fine()
}
