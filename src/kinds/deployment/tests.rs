use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value as Json, json};

use super::super::k8s::event::Events;
use super::super::k8s::warnings::Warnings;
use super::*;
use crate::model::Health;

const NOW: &str = "2026-03-02T09:00:00Z";

fn deployment(desired: i64, status: &Json) -> Deployment {
    serde_json::from_value(json!({
        "metadata": { "name": "web", "namespace": "shop", "uid": "d", "generation": 3,
            "annotations": { "deployment.kubernetes.io/revision": "7" } },
        "spec": { "replicas": desired },
        "status": status,
    }))
    .unwrap()
}

fn set(uid: &str, revision: &str) -> ReplicaSet {
    serde_json::from_value(json!({ "metadata": {
        "name": format!("web-{uid}"), "namespace": "shop", "uid": uid,
        "annotations": { "deployment.kubernetes.io/revision": revision },
        "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d", "controller": true }],
    } }))
    .unwrap()
}

fn pod(name: &str, set: &str, status: &Json) -> Arc<Pod> {
    let pod: Pod = serde_json::from_value(json!({
        "metadata": { "name": name, "namespace": "shop", "uid": name, "ownerReferences": [
            { "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": set, "controller": true } ] },
        "spec": { "containers": [{ "name": "web", "image": "shop/web:2" }] },
        "status": status,
    }))
    .unwrap();
    Arc::new(pod)
}

fn runs() -> Json {
    json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }],
        "containerStatuses": [{ "name": "web", "ready": true, "state": { "running": {} } }] })
}

fn crashes() -> Json {
    json!({ "phase": "Running", "containerStatuses": [{ "name": "web", "restartCount": 5,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "exitCode": 1, "reason": "Error" } } }] })
}

fn no_image() -> Json {
    json!({ "phase": "Pending", "containerStatuses": [{ "name": "web",
        "state": { "waiting": { "reason": "ErrImagePull", "message": "rpc error: code = NotFound desc = not found" } } }] })
}

fn starts() -> Json {
    json!({ "phase": "Pending", "startTime": NOW, "containerStatuses": [
        { "name": "web", "state": { "waiting": { "reason": "ContainerCreating" } } }] })
}

/// `replicas`, `updated`, `available`, and the reason of its condition `Progressing`.
fn status(replicas: i64, updated: i64, available: i64, progress: &str) -> Json {
    let holds = if progress == "ProgressDeadlineExceeded" { "False" } else { "True" };
    json!({
        "observedGeneration": 3, "replicas": replicas, "updatedReplicas": updated, "availableReplicas": available,
        "readyReplicas": available,
        "conditions": [{ "type": "Progressing", "status": holds, "reason": progress,
            "message": "ReplicaSet \"web-new\" has timed out progressing." }],
    })
}

fn judged(one: &Deployment, pods: Vec<Arc<Pod>>, warnings: Warnings) -> (Health, String, Option<String>) {
    let sets = [set("new", "7"), set("old", "6")];
    let sets: Vec<&ReplicaSet> = sets.iter().collect();
    let findings = Findings::at(pods, warnings, NOW.parse().unwrap());
    let judged = row::workload(one, &sets, Some(sets[0]), &findings).judge();
    (judged.verdict.0, judged.verdict.1, judged.evidence)
}

const DONE: &str = "NewReplicaSetAvailable";
const UNDER_WAY: &str = "ReplicaSetUpdated";

#[rstest]
#[case::well(2, status(2, 2, 2, DONE), &[("new", runs()), ("new", runs())], Health::Ok, "", None)]
#[case::zero(0, status(0, 0, 0, DONE), &[], Health::Ok, "scaled to zero", None)]
#[case::going_to_zero(0, status(2, 2, 2, DONE), &[], Health::Progressing, "scaling to zero, 2 still run", None)]
#[case::rolls(
    2, status(3, 1, 2, UNDER_WAY), &[("new", starts()), ("old", runs()), ("old", runs())],
    Health::Progressing, "rolling out revision 7: 1 of 2 updated, 2 ready, 2 old ones still there", None
)]
#[case::rolls_badly(
    2, status(3, 1, 2, UNDER_WAY), &[("new", no_image()), ("old", runs()), ("old", runs())],
    Health::Degraded, "rolling out revision 7: 1 of 2 updated, 2 ready, 2 old ones still there; image shop/web:2 can't be pulled: not found", Some("pod/p0")
)]
#[case::stuck(
    2, status(3, 1, 2, "ProgressDeadlineExceeded"), &[("new", crashes()), ("old", runs()), ("old", runs())],
    Health::Failed, "rollout stuck: ReplicaSet \"web-new\" has timed out progressing; crash loop: web exited with 1, 5 restarts", Some("pod/p0")
)]
#[case::keeps_crashing(
    2, status(2, 2, 1, DONE), &[("new", runs()), ("new", crashes())],
    Health::Failed, "1 of 2 pods available; crash loop: web exited with 1, 5 restarts", Some("pod/p1")
)]
#[case::all_crash(
    2, status(2, 2, 0, DONE), &[("new", crashes()), ("new", crashes())],
    Health::Failed, "0 of 2 pods available; 2 pods: crash loop: web exited with 1, 5 restarts", Some("pod/p0")
)]
#[case::scales_out(2, status(2, 2, 1, DONE), &[("new", runs()), ("new", starts())], Health::Progressing, "1 of 2 pods available", None)]
#[case::short(2, status(1, 1, 1, DONE), &[("new", runs())], Health::Degraded, "1 of 2 pods available", None)]
#[case::nothing(1, status(0, 0, 0, DONE), &[], Health::Failed, "0 of 1 pod available", None)]
fn by_counts_and_pods(
    #[case] desired: i64,
    #[case] status: Json,
    #[case] pods: &[(&str, Json)],
    #[case] health: Health,
    #[case] reason: &str,
    #[case] evidence: Option<&str>,
) {
    let pods = pods.iter().enumerate().map(|(at, (set, status))| pod(&format!("p{at}"), set, status)).collect();
    let found = judged(&deployment(desired, &status), pods, Warnings::default());
    assert_eq!(found, (health, reason.to_owned(), evidence.map(str::to_owned)));
}

#[test]
fn quota_is_told_with_its_event() {
    let mut status = status(1, 1, 1, UNDER_WAY);
    let failure = json!({ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
        "message": "pods \"web-x\" is forbidden: exceeded quota: compute" });
    status["conditions"].as_array_mut().unwrap().push(failure);
    let events = json!({ "items": [{ "metadata": { "name": "web-new.1" }, "type": "Warning", "reason": "FailedCreate",
        "involvedObject": { "kind": "ReplicaSet", "uid": "new" } }] });
    let warnings = Warnings::new(Arc::new(serde_json::from_value::<Events>(events).unwrap()));
    let (health, reason, evidence) = judged(&deployment(3, &status), vec![pod("p0", "new", &runs())], warnings);
    assert_eq!(health, Health::Degraded);
    assert_eq!(
        reason,
        "1 of 3 pods available; pods can't be created: pods \"web-x\" is forbidden: exceeded quota: compute"
    );
    assert_eq!(evidence.as_deref(), Some("event/web-new.1"));
}

#[test]
fn a_change_that_was_not_seen_is_under_way() {
    let mut one = deployment(2, &status(2, 2, 2, DONE));
    one.metadata.generation = Some(4);
    assert_eq!(judged(&one, Vec::new(), Warnings::default()).1, "its controller has not taken the change up yet");
}

#[test]
fn pods_that_ended_and_were_replaced_do_not_count() {
    let evicted = json!({ "phase": "Failed", "reason": "Evicted", "message": "low on memory" });
    let pods = vec![pod("p0", "new", &runs()), pod("p1", "new", &evicted)];
    assert_eq!(judged(&deployment(1, &status(1, 1, 1, DONE)), pods, Warnings::default()).0, Health::Ok);
}

#[test]
fn sets_are_found_by_their_owner() {
    let (new, mut other) = (set("new", "7"), set("x", "1"));
    other.metadata.owner_references.as_mut().unwrap()[0].uid = "other".into();
    let sets = by_owner([&new, &other].into_iter());
    let found: Vec<_> = owned(&sets, &deployment(1, &json!({}))).iter().map(|set| set.metadata.uid.clone()).collect();
    assert_eq!(found, [Some("new".to_owned())]);
}
