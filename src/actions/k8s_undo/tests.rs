use serde_json::Value as Json;

use super::super::k8s::rig::Stand;
use super::super::rig::{changes, precondition, undo};
use super::*;
use crate::model::Verdict;

const APP: &str = "/apis/apps/v1/namespaces/x/deployments/app";
const SETS: &str = "/apis/apps/v1/namespaces/x/replicasets";
const AGENT: &str = "/apis/apps/v1/namespaces/x/daemonsets/agent";
const HISTORY: &str = "/apis/apps/v1/namespaces/x/controllerrevisions";
const FIELDS: [(&str, &str); 3] = [("namespace", "x"), ("kind", "deployment"), ("name", "app")];

fn template(image: &str, hash: Option<&str>) -> Json {
    let mut labels = json!({ "app": "app" });
    if let Some(hash) = hash {
        labels["pod-template-hash"] = hash.into();
    }
    json!({ "metadata": { "labels": labels }, "spec": { "containers": [{ "name": "app", "image": image }] } })
}

fn set(revision: &str, image: &str, owner: &str) -> Json {
    json!({
        "metadata": {
            "name": format!("app-{revision}"),
            "annotations": { "deployment.kubernetes.io/revision": revision },
            "creationTimestamp": "2026-03-01T10:00:00Z",
            "ownerReferences": [{ "kind": "Deployment", "name": owner, "controller": true }],
        },
        "spec": { "template": template(image, Some(revision)) },
    })
}

async fn stand() -> Stand {
    let app = json!({
        "metadata": {
            "name": "app", "namespace": "x", "uid": "u-1", "generation": 4,
            "annotations": { "deployment.kubernetes.io/revision": "12" },
        },
        "spec": { "replicas": 2, "template": template("api:12", None) },
        "status": { "observedGeneration": 4 },
    });
    let sets = json!({ "items": [
        set("10", "api:10", "app"), set("12", "api:12", "app"), set("11", "api:11", "app"), set("3", "web:3", "web"),
    ] });
    Stand::new(&[(APP, app), (SETS, sets)]).await
}

#[tokio::test]
async fn revisions_to_choose_from() {
    let stand = stand().await;
    let id = stand.plan(&DEF, &FIELDS).await.unwrap().order.target;
    let found = (DEF.choices)(&stand.acting, &id, "revision").await.unwrap();
    let values: Vec<&str> = found.iter().map(|choice| &*choice.value).collect();
    assert_eq!(values, ["12", "11", "10"]);
    assert_eq!(&*found[0].words, "set now, api:12, made 2026-03-01T10:00:00Z");
    assert_eq!(found[0].difference, [] as [Arc<str>; 0]);
    assert_eq!(found[1].difference, ["containers.app.image: api:12 → api:11".into()]);
}

#[tokio::test]
async fn back_to_the_one_before_and_forth_again() {
    let stand = stand().await;
    let plan = stand.plan(&DEF, &FIELDS).await.unwrap();
    assert_eq!(changes(&plan), [["revision", "12", "11"], ["images", "api:12", "api:11"]]);
    assert_eq!(plan.affects, ["containers.app.image: api:12 → api:11".into()]);
    assert_eq!(&*plan.command, "kubectl --context beta9 --namespace x rollout undo deployment/app --to-revision=11");
    assert_eq!(&*undo(&plan).fields["revision"], "12");
    stand.carry_out(&DEF, &plan).await;
    let now = stand.server().objects[APP].pointer("/spec/template").cloned();
    assert_eq!(now, Some(template("api:11", None)), "without the hash of its replica set");
}

#[tokio::test]
async fn a_revision_that_is_not_there_or_set_now() {
    let stand = stand().await;
    let with = |revision: &'static str| FIELDS.into_iter().chain([("revision", revision)]).collect::<Vec<_>>();
    let fault = stand.plan(&DEF, &with("7")).await.unwrap_err();
    assert_eq!(fault.summary, "there is no revision 7: there are 12, 11, 10");
    let plan = stand.plan(&DEF, &with("12")).await.unwrap();
    assert_eq!(precondition(&plan, "something changes").0, Verdict::Fail);
    stand.server().objects.get_mut(APP).unwrap()["spec"]["paused"] = true.into();
    let plan = stand.plan(&DEF, &with("10")).await.unwrap();
    assert_eq!(precondition(&plan, "not paused").0, Verdict::Fail);
}

#[tokio::test]
async fn of_a_daemon_set_by_its_history() {
    let revision = |number: i64, image: &str| {
        let mut template = template(image, None);
        template["$patch"] = "replace".into();
        json!({
            "metadata": { "ownerReferences": [{ "kind": "DaemonSet", "name": "agent", "controller": true }] },
            "revision": number,
            "data": { "spec": { "template": template } },
        })
    };
    let agent = json!({
        "metadata": { "name": "agent", "namespace": "x", "uid": "u-2", "generation": 2 },
        "spec": { "template": template("agent:2", None) },
        "status": { "observedGeneration": 2 },
    });
    let history = json!({ "items": [revision(1, "agent:1"), revision(2, "agent:2")] });
    let stand = Stand::new(&[(AGENT, agent), (HISTORY, history)]).await;
    let fields = [("namespace", "x"), ("kind", "daemonset"), ("name", "agent")];
    let plan = stand.plan(&DEF, &fields).await.unwrap();
    assert_eq!(changes(&plan), [["revision", "2", "1"], ["images", "agent:2", "agent:1"]]);
    stand.carry_out(&DEF, &plan).await;
    assert_eq!(stand.server().objects[AGENT].pointer("/spec/template"), Some(&template("agent:1", None)));
}
