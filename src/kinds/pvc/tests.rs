use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;

fn claim(phase: &str, conditions: &Json) -> Pvc {
    serde_json::from_value(json!({
        "metadata": { "name": "data-db-0", "namespace": "shop", "uid": "c1", "creationTimestamp": "2026-03-02T08:00:00Z" },
        "spec": { "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3", "resources": { "requests": { "storage": "20Gi" } } },
        "status": { "phase": phase, "capacity": null, "conditions": conditions },
    }))
    .unwrap()
}

fn event(uid: &str, sort: &str, reason: &str, message: &str, at: &str) -> Arc<Event> {
    let event = json!({ "metadata": { "name": "e", "namespace": "shop" }, "type": sort, "reason": reason, "message": message,
        "lastTimestamp": at, "involvedObject": { "kind": "PersistentVolumeClaim", "name": "data-db-0", "uid": uid } });
    Arc::new(serde_json::from_value(event).unwrap())
}

#[rstest]
#[case("Bound", json!(null), None, Health::Ok, "")]
#[case("Bound", json!([{ "type": "FileSystemResizePending", "status": "True", "message": "Waiting for user to (re-)start a pod" }]), None, Health::Progressing, "Waiting for user to (re-)start a pod")]
#[case("Lost", json!(null), None, Health::Failed, "its volume is gone")]
#[case("Pending", json!(null), None, Health::Degraded, "pending, and no event says why")]
#[case("Pending", json!(null), Some(("Normal", "WaitForFirstConsumer", "waiting for first consumer")), Health::Ok, "waits for the first pod that uses it")]
#[case("Pending", json!(null), Some(("Warning", "ProvisioningFailed", "storageclass \"fast\" not found")), Health::Failed, "provisioning failed: storageclass \"fast\" not found")]
#[case("Pending", json!(null), Some(("Normal", "ExternalProvisioning", "Waiting for a volume to be created")), Health::Degraded, "Waiting for a volume to be created")]
fn a_claim_says_why_it_waits(
    #[case] phase: &str,
    #[case] conditions: Json,
    #[case] told: Option<(&str, &str, &str)>,
    #[case] health: Health,
    #[case] reason: &str,
) {
    let event = told.map(|(sort, why, words)| event("c1", sort, why, words, "2026-03-02T08:59:00Z"));
    let now = "2026-03-02T09:00:00Z".parse().unwrap();
    assert_eq!(verdict(&claim(phase, &conditions), event.as_deref(), now), (health, reason.to_owned()));
}

#[test]
fn the_newest_event_of_a_claim_counts() {
    let events = [
        event("c1", "Normal", "Second", "", "2026-03-02T08:30:00Z"),
        event("c1", "Normal", "Third", "", "2026-03-02T08:40:00Z"),
        event("c1", "Normal", "First", "", "2026-03-02T08:20:00Z"),
        event("c2", "Normal", "Other", "", "2026-03-02T08:50:00Z"),
    ];
    let newest = newest(&events);
    assert_eq!((newest.len(), newest["c1"].why()), (2, "Third"));
    assert_eq!(["ReadWriteOnce", "ReadWriteOncePod", "Own"].map(short), ["RWO", "RWOP", "Own"]);
}
