use super::super::k8s::rig::Stand;
use super::super::rig::precondition;
use super::*;
use crate::model::{Sent, Verdict};

const POD_PATH: &str = "/api/v1/namespaces/x/pods/app-1";
const SECRET: &str = "/api/v1/namespaces/x/secrets/db";
const PODS: &str = "/api/v1/namespaces/x/pods";

fn pod() -> Json {
    json!({
        "metadata": {
            "name": "app-1", "namespace": "x", "uid": "u-1", "resourceVersion": "7",
            "ownerReferences": [{ "kind": "ReplicaSet", "name": "app-7d9", "controller": true }],
        },
        "spec": { "containers": [{ "name": "app", "env": [{ "valueFrom": { "secretKeyRef": { "name": "db" } } }] }] },
        "status": { "phase": "Running" },
    })
}

#[tokio::test]
async fn a_pod_comes_back() {
    let stand = Stand::new(&[(POD_PATH, pod())]).await;
    let fields = [("namespace", "x"), ("kind", "pod"), ("name", "app-1"), ("grace", "0")];
    let plan = stand.plan(&DEF, &fields).await.unwrap();
    assert_eq!(plan.risk, Risk::Medium);
    assert_eq!(
        precondition(&plan, "does not come back"),
        (Verdict::Warn, "comes back, since ReplicaSet app-7d9 owns it")
    );
    assert_eq!(precondition(&plan, "given time to end").0, Verdict::Warn);
    assert_eq!(&*plan.command, "kubectl --context beta9 --namespace x delete pod/app-1 --grace-period=0");
    assert_eq!(
        stand.server().tried[0]["body"]["dryRun"],
        json!(["All"]),
        "of a deletion the body says that it is tried"
    );
    let body = &plan.steps[0].input["body"];
    assert_eq!(body["preconditions"], json!({ "uid": "u-1" }), "its status moves by itself");
    assert_eq!(body.get("dryRun"), None);
    assert_eq!(stand.carry_out(&DEF, &plan).await, ["it is gone"]);
}

#[tokio::test]
async fn a_secret_that_is_used_and_kept() {
    let secret = json!({
        "metadata": { "name": "db", "namespace": "x", "uid": "u-2", "resourceVersion": "9", "finalizers": ["a/b"] },
        "data": { "password": "aHVudGVyMg==" },
    });
    let stand = Stand::new(&[(SECRET, secret), (PODS, json!({ "items": [pod()] }))]).await;
    let plan = stand.plan(&DEF, &[("namespace", "x"), ("kind", "secret"), ("name", "db")]).await.unwrap();
    assert_eq!(plan.risk, Risk::Critical);
    assert_eq!(plan.steps[0].operation, OTHER);
    assert_eq!(precondition(&plan, "no pod uses it"), (Verdict::Warn, "app-1 use it"));
    assert_eq!(precondition(&plan, "goes at once"), (Verdict::Warn, "it stays until its finalizers are done: a/b"));
    assert_eq!(plan.steps[0].input["body"]["preconditions"], json!({ "uid": "u-2", "resourceVersion": "9" }));
    assert!(!format!("{plan:?}").contains("aHVudGVyMg"), "its values are in no plan");
    stand.set(SECRET, "/metadata/resourceVersion", json!("10"));
    assert_eq!(stand.look(&DEF, &plan, 0).await.len(), 1);
    assert!(matches!(stand.send(&DEF, &plan, 0).await, Sent::Accepted { .. }));
}

#[tokio::test]
async fn a_namespace_is_refused() {
    let path = "/api/v1/namespaces/x";
    let stand = Stand::new(&[(path, json!({ "metadata": { "name": "x", "uid": "u-3" }, "status": {} }))]).await;
    let plan = stand.plan(&DEF, &[("kind", "namespace"), ("name", "x")]).await.unwrap();
    assert_eq!((precondition(&plan, "no namespace").0, plan.risk), (Verdict::Fail, Risk::Critical));
}

#[tokio::test]
async fn it_is_gone_when_another_one_has_its_name() {
    let stand = Stand::new(&[(POD_PATH, pod())]).await;
    let plan = stand.plan(&DEF, &[("namespace", "x"), ("kind", "pod"), ("name", "app-1")]).await.unwrap();
    stand.set(POD_PATH, "/metadata/uid", json!("u-9"));
    let (followed, _) = stand.follow(&DEF, &plan, 0).await;
    assert_eq!(followed, Followed::Verified("it is gone; another one of its name has taken its place".into()));
    assert_eq!(stand.look(&DEF, &plan, 0).await.len(), 1);
}
