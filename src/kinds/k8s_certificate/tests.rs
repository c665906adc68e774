use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;

fn ready(more: &Json) -> Json {
    let mut status = json!({ "conditions": [{ "type": "Ready", "status": "True", "reason": "Ready", "message": "Certificate is up to date" }] });
    for (key, value) in more.as_object().unwrap() {
        status[key] = value.clone();
    }
    status
}

#[rstest]
#[case(ready(&json!({ "notAfter": "2026-05-20T00:00:00Z", "renewalTime": "2026-04-20T00:00:00Z" })), Health::Ok, "")]
#[case(
    ready(&json!({ "notAfter": "2026-03-12T00:00:00Z", "renewalTime": "2026-03-01T00:00:00Z" })),
    Health::Degraded, "expires 2026-03-12, and it is not being renewed"
)]
#[case(ready(&json!({ "notAfter": "2026-03-12T00:00:00Z", "renewalTime": "2026-03-10T00:00:00Z" })), Health::Ok, "")]
#[case(
    ready(&json!({ "notAfter": "2026-03-12T00:00:00Z", "renewalTime": "2026-03-01T00:00:00Z", "lastFailureTime": "2026-03-02T08:00:00Z" })),
    Health::Degraded, "expires 2026-03-12, and the last try to renew it failed 08:00Z"
)]
#[case(ready(&json!({ "notAfter": "2026-03-01T00:00:00Z" })), Health::Failed, "expired since 2026-03-01")]
#[case(
    json!({ "conditions": [{ "type": "Ready", "status": "False", "reason": "DoesNotExist", "message": "Issuing certificate as Secret does not exist" },
        { "type": "Issuing", "status": "True", "reason": "DoesNotExist" }] }),
    Health::Progressing, "not ready: Issuing certificate as Secret does not exist"
)]
#[case(
    json!({ "lastFailureTime": "2026-03-02T08:00:00Z", "conditions": [
        { "type": "Ready", "status": "False", "reason": "Failed", "message": "The certificate request has failed to complete" }] }),
    Health::Failed, "not ready: The certificate request has failed to complete"
)]
#[case(json!({ "conditions": null }), Health::Unknown, "nothing has seen to it yet")]
fn a_certificate_is_as_cert_manager_says(#[case] status: Json, #[case] health: Health, #[case] reason: &str) {
    let status: CertificateStatus = serde_json::from_value(status).unwrap();
    let now = "2026-03-02T09:00:00Z".parse().unwrap();
    assert_eq!(verdict(&status, now), (health, reason.to_owned()));
}
