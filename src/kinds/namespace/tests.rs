use serde_json::{Value as Json, json};

use super::*;

fn namespace(meta: &Json, status: &Json) -> Namespace {
    serde_json::from_value(json!({ "metadata": meta, "status": status })).unwrap()
}

fn quota(namespace: &str, hard: &Json, used: &Json) -> Arc<Quota> {
    let quota =
        json!({ "metadata": { "name": "limits", "namespace": namespace }, "status": { "hard": hard, "used": used } });
    Arc::new(serde_json::from_value(quota).unwrap())
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

#[test]
fn the_fullest_quota_comes_first_and_a_full_one_is_told() {
    let quotas = [
        quota(
            "shop",
            &json!({ "pods": "10", "requests.cpu": "4", "count/secrets": "0" }),
            &json!({ "pods": "5", "requests.cpu": "4000m" }),
        ),
        quota("other", &json!({ "pods": "1" }), &json!({ "pods": "1" })),
        quota("shop", &json!(null), &json!(null)),
    ];
    let bounds = bounds(&quotas, Some("shop"));
    let told: Vec<_> = bounds.iter().map(|bound| (bound.resource, bound.percent)).collect();
    assert_eq!(told, [("requests.cpu", Some(100.0)), ("pods", Some(50.0)), ("count/secrets", None)]);
    let active = namespace(&json!({ "name": "shop" }), &json!({ "phase": "Active", "conditions": null }));
    assert_eq!(verdict(&active, &bounds, now()), (Health::Ok, "quota used up: requests.cpu 4000m/4".to_owned()));
    assert_eq!(verdict(&active, &[], now()), fine());
}

#[test]
fn one_that_does_not_go_says_why() {
    let status = json!({ "phase": "Terminating", "conditions": [
        { "type": "NamespaceDeletionContentFailure", "status": "False", "message": "All content successfully deleted" },
        { "type": "NamespaceFinalizersRemaining", "status": "True", "reason": "SomeFinalizersRemain",
            "message": "Some content in the namespace has finalizers remaining: example.com/hook in 1 resource instances" }] });
    let going =
        |since: &str| verdict(&namespace(&json!({ "name": "shop", "deletionTimestamp": since }), &status), &[], now());
    let (health, reason) = going("2026-03-02T08:00:00Z");
    assert_eq!(health, Health::Degraded);
    assert!(reason.starts_with("being deleted since 08:00Z: Some content in the namespace has finalizers"), "{reason}");
    assert_eq!(going("2026-03-02T08:58:00Z").0, Health::Progressing);
}
