use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;

fn cronjob(suspended: bool, active: &Json) -> CronJob {
    serde_json::from_value(json!({
        "metadata": { "name": "nightly", "uid": "c" },
        "spec": { "schedule": "0 3 * * *", "suspend": suspended },
        "status": { "active": active, "lastScheduleTime": "2026-03-02T03:00:00Z" },
    }))
    .unwrap()
}

fn failed() -> Job {
    serde_json::from_value(json!({ "metadata": { "name": "nightly-1" }, "status": { "conditions": [
        { "type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "Job was active longer than specified deadline" },
    ] } }))
    .unwrap()
}

#[rstest]
#[case(false, json!(null), None, Health::Ok, "", None)]
#[case(false, json!([{ "name": "nightly-1" }]), None, Health::Progressing, "runs", None)]
#[case(true, json!(null), None, Health::Ok, "suspended", None)]
#[case(
    false, json!([]), Some(failed()), Health::Failed, "its last run failed: Job was active longer than specified deadline", Some("job/nightly-1")
)]
#[case(
    true, json!([]), Some(failed()), Health::Ok, "suspended; its last run failed: Job was active longer than specified deadline", None
)]
fn as_its_newest_run_went(
    #[case] suspended: bool,
    #[case] active: Json,
    #[case] last: Option<Job>,
    #[case] health: Health,
    #[case] reason: &str,
    #[case] evidence: Option<&str>,
) {
    let judged = judge(&cronjob(suspended, &active), last.as_ref());
    assert_eq!((judged.verdict, judged.evidence.as_deref()), ((health, reason.to_owned()), evidence));
}
