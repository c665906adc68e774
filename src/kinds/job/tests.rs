use std::sync::Arc as Shared;

use rstest::rstest;
use serde_json::{Value as Json, json};

use super::super::k8s::warnings::Warnings;
use super::*;

const NOW: &str = "2026-03-02T09:00:00Z";

fn job(spec: &Json, status: &Json) -> Job {
    serde_json::from_value(json!({ "metadata": { "name": "import", "uid": "j" }, "spec": spec, "status": status }))
        .unwrap()
}

fn condition(about: &str, reason: &str, message: &str) -> Json {
    json!([{ "type": about, "status": "True", "reason": reason, "message": message, "lastTransitionTime": "2026-03-02T08:10:00Z" }])
}

#[rstest]
#[case(json!({}), "Running")]
#[case(json!({ "conditions": condition("Complete", "", "") }), "Complete")]
#[case(json!({ "conditions": condition("Failed", "", "") }), "Failed")]
#[case(json!({ "conditions": condition("Suspended", "", "") }), "Suspended")]
#[case(json!({ "conditions": condition("FailureTarget", "", "") }), "FailureTarget")]
#[case(json!({ "conditions": [{ "type": "Failed", "status": "False" }] }), "Running")]
fn statuses(#[case] status: Json, #[case] word: &str) {
    assert_eq!(status_word(&job(&json!({}), &status)), word);
}

#[rstest]
#[case(json!({ "completions": 3 }), 1, "1/3")]
#[case(json!({ "parallelism": 2 }), 0, "0/1 of 2")]
#[case(json!({}), 1, "1/1")]
fn completed_of_wanted(#[case] spec: Json, #[case] succeeded: i64, #[case] words: &str) {
    assert_eq!(completions(&job(&spec, &json!({ "succeeded": succeeded }))), words);
}

#[test]
fn how_long_it_took() {
    let now = NOW.parse().unwrap();
    let begun = json!("2026-03-02T08:00:00Z");
    let took = |status: Json| seconds(&job(&json!({}), &status), now);
    assert_eq!(took(json!({ "startTime": begun, "completionTime": "2026-03-02T08:05:00Z" })), Some(300));
    assert_eq!(took(json!({ "startTime": begun, "conditions": condition("Failed", "", "") })), Some(600));
    assert_eq!(took(json!({ "startTime": begun })), Some(3_600));
    assert_eq!(took(json!({})), None);
}

fn failed_pod(name: &str, at: &str, code: i64) -> Shared<Pod> {
    let pod: Pod = serde_json::from_value(json!({
        "metadata": { "name": name, "creationTimestamp": at, "ownerReferences": [
            { "apiVersion": "batch/v1", "kind": "Job", "name": "import", "uid": "j", "controller": true } ] },
        "status": { "phase": "Failed", "containerStatuses": [
            { "name": "import", "state": { "terminated": { "exitCode": code, "reason": "Error" } } } ] },
    }))
    .unwrap();
    Shared::new(pod)
}

#[rstest]
#[case(json!({ "conditions": condition("Complete", "", "") }), Health::Ok, "completed", None)]
#[case(
    json!({ "failed": 2, "conditions": condition("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit") }),
    Health::Failed, "failed: Job has reached the specified backoff limit; import exited with 4", Some("pod/b")
)]
#[case(json!({ "active": 1, "failed": 2 }), Health::Degraded, "0/1 done, 2 pods failed; import exited with 4", Some("pod/b"))]
fn why_it_failed_its_newest_pod_says(
    #[case] status: Json,
    #[case] health: Health,
    #[case] reason: &str,
    #[case] evidence: Option<&str>,
) {
    let pods = vec![failed_pod("b", "2026-03-02T08:05:00Z", 4), failed_pod("a", "2026-03-02T08:00:00Z", 3)];
    let findings = Findings::at(pods, Warnings::default(), NOW.parse().unwrap());
    let pods: Vec<_> = findings.of_owner(Some("j")).collect();
    let judged = judge(&job(&json!({}), &status), &pods);
    assert_eq!((judged.verdict, judged.evidence.as_deref()), ((health, reason.to_owned()), evidence));
}

#[test]
fn without_pods() {
    let judged = |spec: &Json, status: &Json| judge(&job(spec, status), &[]).verdict;
    assert_eq!(judged(&json!({ "suspend": true }), &json!({})), (Health::Ok, "suspended".to_owned()));
    assert_eq!(judged(&json!({}), &json!({ "active": 1 })), (Health::Progressing, "runs, 0/1 done".to_owned()));
    assert_eq!(judged(&json!({}), &json!({})), (Health::Progressing, "no pod of it runs yet".to_owned()));
}
