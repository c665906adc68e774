use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value, json};

use super::super::event::Events;
use super::*;

const NOW: &str = "2026-03-02T09:00:00Z";

fn pod(status: &Value) -> Pod {
    serde_json::from_value(json!({
        "metadata": { "name": "api-1", "namespace": "shop", "uid": "u1", "creationTimestamp": "2026-03-02T08:00:00Z" },
        "spec": {
            "nodeName": "n1",
            "containers": [{ "name": "api", "image": "shop/api:1.4", "resources": { "limits": { "memory": "256Mi" } } }],
            "initContainers": [{ "name": "migrate", "image": "shop/migrate:1.4" }],
        },
        "status": status,
    }))
    .unwrap()
}

fn warnings(events: &[(&str, &str)]) -> Warnings {
    let items: Vec<Value> = events
        .iter()
        .enumerate()
        .map(|(at, (reason, message))| {
            json!({
                "metadata": { "name": format!("api-1.{at}"), "namespace": "shop" }, "type": "Warning", "reason": reason,
                "message": message, "involvedObject": { "kind": "Pod", "uid": "u1", "name": "api-1" },
                "lastTimestamp": NOW,
            })
        })
        .collect();
    Warnings::new(Arc::new(serde_json::from_value::<Events>(json!({ "items": items })).unwrap()))
}

fn judged(status: &Value, events: &[(&str, &str)]) -> (Health, String, Option<String>) {
    let found = of(&pod(status), &warnings(events), NOW.parse().unwrap());
    (found.health, found.reason.into_owned(), found.event)
}

fn waits(reason: &str, message: &str) -> Value {
    json!({
        "phase": "Pending", "startTime": "2026-03-02T08:00:00Z",
        "containerStatuses": [{ "name": "api", "state": { "waiting": { "reason": reason, "message": message } } }],
    })
}

fn loops(last: &Value, restarts: i64) -> Value {
    json!({ "phase": "Running", "containerStatuses": [{
        "name": "api", "restartCount": restarts, "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": last },
    }] })
}

fn not_ready(since: &str, started: bool) -> Value {
    json!({ "phase": "Running",
        "conditions": [{ "type": "Ready", "status": "False", "reason": "ContainersNotReady", "lastTransitionTime": since,
            "message": "containers with unready status: [api]" }],
        "containerStatuses": [{ "name": "api", "started": started, "state": { "running": {} } }],
    })
}

#[rstest]
#[case::runs(json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] }), Health::Ok, "")]
#[case::completed(json!({ "phase": "Succeeded" }), Health::Ok, "completed")]
#[case::crash_loop(
    loops(&json!({ "exitCode": 1, "reason": "Error" }), 12), Health::Failed, "crash loop: api exited with 1, 12 restarts"
)]
#[case::crash_loop_with_words(
    loops(&json!({ "exitCode": 2, "reason": "Error", "message": "no DATABASE_URL\n" }), 1),
    Health::Failed, "crash loop: api exited with 2: no DATABASE_URL, 1 restart"
)]
#[case::out_of_memory(
    loops(&json!({ "exitCode": 137, "reason": "OOMKilled" }), 5),
    Health::Failed, "out of memory: api was killed at its limit of 256 MiB, 5 restarts"
)]
#[case::just_killed(
    json!({ "phase": "Running", "containerStatuses": [{ "name": "api", "state": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } } }] }),
    Health::Failed, "out of memory: api was killed at its limit of 256 MiB"
)]
#[case::failed_init(
    json!({ "phase": "Pending", "initContainerStatuses": [{ "name": "migrate", "restartCount": 3,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } }, "lastState": { "terminated": { "exitCode": 1, "reason": "Error" } } }] }),
    Health::Failed, "crash loop: init container migrate exited with 1, 3 restarts"
)]
#[case::unschedulable(
    json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/5 nodes are available: 5 Insufficient cpu." }] }),
    Health::Failed, "unschedulable: 0/5 nodes are available: 5 Insufficient cpu."
)]
#[case::gated(
    json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "SchedulingGated" }] }),
    Health::Progressing, "waits until its scheduling gates are lifted"
)]
#[case::config(
    waits("CreateContainerConfigError", "secret \"db\" not found"),
    Health::Failed,
    "api: config error: secret \"db\" not found"
)]
#[case::can_not_run(
    waits("RunContainerError", "exec: \"/app\": not found"),
    Health::Failed,
    "api: run container error: exec: \"/app\": not found"
)]
#[case::evicted(
    json!({ "phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory." }),
    Health::Failed, "evicted: The node was low on resource: memory."
)]
#[case::rejected(json!({ "phase": "Failed", "reason": "NodeShutdown" }), Health::Failed, "node shutdown")]
#[case::unknown(json!({ "phase": "Unknown" }), Health::Failed, "its node does not say how it is")]
#[case::image_newer(
    waits(
        "ImagePullBackOff",
        "Back-off pulling image \"shop/api:1.4\": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image \"shop/api:1.4\": failed to resolve reference \"shop/api:1.4\": not found"
    ),
    Health::Failed,
    "image shop/api:1.4 can't be pulled: not found"
)]
#[case::image_waits(
    waits("ImagePullBackOff", "Back-off pulling image \"shop/api:1.4\""),
    Health::Failed,
    "image shop/api:1.4 can't be pulled: ImagePullBackOff"
)]
#[case::made_for_long(waits("ContainerCreating", ""), Health::Degraded, "its containers are being made for 60m")]
#[case::starting(not_ready("2026-03-02T08:59:30Z", true), Health::Progressing, "starting")]
#[case::not_ready_for_long(
    not_ready("2026-03-02T08:30:00Z", true),
    Health::Degraded,
    "not ready: api does not pass its readiness probe"
)]
#[case::never_started(
    not_ready("2026-03-02T08:30:00Z", false),
    Health::Degraded,
    "not ready: api has not passed its startup probe"
)]
#[case::restarts(
    json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }], "containerStatuses": [{
        "name": "api", "ready": true, "restartCount": 4, "state": { "running": {} },
        "lastState": { "terminated": { "exitCode": 1, "reason": "Error", "finishedAt": "2026-03-02T08:57:00Z" } } }] }),
    Health::Degraded, "api exited with 1, 4 restarts, the last 3m ago"
)]
#[case::runs_for_a_moment(
    json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "False", "lastTransitionTime": "2026-03-02T08:59:50Z" }],
        "containerStatuses": [{ "name": "api", "ready": false, "restartCount": 4, "state": { "running": {} },
        "lastState": { "terminated": { "exitCode": 1, "reason": "Error", "finishedAt": "2026-03-02T08:59:50Z" } } }] }),
    Health::Failed, "crash loop: api exited with 1, 4 restarts"
)]
#[case::restarts_long_ago(
    json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }], "containerStatuses": [{
        "name": "api", "ready": true, "restartCount": 4, "state": { "running": {} },
        "lastState": { "terminated": { "exitCode": 1, "reason": "Error", "finishedAt": "2026-03-01T08:57:00Z" } } }] }),
    Health::Ok, ""
)]
#[case::nothing(json!({}), Health::Unknown, "nothing is told of it yet")]
fn by_itself(#[case] status: Value, #[case] health: Health, #[case] reason: &str) {
    assert_eq!(judged(&status, &[]), (health, reason.to_owned(), None));
}

#[rstest]
#[case::image(
    waits("ImagePullBackOff", "Back-off pulling image \"shop/api:1.4\""),
    ("Failed", "Failed to pull image \"shop/api:1.4\": rpc error: code = Unknown desc = failed to pull and unpack image \"shop/api:1.4\": failed to resolve reference \"shop/api:1.4\": pull access denied"),
    Health::Failed, "image shop/api:1.4 can't be pulled: pull access denied"
)]
#[case::liveness(
    loops(&json!({ "exitCode": 137, "reason": "Error" }), 4),
    ("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500"),
    Health::Failed, "api is restarted again and again: liveness probe fails: HTTP probe failed with statuscode: 500"
)]
#[case::readiness(
    not_ready("2026-03-02T08:30:00Z", true), ("Unhealthy", "Readiness probe failed: dial tcp: connection refused"),
    Health::Degraded, "not ready: readiness probe fails: dial tcp: connection refused"
)]
#[case::mount(
    waits("ContainerCreating", ""), ("FailedMount", "MountVolume.SetUp failed for volume \"keys\": secret \"tls\" not found"),
    Health::Failed, "can't start: MountVolume.SetUp failed for volume \"keys\": secret \"tls\" not found"
)]
fn by_a_warning(#[case] status: Value, #[case] event: (&str, &str), #[case] health: Health, #[case] reason: &str) {
    assert_eq!(judged(&status, &[event]), (health, reason.to_owned(), Some("api-1.0".to_owned())));
}

#[rstest]
#[case("2026-03-02T08:59:50Z", json!({ "phase": "Running" }), Health::Progressing, "terminating")]
#[case("2026-03-02T08:40:00Z", json!({ "phase": "Running" }), Health::Degraded, "terminating, 20m over its grace period: its node does not end it")]
#[case("2026-03-02T08:40:00Z", json!({ "phase": "Running", "reason": "NodeLost" }), Health::Failed, "its node n1 is lost")]
fn on_its_way_out(#[case] since: &str, #[case] status: Value, #[case] health: Health, #[case] reason: &str) {
    let mut pod = pod(&status);
    pod.metadata.deletion_timestamp = Some(serde_json::from_value(json!(since)).unwrap());
    let found = of(&pod, &Warnings::default(), NOW.parse().unwrap());
    assert_eq!((found.health, &*found.reason), (health, reason));
}

#[test]
fn only_what_is_not_well_wants_warnings() {
    let now = NOW.parse().unwrap();
    assert!(!wants_warnings(
        &pod(&json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] })),
        now
    ));
    assert!(!wants_warnings(&pod(&not_ready("2026-03-02T08:59:30Z", true)), "2026-03-02T08:01:00Z".parse().unwrap()));
    assert!(wants_warnings(&pod(&loops(&json!({ "exitCode": 1 }), 3)), now));
}

#[test]
fn long_words_are_cut() {
    assert_eq!(short("a\n  b\tc"), "a b c");
    assert_eq!(short(&"x".repeat(300)).chars().count(), LONGEST + 1);
}
