use super::super::k8s::rig::{Stand, status};
use super::super::rig::{Rig, precondition};
use super::*;
use crate::guard::{Denial, Effects, Rule, Selects};
use crate::model::{Order, Sent, Verdict};

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

#[tokio::test]
async fn only_the_server_s_own_no_to_it_forbids_it() {
    let stand = Stand::new(&[(POD_PATH, pod())]).await;
    let unsupported = "admission webhook \"audit.example.com\" does not support dry run";
    for (code, message, verdict) in [
        (429, "too many requests, please try again later", Verdict::Unknown),
        (400, unsupported, Verdict::Unknown),
        (503, "the server is shutting down", Verdict::Unknown),
        (400, "gracePeriodSeconds is no number", Verdict::Fail),
        (403, "admission webhook \"limits\" denied the request", Verdict::Fail),
    ] {
        stand.server().instead.insert(format!("DELETE {POD_PATH}"), status(code, message));
        let plan = stand.plan(&DEF, &[("namespace", "x"), ("kind", "pod"), ("name", "app-1")]).await.unwrap();
        let (found, words) = precondition(&plan, "accepted in a dry run");
        assert_eq!(found, verdict, "{code} {words}");
        assert!(words.contains(message), "{words}");
    }
}

/// A list of pods of which there is more.
fn part(pods: &[Json], more: &str) -> Json {
    json!({ "metadata": { "continue": more }, "items": pods })
}

#[tokio::test]
async fn every_page_of_the_pods_is_looked_through() {
    let secret = json!({ "metadata": { "name": "db", "namespace": "x", "uid": "u-2", "resourceVersion": "9" } });
    let other = json!({ "metadata": { "name": "other" }, "spec": { "containers": [] } });
    let fields = [("namespace", "x"), ("kind", "secret"), ("name", "db")];
    let last = json!({ "metadata": { "continue": "" }, "items": [pod()] });
    let next = format!("{PODS}?limit=1000&continue=page+2");
    let stand = Stand::new(&[(SECRET, secret), (PODS, part(&[other], "page 2")), (&next, last)]).await;
    let plan = stand.plan(&DEF, &fields).await.unwrap();
    assert_eq!(precondition(&plan, "no pod uses it"), (Verdict::Warn, "app-1 use it"));
    // A list without an end.
    stand.server().objects.remove(&next);
    stand.server().asked.clear();
    let plan = stand.plan(&DEF, &fields).await.unwrap();
    let words = "could not be told: none of 5 pods names it, and there are more";
    assert_eq!(precondition(&plan, "no pod uses it"), (Verdict::Unknown, words));
    assert_eq!(stand.server().asked.iter().filter(|path| *path == PODS).count(), PAGES);
}

#[tokio::test]
async fn a_policy_finds_it_however_it_is_come_to() {
    let rig = Rig::new();
    let row = rig.rows("beta9-prod", "k8s-secret").await.swap_remove(0);
    let name = &*row.id.id;
    let of = |id: String| Arc::new(ResourceId { kind: k8s::ANY, id: id.into(), ..(*row.id).clone() });
    let namespace = row.id.scope.namespace.as_deref().unwrap();
    let fields = [("type", "secrets"), ("namespace", namespace), ("name", name)].map(|(f, v)| (f, v.to_owned()));
    let located = (DEF.locate)(&*rig.acting("beta9-prod").await, &fields.into()).await.unwrap();
    assert_eq!(located, row.id);
    let folder = tempfile::TempDir::new().unwrap();
    let selects = [
        Selects { kind: vec!["k8s-secret".to_owned()], action: vec![ID.to_owned()], ..Selects::default() },
        Selects { resource: vec![name.to_owned()], ..Selects::default() },
    ];
    for target in [of(format!("secrets/{name}")), of(format!("secret/{name}")), located] {
        let order = Order { action: ID, target, fields: Fields::new() };
        let plan = rig.ordered(&order).await.unwrap();
        assert_eq!((&plan.target.id, &*plan.target.name), (&row.id, name));
        for selects in &selects {
            let effects = Effects { deny: true, ..Effects::default() };
            let rule = Rule { name: "kept".into(), selects: selects.clone(), when: None, effects };
            let judgement = rig.judged(vec![rule], folder.path(), &order).await;
            assert!(matches!(judgement.denial, Some(Denial::Policy { .. })), "{order:?}: {judgement:?}");
        }
    }
}
