use std::sync::Arc as Shared;

use rstest::rstest;
use serde_json::{Value as Json, json};

use super::super::k8s::event::Events;
use super::super::k8s::warnings::Warnings;
use super::*;
use crate::model::Health;

fn findings(pods: Vec<Shared<Pod>>, warnings: Warnings) -> Findings {
    Findings::at(pods, warnings, "2026-03-02T09:00:00Z".parse().unwrap())
}

fn set(status: &Json) -> DaemonSet {
    serde_json::from_value(json!({ "metadata": { "name": "agent", "uid": "s" }, "status": status })).unwrap()
}

fn status(desired: i64, current: i64, updated: i64, available: i64) -> Json {
    json!({ "desiredNumberScheduled": desired, "currentNumberScheduled": current, "updatedNumberScheduled": updated,
        "numberAvailable": available, "numberReady": available, "numberMisscheduled": 0 })
}

#[rstest]
#[case::well(status(3, 3, 3, 3), Health::Ok, "")]
#[case::nowhere(status(0, 0, 0, 0), Health::Ok, "no node shall have a pod of it")]
#[case::rolls(
    status(3, 3, 1, 3),
    Health::Progressing,
    "rolling out its pods: 1 of 3 updated, 0 ready, 2 old ones still there"
)]
#[case::short(status(3, 3, 3, 2), Health::Degraded, "2 of 3 pods available")]
#[case::none(status(3, 3, 3, 0), Health::Failed, "0 of 3 pods available")]
fn by_counts(#[case] status: Json, #[case] health: Health, #[case] reason: &str) {
    let findings = findings(Vec::new(), Warnings::default());
    assert_eq!(workload(&set(&status), &findings).judge().verdict, (health, reason.to_owned()));
}

#[test]
fn the_node_that_refuses_its_pod_speaks_for_it() {
    let pod: Pod = serde_json::from_value(json!({
        "metadata": { "name": "agent-x", "ownerReferences": [
            { "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": "s", "controller": true } ] },
        "status": { "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes are available: 1 Insufficient memory." }] },
    }))
    .unwrap();
    let findings = findings(vec![Shared::new(pod)], Warnings::new(Shared::new(Events::default())));
    let judged = workload(&set(&status(3, 3, 3, 2)), &findings).judge();
    let reason = "2 of 3 pods available; unschedulable: 0/3 nodes are available: 1 Insufficient memory.";
    assert_eq!(
        (judged.verdict, judged.evidence.as_deref()),
        ((Health::Degraded, reason.to_owned()), Some("pod/agent-x"))
    );
}
