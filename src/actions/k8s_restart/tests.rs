use super::super::k8s::rig::Stand;
use super::super::rig::precondition;
use super::*;
use crate::model::{Sent, Verdict};

const APP: &str = "/apis/apps/v1/namespaces/x/deployments/app";
const FIELDS: [(&str, &str); 3] = [("namespace", "x"), ("kind", "deployment"), ("name", "app")];

fn app(template: &Json, paused: bool) -> Json {
    json!({
        "metadata": { "name": "app", "namespace": "x", "uid": "u-1", "generation": 4 },
        "spec": { "replicas": 2, "paused": paused, "template": template },
        "status": {
            "observedGeneration": 4, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
        },
    })
}

#[tokio::test]
async fn the_time_is_written_into_the_template() {
    for template in [json!({ "metadata": {} }), json!({ "metadata": { "annotations": { "a": "b" } } })] {
        let stand = Stand::new(&[(APP, app(&template, false))]).await;
        let plan = stand.plan(&DEF, &FIELDS).await.unwrap();
        assert_eq!(&*plan.command, "kubectl --context beta9 --namespace x rollout restart deployment/app");
        assert_eq!(plan.risk, Risk::Medium);
        let words = stand.carry_out(&DEF, &plan).await;
        assert_eq!(words, ["2 of 2 replicas are updated and available"]);
        let now = stand.server().objects[APP].clone();
        let annotations = now.pointer("/spec/template/metadata/annotations").unwrap();
        assert!(annotations[RESTARTED].is_string(), "{annotations}");
        assert_eq!(annotations.get("a"), template.pointer("/metadata/annotations/a"), "what was there stays");
    }
}

#[tokio::test]
async fn a_paused_deployment_is_refused() {
    let stand = Stand::new(&[(APP, app(&json!({ "metadata": {} }), true))]).await;
    let plan = stand.plan(&DEF, &FIELDS).await.unwrap();
    assert_eq!(precondition(&plan, "not paused").0, Verdict::Fail);
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_restarted() {
    let stand = Stand::new(&[(APP, app(&json!({ "metadata": {} }), false))]).await;
    let plan = stand.plan(&DEF, &FIELDS).await.unwrap();
    stand.set(APP, "/metadata/generation", json!(5));
    assert_eq!(stand.look(&DEF, &plan, 0).await.len(), 1);
    assert!(matches!(stand.send(&DEF, &plan, 0).await, Sent::Refused(_)));
}
