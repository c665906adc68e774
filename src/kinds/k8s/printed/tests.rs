use rstest::rstest;
use serde_json::{Value, json};

use super::*;

fn pod(metadata: &Value, spec: &Value, status: &Value) -> Pod {
    serde_json::from_value(json!({ "metadata": metadata, "spec": spec, "status": status })).unwrap()
}

fn spec(containers: usize, init: usize) -> Value {
    let some =
        |word: &str, count: usize| (0..count).map(|n| json!({ "name": format!("{word}{n}") })).collect::<Vec<_>>();
    json!({ "containers": some("c", containers), "initContainers": some("i", init) })
}

fn running(name: &str, ready: bool) -> Value {
    json!({ "name": name, "ready": ready, "state": { "running": { "startedAt": "2026-03-02T08:00:00Z" } } })
}

fn waiting(name: &str, reason: &str) -> Value {
    json!({ "name": name, "state": { "waiting": { "reason": reason } } })
}

fn ended(name: &str, code: i64, reason: &str) -> Value {
    json!({ "name": name, "state": { "terminated": { "exitCode": code, "reason": reason } } })
}

fn status(phase: &str, init: &[Value], containers: &[Value]) -> Value {
    json!({ "phase": phase, "initContainerStatuses": init, "containerStatuses": containers })
}

/// The word and `ready/containers`.
fn printed(metadata: &Value, spec: &Value, status: &Value) -> (String, String) {
    let printed = of(&pod(metadata, spec, status));
    (printed.status, format!("{}/{}", printed.ready, printed.containers))
}

#[rstest]
#[case::runs(1, 0, status("Running", &[], &[running("c0", true)]), "Running", "1/1")]
#[case::one_not_ready(2, 0, status("Running", &[], &[running("c0", true), running("c1", false)]), "Running", "1/2")]
#[case::pending(1, 0, status("Pending", &[], &[]), "Pending", "0/1")]
#[case::creating(1, 0, status("Pending", &[], &[waiting("c0", "ContainerCreating")]), "ContainerCreating", "0/1")]
#[case::crash_loop(2, 0, status("Running", &[], &[running("c0", true), waiting("c1", "CrashLoopBackOff")]), "CrashLoopBackOff", "1/2")]
#[case::the_first_counts(2, 0, status("Running", &[], &[waiting("c0", "ImagePullBackOff"), waiting("c1", "CrashLoopBackOff")]), "ImagePullBackOff", "0/2")]
#[case::completed(1, 0, status("Succeeded", &[], &[ended("c0", 0, "Completed")]), "Completed", "0/1")]
#[case::error(1, 0, status("Failed", &[], &[ended("c0", 1, "Error")]), "Error", "0/1")]
#[case::out_of_memory(1, 0, status("Running", &[], &[ended("c0", 137, "OOMKilled")]), "OOMKilled", "0/1")]
#[case::no_reason(1, 0, status("Failed", &[], &[ended("c0", 3, "")]), "ExitCode:3", "0/1")]
#[case::one_done_not_ready(2, 0, status("Running", &[], &[running("c0", true), ended("c1", 0, "Completed")]), "NotReady", "1/2")]
#[case::init_first(1, 2, status("Pending", &[running("i0", false), waiting("i1", "PodInitializing")], &[waiting("c0", "PodInitializing")]), "Init:0/2", "0/1")]
#[case::init_second(1, 2, status("Pending", &[ended("i0", 0, "Completed"), running("i1", false)], &[waiting("c0", "PodInitializing")]), "Init:1/2", "0/1")]
#[case::init_crash(1, 1, status("Pending", &[waiting("i0", "CrashLoopBackOff")], &[]), "Init:CrashLoopBackOff", "0/1")]
#[case::init_error(1, 1, status("Pending", &[ended("i0", 1, "Error")], &[]), "Init:Error", "0/1")]
#[case::init_code(1, 1, status("Pending", &[ended("i0", 2, "")], &[]), "Init:ExitCode:2", "0/1")]
#[case::init_image(1, 1, status("Pending", &[waiting("i0", "ErrImagePull")], &[]), "Init:ErrImagePull", "0/1")]
#[case::init_done(1, 1, status("Pending", &[ended("i0", 0, "Completed")], &[waiting("c0", "PodInitializing")]), "PodInitializing", "0/1")]
fn words(
    #[case] containers: usize,
    #[case] init: usize,
    #[case] status: Value,
    #[case] word: &str,
    #[case] ready: &str,
) {
    assert_eq!(printed(&json!({}), &spec(containers, init), &status), (word.to_owned(), ready.to_owned()));
}

#[rstest]
#[case::evicted(json!({ "phase": "Failed", "reason": "Evicted" }), "Evicted")]
#[case::gated(json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "SchedulingGated" }] }), "SchedulingGated")]
#[case::signal(json!({ "phase": "Failed", "containerStatuses": [{ "name": "c0", "state": { "terminated": { "exitCode": 0, "signal": 9 } } }] }), "Signal:9")]
#[case::one_done_ready(json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }], "containerStatuses": [running("c0", true), ended("c1", 0, "Completed")] }), "Running")]
#[case::nothing_is_known(json!(null), "")]
fn words_of_the_whole(#[case] status: Value, #[case] word: &str) {
    assert_eq!(printed(&json!({}), &spec(1, 0), &status).0, word);
}

#[rstest]
#[case(json!({ "phase": "Running" }), "Terminating")]
#[case(json!({ "phase": "Running", "reason": "NodeLost" }), "Unknown")]
#[case(json!({ "phase": "Succeeded", "containerStatuses": [ended("c0", 0, "Completed")] }), "Completed")]
fn on_its_way_out(#[case] status: Value, #[case] word: &str) {
    let going = json!({ "deletionTimestamp": "2026-03-02T08:00:00Z" });
    assert_eq!(printed(&going, &spec(1, 0), &status).0, word);
}

#[test]
fn a_sidecar_counts_as_a_container() {
    let spec =
        json!({ "containers": [{ "name": "c0" }], "initContainers": [{ "name": "mesh", "restartPolicy": "Always" }] });
    let mesh = json!({ "name": "mesh", "ready": true, "started": true, "restartCount": 2, "state": { "running": {} } });
    let status = status("Running", &[mesh], &[running("c0", true)]);
    let printed = of(&pod(&json!({}), &spec, &status));
    assert_eq!((printed.ready, printed.containers, printed.restarts, &*printed.status), (2, 2, 2, "Running"));
}

#[test]
fn restarts_are_those_of_what_runs() {
    let last = |at: &str| json!({ "terminated": { "exitCode": 1, "finishedAt": at } });
    let status = json!({
        "phase": "Running",
        "initContainerStatuses": [{ "name": "i0", "restartCount": 4, "state": { "terminated": { "exitCode": 0 } } }],
        "containerStatuses": [
            { "name": "c0", "restartCount": 3, "ready": true, "state": { "running": {} }, "lastState": last("2026-03-02T08:10:00Z") },
            { "name": "c1", "restartCount": 1, "ready": true, "state": { "running": {} }, "lastState": last("2026-03-02T08:20:00Z") },
        ],
    });
    let printed = of(&pod(&json!({}), &spec(2, 1), &status));
    assert_eq!((printed.restarts, printed.restarted), (4, Some("2026-03-02T08:20:00Z".parse().unwrap())));
}

#[test]
fn while_it_initialises_its_own_restarts_count() {
    let failing = json!({ "name": "i0", "restartCount": 4, "state": { "waiting": { "reason": "CrashLoopBackOff" } } });
    assert_eq!(of(&pod(&json!({}), &spec(1, 1), &status("Pending", &[failing], &[]))).restarts, 4);
}
