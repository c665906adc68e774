use serde_json::{Value as Json, json};

use super::super::k8s::rig::{Stand, status};
use super::super::rig::{changes, precondition, undo, with_verdict};
use super::*;
use crate::model::{Sent, Verdict};

const APP: &str = "/apis/apps/v1/namespaces/x/deployments/app";
const HPAS: &str = "/apis/autoscaling/v2/namespaces/x/horizontalpodautoscalers";
const BUDGETS: &str = "/apis/policy/v1/namespaces/x/poddisruptionbudgets";
const FIELDS: [(&str, &str); 3] = [("namespace", "x"), ("kind", "deployment"), ("name", "app")];

fn app(replicas: i64) -> Json {
    json!({
        "metadata": { "name": "app", "namespace": "x", "uid": "u-1", "generation": 4, "resourceVersion": "7" },
        "spec": { "replicas": replicas, "template": { "metadata": { "labels": { "app": "app" } } } },
        "status": {
            "observedGeneration": 4, "replicas": replicas, "readyReplicas": replicas, "updatedReplicas": replicas,
            "availableReplicas": replicas,
        },
    })
}

async fn stand(replicas: i64) -> Stand {
    Stand::new(&[(APP, app(replicas)), (HPAS, json!({ "items": [] })), (BUDGETS, json!({ "items": [] }))]).await
}

async fn planned(stand: &Stand, replicas: &str) -> Plan {
    let fields: Vec<_> = FIELDS.into_iter().chain([("replicas", replicas)]).collect();
    stand.plan(&DEF, &fields).await.unwrap()
}

#[tokio::test]
async fn only_the_number_is_sent_and_it_is_followed() {
    let stand = stand(2).await;
    let plan = planned(&stand, "5").await;
    assert_eq!(&*plan.title, "scale deployment/app from 2 to 5 replicas");
    assert_eq!(changes(&plan), [["replicas", "2", "5"]]);
    assert_eq!((plan.risk, plan.number), (Risk::Medium, Some((2, 5))));
    assert_eq!(with_verdict(&plan, Verdict::Pass).len(), plan.preconditions.len(), "{:?}", plan.preconditions);
    assert_eq!(
        &*plan.command,
        "kubectl --context beta9 --namespace x scale deployment/app --current-replicas=2 --replicas=5"
    );
    assert_eq!((plan.target.identity.is_in_cluster(), &*plan.target.identity.arn), (true, "anna"));
    assert_eq!((undo(&plan).action, &*undo(&plan).fields["replicas"]), ("k8s-scale", "2"));
    assert_eq!(stand.server().tried, [plan.steps[0].input.clone()], "it was tried before");
    assert_eq!(stand.carry_out(&DEF, &plan).await, ["5 of 5 replicas are ready"]);
    let back = stand.ordered(&DEF, undo(&plan)).await.unwrap();
    assert_eq!(changes(&back), [["replicas", "5", "2"]]);
}

#[tokio::test]
async fn risks() {
    for (from, to, risk) in
        [(2, "3", Risk::Medium), (3, "2", Risk::High), (1, "0", Risk::Critical), (0, "1", Risk::Medium)]
    {
        let stand = stand(from).await;
        let plan = planned(&stand, to).await;
        assert_eq!(plan.risk, risk, "{from} → {to}");
        stand.carry_out(&DEF, &plan).await;
    }
}

#[tokio::test]
async fn what_owns_the_number_is_said() {
    let stand = stand(4).await;
    let hpa = json!({
        "metadata": { "name": "app-hpa" },
        "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "app" }, "minReplicas": 2, "maxReplicas": 6 },
    });
    let budget = json!({
        "metadata": { "name": "app-budget" },
        "spec": { "minAvailable": "75%", "selector": { "matchLabels": { "app": "app" } } },
    });
    stand.set(HPAS, "/items", json!([hpa]));
    stand.set(BUDGETS, "/items", json!([budget]));
    stand.set(APP, "/status/updatedReplicas", json!(1));
    let plan = planned(&stand, "2").await;
    let (verdict, words) = precondition(&plan, "set by hand, not by an autoscaler");
    assert_eq!(verdict, Verdict::Warn);
    assert_eq!(
        words,
        "the autoscaler app-hpa owns the number: it keeps it from 2 to 6, and may set another number at any time"
    );
    let (verdict, words) = precondition(&plan, "within the disruption budget");
    assert_eq!((verdict, words), (Verdict::Warn, "the budget app-budget wants 3 of 4 pods at least"));
    let (verdict, words) = precondition(&plan, "no rollout is under way");
    assert_eq!((verdict, words), (Verdict::Warn, "1 of 4 replicas are updated"));
}

#[tokio::test]
async fn what_one_may_not_do_is_said_before() {
    let stand = stand(2).await;
    stand.server().denied.insert("patch deployments/scale");
    let plan = planned(&stand, "3").await;
    let (verdict, words) = precondition(&plan, "allowed to patch deployments/scale");
    assert_eq!((verdict, words), (Verdict::Fail, "the permission to patch deployments/scale app in x is missing"));
}

#[tokio::test]
async fn what_admission_refuses_is_said_in_its_words() {
    let stand = stand(2).await;
    let refusal = status(403, "admission webhook \"limits\" denied the request: no more than 4");
    stand.server().instead.insert(format!("PATCH {APP}/scale"), refusal);
    let plan = planned(&stand, "5").await;
    let (verdict, words) = precondition(&plan, "accepted in a dry run");
    assert_eq!(verdict, Verdict::Fail);
    assert!(words.contains("no more than 4"), "{words}");
    assert!(stand.server().done.is_empty());
}

#[tokio::test]
async fn a_target_that_moves_is_seen_and_refused() {
    let stand = stand(2).await;
    let plan = planned(&stand, "3").await;
    // Pods come and go: nothing that the plan stands on.
    stand.set(APP, "/status/readyReplicas", json!(1));
    stand.set(APP, "/metadata/resourceVersion", json!("8"));
    assert_eq!(stand.look(&DEF, &plan, 0).await, []);
    stand.set(APP, "/spec/replicas", json!(4));
    assert_eq!(stand.look(&DEF, &plan, 0).await.len(), 1);
    let sent = stand.send(&DEF, &plan, 0).await;
    assert!(matches!(&sent, Sent::Refused(fault) if fault.summary.contains("not as the plan saw it")), "{sent:?}");
    stand.set(APP, "/spec/replicas", json!(2));
    stand.set(APP, "/metadata/uid", json!("u-2"));
    assert!(matches!(stand.send(&DEF, &plan, 0).await, Sent::Refused(_)));
}

#[tokio::test]
async fn a_rollout_that_is_stuck_says_why() {
    let stand = stand(2).await;
    let plan = planned(&stand, "3").await;
    assert!(matches!(stand.send(&DEF, &plan, 0).await, Sent::Accepted { .. }));
    stand.set(APP, "/status", json!({
        "observedGeneration": 5, "replicas": 3, "readyReplicas": 2,
        "conditions": [{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out" }],
    }));
    stand.set(APP, "/spec", json!({ "replicas": 3, "selector": { "matchLabels": { "app": "app" } } }));
    let pod = json!({ "status": { "containerStatuses": [{
        "name": "app",
        "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "reason": "OOMKilled", "exitCode": 137 } },
    }] } });
    stand.server().objects.insert("/api/v1/namespaces/x/pods".to_owned(), json!({ "items": [pod] }));
    let (followed, _) = stand.follow(&DEF, &plan, 0).await;
    let words = "2 of 3 replicas are ready (ProgressDeadlineExceeded): timed out: \
                 app CrashLoopBackOff (last: OOMKilled, exit code 137)";
    assert_eq!(followed, Followed::Failed(words.into()));
    stand.set(APP, "/spec/replicas", json!(9));
    assert!(
        matches!(stand.follow(&DEF, &plan, 0).await.0, Followed::Failed(words) if words.starts_with("9 replicas are wanted now"))
    );
}
