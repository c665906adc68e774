use serde_json::json;

use super::super::k8s::warnings::Warnings;
use super::*;
use crate::model::Health;

#[test]
fn an_old_revision_is_well() {
    let set = |wanted: i64, ready: i64| -> ReplicaSet {
        serde_json::from_value(json!({ "metadata": { "name": "web-1", "uid": "s" }, "spec": { "replicas": wanted },
            "status": { "replicas": wanted, "readyReplicas": ready, "availableReplicas": ready } }))
        .unwrap()
    };
    let findings = Findings::at(Vec::new(), Warnings::default(), "2026-03-02T09:00:00Z".parse().unwrap());
    let judged = |wanted, ready| workload(&set(wanted, ready), &findings).judge().verdict;
    assert_eq!(judged(0, 0), (Health::Ok, "scaled to zero".to_owned()));
    assert_eq!(judged(2, 2), (Health::Ok, String::new()));
    assert_eq!(judged(2, 1), (Health::Degraded, "1 of 2 pods available".to_owned()));
}
