use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;

fn hpa(metrics: &Json, status: &Json) -> Hpa {
    serde_json::from_value(json!({
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" },
            "minReplicas": 2, "maxReplicas": 10, "metrics": metrics },
        "status": status,
    }))
    .unwrap()
}

#[test]
fn metrics_are_printed_as_kubectl_prints_them() {
    let wanted = json!([
        { "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 } } },
        { "type": "Resource", "resource": { "name": "memory", "target": { "type": "AverageValue", "averageValue": "200Mi" } } },
        { "type": "Pods", "pods": { "metric": { "name": "rps" }, "target": { "type": "AverageValue", "averageValue": "1k" } } },
        { "type": "External", "external": { "metric": { "name": "queue" }, "target": { "type": "AverageValue", "averageValue": "30" } } },
        { "type": "Object", "object": { "metric": { "name": "hits" }, "target": { "type": "Value", "value": "10" } } },
    ]);
    let now = json!({ "currentMetrics": [
        { "type": "Resource", "resource": { "name": "cpu", "current": { "averageUtilization": 45, "averageValue": "90m" } } },
        { "type": "External", "external": { "metric": { "name": "queue" }, "current": { "averageValue": "12" } } },
        { "type": "Pods", "pods": { "metric": { "name": "rps" }, "current": { "averageValue": "317m" } } },
        { "type": "", "resource": null },
    ] });
    assert_eq!(
        metrics::words(&hpa(&wanted, &now)),
        "cpu: 45%/80%, memory: <unknown>/200Mi, 317m/1k, 12/30 (avg), <unknown>/10"
    );
}

#[test]
fn replicas_that_nothing_was_computed_for_stay_as_they_are() {
    let wanted = |least: i64, present: i64, desired: i64| {
        let status = json!({ "currentReplicas": present, "desiredReplicas": desired });
        let mut hpa = hpa(&json!(null), &status);
        hpa.spec.min_replicas = Some(least);
        wanted(&hpa)
    };
    assert_eq!([wanted(2, 3, 0), wanted(2, 3, 5), wanted(0, 3, 0), wanted(2, 0, 0)], [3, 5, 0, 0]);
}

#[rstest]
#[case(json!([{ "type": "AbleToScale", "status": "True" }, { "type": "ScalingActive", "status": "True" }, { "type": "ScalingLimited", "status": "False" }]), (3, 3), Health::Ok, "")]
#[case(json!([{ "type": "ScalingLimited", "status": "True", "reason": "TooFewReplicas", "message": "…" }]), (2, 2), Health::Ok, "at its least replicas")]
#[case(
    json!([{ "type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas",
        "message": "the desired replica count is more than the maximum replica count" }]),
    (10, 10), Health::Degraded, "too many replicas: the desired replica count is more than the maximum replica count"
)]
#[case(
    json!([{ "type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric",
        "message": "the HPA was unable to compute the replica count: failed to get cpu utilization" }]),
    (2, 0), Health::Degraded,
    "failed get resource metric: the HPA was unable to compute the replica count: failed to get cpu utilization"
)]
#[case(json!([{ "type": "ScalingActive", "status": "False", "reason": "ScalingDisabled" }]), (0, 0), Health::Ok, "switched off: its target is scaled to zero")]
#[case(json!([{ "type": "ScalingActive", "status": "True" }]), (2, 5), Health::Progressing, "scaling from 2 to 5")]
#[case(json!(null), (0, 0), Health::Unknown, "nothing has seen to it yet")]
fn conditions_tell_what_keeps_one_from_scaling(
    #[case] conditions: Json,
    #[case] replicas: (i64, i64),
    #[case] health: Health,
    #[case] reason: &str,
) {
    let status = json!({ "currentReplicas": replicas.0, "desiredReplicas": replicas.1, "conditions": conditions });
    assert_eq!(verdict(&hpa(&json!(null), &status)), (health, reason.to_owned()));
}
