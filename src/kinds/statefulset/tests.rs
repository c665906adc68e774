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

fn set(spec: &Json, status: &Json) -> StatefulSet {
    serde_json::from_value(json!({ "metadata": { "name": "db", "uid": "s" }, "spec": spec, "status": status })).unwrap()
}

#[rstest]
#[case::well(
    json!({ "replicas": 3 }), json!({ "replicas": 3, "readyReplicas": 3, "availableReplicas": 3, "updatedReplicas": 3, "currentRevision": "a", "updateRevision": "a" }),
    Health::Ok, ""
)]
#[case::rolls(
    json!({ "replicas": 3 }), json!({ "replicas": 3, "readyReplicas": 3, "availableReplicas": 3, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "db-b" }),
    Health::Progressing, "rolling out db-b: 1 of 3 updated, 0 ready, 2 old ones still there"
)]
#[case::by_hand(
    json!({ "replicas": 3, "updateStrategy": { "type": "OnDelete" } }), json!({ "replicas": 3, "readyReplicas": 3, "availableReplicas": 3, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b" }),
    Health::Ok, ""
)]
#[case::up_to_its_partition(
    json!({ "replicas": 3, "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 2 } } }),
    json!({ "replicas": 3, "readyReplicas": 3, "availableReplicas": 3, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b" }),
    Health::Ok, ""
)]
#[case::short(
    json!({ "replicas": 3 }), json!({ "replicas": 3, "readyReplicas": 2, "updatedReplicas": 3, "currentRevision": "a", "updateRevision": "a" }),
    Health::Degraded, "2 of 3 pods available"
)]
fn by_counts(#[case] spec: Json, #[case] status: Json, #[case] health: Health, #[case] reason: &str) {
    let findings = findings(Vec::new(), Warnings::default());
    assert_eq!(workload(&set(&spec, &status), &findings).judge().verdict, (health, reason.to_owned()));
}

#[test]
fn pods_that_can_not_be_made_are_told_by_a_warning() {
    let events = json!({ "items": [{ "metadata": { "name": "db.1" }, "type": "Warning", "reason": "FailedCreate",
        "message": "create Pod db-1 failed: exceeded quota", "involvedObject": { "uid": "s" } }] });
    let warnings = Warnings::new(Shared::new(serde_json::from_value::<Events>(events).unwrap()));
    let findings = findings(Vec::new(), warnings);
    let judged =
        workload(&set(&json!({ "replicas": 2 }), &json!({ "replicas": 1, "readyReplicas": 1 })), &findings).judge();
    let reason = "1 of 2 pods available; pods can't be created: create Pod db-1 failed: exceeded quota";
    assert_eq!(
        (judged.verdict, judged.evidence.as_deref()),
        ((Health::Degraded, reason.to_owned()), Some("event/db.1"))
    );
}
