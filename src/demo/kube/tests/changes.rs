//! Changes: scales, rollouts, deletions, evictions, dry runs, and the watches that tell of them.

use std::time::Duration;

use futures_util::{Stream, StreamExt, TryStreamExt};
use kube::api::{
    DeleteParams, EvictParams, ListParams, Patch, PatchParams, Preconditions, PropagationPolicy, WatchEvent,
    WatchParams,
};
use serde_json::json;

use super::*;

const SPACE: &str = "terraform-enterprise";

fn scale(count: i64) -> Patch<Value> {
    Patch::Merge(json!({ "spec": { "replicas": count } }))
}

fn code(error: &kube::Error) -> (u16, String) {
    match error {
        kube::Error::Api(status) => (status.code, status.reason.clone()),
        other => panic!("{other:?}"),
    }
}

async fn next<T>(stream: &mut (impl Stream<Item = T> + Unpin)) -> T {
    tokio::time::timeout(Duration::from_secs(10), stream.next()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_watch_sees_a_scale_and_loses_nothing() {
    let rig = Rig::new(TFE);
    let pods = rig.api("pods", SPACE);
    let version = pods.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let mut watch = pods.watch(&WatchParams::default().labels("app=tfe-task-worker"), &version).await.unwrap().boxed();
    let changed =
        rig.api("deployments", SPACE).patch_scale("tfe-task-worker", &PatchParams::default(), &scale(5)).await.unwrap();
    assert_eq!(changed.spec.unwrap().replicas, Some(5));
    let mut new = std::collections::BTreeSet::new();
    let mut last = 0;
    while new.len() < 2 {
        rig.pass(2);
        if let WatchEvent::Added(pod) = next(&mut watch).await.unwrap() {
            let version: u64 = pod.metadata.resource_version.unwrap().parse().unwrap();
            assert!(version > last);
            last = version;
            new.insert(pod.metadata.name.unwrap());
        }
    }
    rig.pass(60);
    let rows = rig.table("/apis/apps/v1/namespaces/terraform-enterprise/deployments").await;
    assert_eq!(rows["tfe-task-worker"][1], "5/5");
    rig.api("deployments", SPACE).patch_scale("tfe-task-worker", &PatchParams::default(), &scale(2)).await.unwrap();
    rig.pass(60);
    let mut gone = 0;
    while gone < 3 {
        gone += usize::from(matches!(next(&mut watch).await.unwrap(), WatchEvent::Deleted(_)));
    }
    assert_eq!(pods.list(&ListParams::default().labels("app=tfe-task-worker")).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn a_watch_from_too_long_ago_is_gone_and_the_watcher_lists_anew() {
    let rig = Rig::new(TFE);
    let pods = rig.api("pods", SPACE);
    let mut watch = pods.watch(&WatchParams::default(), "5").await.unwrap().boxed();
    match next(&mut watch).await.unwrap() {
        WatchEvent::Error(status) => assert_eq!(status.code, 410),
        other => panic!("{other:?}"),
    }
    assert!(watch.try_next().await.unwrap().is_none());
    let stream = kube::runtime::watcher(pods, kube::runtime::watcher::Config::default().page_size(3));
    let mut stream = stream.boxed();
    let mut first = 0;
    loop {
        match next(&mut stream).await.unwrap() {
            kube::runtime::watcher::Event::InitApply(_) => first += 1,
            kube::runtime::watcher::Event::InitDone => break,
            _ => {}
        }
    }
    assert!(first >= 8, "{first}");
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_shows_what_would_be() {
    let rig = Rig::new(TFE);
    let before = rig.get("/apis/apps/v1/namespaces/terraform-enterprise/deployments", "").await;
    let dry = PatchParams { dry_run: true, ..PatchParams::default() };
    let deployments = rig.api("deployments", SPACE);
    let would = deployments.patch_scale("tfe-task-worker", &dry, &scale(9)).await.unwrap();
    assert_eq!(would.spec.unwrap().replicas, Some(9));
    let image = Patch::Strategic(
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": "tfe-task-worker", "image": "x:2" }] } } } }),
    );
    let would = deployments.patch("tfe-task-worker", &dry, &image).await.unwrap();
    assert_eq!(would.data["spec"]["template"]["spec"]["containers"][0]["image"], "x:2");
    assert_eq!(would.data["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"], "1");
    let gone = DeleteParams { dry_run: true, ..DeleteParams::default() };
    deployments.delete("tfe-task-worker", &gone).await.unwrap();
    rig.api("pods", SPACE).delete("terraform-enterprise-7f4b8c6d9-hx8wl", &gone).await.unwrap();
    let after = rig.get("/apis/apps/v1/namespaces/terraform-enterprise/deployments", "").await;
    assert_eq!(before["items"], after["items"]);
    assert!(rig.estate.changes().is_empty());
    let wrong = deployments.patch_scale("tfe-task-worker", &dry, &scale(-1)).await.unwrap_err();
    assert_eq!(code(&wrong), (422, "Invalid".to_owned()));
}

#[tokio::test]
async fn what_has_changed_meanwhile_is_left_alone() {
    let rig = Rig::new(TFE);
    let deployments = rig.api("deployments", SPACE);
    let seen = deployments.get("tfe-task-worker").await.unwrap();
    deployments.patch_scale("tfe-task-worker", &PatchParams::default(), &scale(4)).await.unwrap();
    let stale = Patch::Merge(
        json!({ "metadata": { "resourceVersion": seen.metadata.resource_version }, "spec": { "replicas": 1 } }),
    );
    assert_eq!(
        code(&deployments.patch("tfe-task-worker", &PatchParams::default(), &stale).await.unwrap_err()),
        (409, "Conflict".to_owned())
    );
    assert_eq!(
        code(&deployments.patch_scale("tfe-task-worker", &PatchParams::default(), &stale).await.unwrap_err()),
        (409, "Conflict".to_owned())
    );
    let other = DeleteParams {
        preconditions: Some(Preconditions { uid: Some("another".to_owned()), resource_version: None }),
        ..DeleteParams::default()
    };
    let pod = "terraform-enterprise-7f4b8c6d9-hx8wl";
    assert_eq!(code(&rig.api("pods", SPACE).delete(pod, &other).await.unwrap_err()), (409, "Conflict".to_owned()));
    assert_eq!(code(&rig.api("pods", SPACE).get("nobody").await.unwrap_err()), (404, "NotFound".to_owned()));
    let sent = rig.estate.changes();
    assert_eq!(sent[0].call.2, "patch deployments/scale");
    assert_eq!(sent[0].input["body"], json!({ "spec": { "replicas": 4 } }));
    assert_eq!(
        sent[0].input["path"],
        "/apis/apps/v1/namespaces/terraform-enterprise/deployments/tfe-task-worker/scale"
    );
}

#[tokio::test]
async fn a_restart_rolls_through_within_its_bounds() {
    let rig = Rig::new(TFE);
    let deployments = rig.api("deployments", SPACE);
    let restart = Patch::Strategic(
        json!({ "spec": { "template": { "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": "now" } } } } }),
    );
    deployments.patch("terraform-enterprise", &PatchParams::default(), &restart).await.unwrap();
    let (mut least, mut most) = (9, 0);
    for _ in 0..90 {
        rig.pass(1);
        let now = deployments.get("terraform-enterprise").await.unwrap().data["status"].clone();
        least = least.min(now["availableReplicas"].as_i64().unwrap_or(0));
        most = most.max(now["replicas"].as_i64().unwrap_or(0));
    }
    assert_eq!((least, most), (2, 3));
    let done = rig.one("deployments", SPACE, "terraform-enterprise").await;
    assert_eq!(done["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "4");
    assert_eq!(
        (&done["status"]["updatedReplicas"], &done["status"]["observedGeneration"]),
        (&json!(2), &done["metadata"]["generation"])
    );
    let search = rig.api("statefulsets", SPACE);
    search.patch("tfe-search", &PatchParams::default(), &restart).await.unwrap();
    let agents = rig.api("daemonsets", "kube-system");
    agents.patch("kube-proxy", &PatchParams::default(), &restart).await.unwrap();
    rig.pass(240);
    let set = rig.one("statefulsets", SPACE, "tfe-search").await;
    assert_eq!((&set["status"]["updatedReplicas"], &set["status"]["readyReplicas"]), (&json!(3), &json!(3)));
    assert_eq!(set["status"]["currentRevision"], set["status"]["updateRevision"]);
    let agents = rig.one("daemonsets", "kube-system", "kube-proxy").await;
    assert_eq!((&agents["status"]["updatedNumberScheduled"], &agents["status"]["numberReady"]), (&json!(5), &json!(5)));
    let revisions =
        rig.api("controllerrevisions", SPACE).list(&ListParams::default().labels("app=tfe-search")).await.unwrap();
    assert_eq!(revisions.items.len(), 2);
}

#[tokio::test]
async fn an_eviction_keeps_to_the_budget_and_a_drained_node_stays_empty() {
    let rig = Rig::new(TFE);
    let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(rig.client.clone(), SPACE);
    let refused = pods.evict("terraform-enterprise-7f4b8c6d9-hx8wl", &EvictParams::default()).await.unwrap_err();
    assert_eq!(code(&refused).0, 429);
    let before = rig.api("pods", SPACE).list(&ListParams::default().labels("app=tfe-task-worker")).await.unwrap().items;
    let worker = &before[0];
    let node = worker.data["spec"]["nodeName"].as_str().unwrap().to_owned();
    let cordon = Patch::Strategic(json!({ "spec": { "unschedulable": true } }));
    rig.api("nodes", "").patch(&node, &PatchParams::default(), &cordon).await.unwrap();
    let rows = rig.table("/api/v1/nodes").await;
    assert_eq!(rows[&node][1], "Ready,SchedulingDisabled");
    pods.evict(worker.metadata.name.as_deref().unwrap(), &EvictParams::default()).await.unwrap();
    rig.pass(30);
    let workers =
        rig.api("pods", SPACE).list(&ListParams::default().labels("app=tfe-task-worker")).await.unwrap().items;
    assert_eq!(workers.len(), 3);
    assert!(workers.iter().all(|it| it.metadata.name != worker.metadata.name));
    let was_there = |it: &&DynamicObject| before.iter().any(|old| old.metadata.name == it.metadata.name);
    let new: Vec<&DynamicObject> = workers.iter().filter(|it| !was_there(it)).collect();
    assert!(new.len() == 1 && new[0].data["spec"]["nodeName"] != node.as_str(), "{new:?}");
    let uncordon = Patch::Merge(json!({ "spec": { "unschedulable": null } }));
    let node = rig.api("nodes", "").patch(&node, &PatchParams::default(), &uncordon).await.unwrap();
    assert!(node.data["spec"].get("unschedulable").is_none());
}

#[tokio::test]
async fn what_is_deleted_takes_along_what_it_owns() {
    let rig = Rig::new(TFE);
    let foreground =
        DeleteParams { propagation_policy: Some(PropagationPolicy::Foreground), ..DeleteParams::default() };
    let left = rig.api("deployments", SPACE).delete("tfe-task-worker", &foreground).await.unwrap().left().unwrap();
    assert!(left.metadata.deletion_timestamp.is_some());
    assert_eq!(left.metadata.finalizers.unwrap(), ["foregroundDeletion"]);
    rig.pass(40);
    assert!(rig.api("deployments", SPACE).get_opt("tfe-task-worker").await.unwrap().is_none());
    let own = ListParams::default().labels("app=tfe-task-worker");
    assert!(rig.api("replicasets", SPACE).list(&own).await.unwrap().items.is_empty());
    assert!(rig.api("pods", SPACE).list(&own).await.unwrap().items.is_empty());
    let claim =
        rig.api("persistentvolumeclaims", SPACE).delete("data-tfe-search-0", &DeleteParams::default()).await.unwrap();
    assert!(claim.left().unwrap().metadata.deletion_timestamp.is_some(), "a pod uses it");
    let config = rig.api("configmaps", SPACE).get("terraform-enterprise-env-config").await.unwrap();
    rig.api("configmaps", SPACE).delete("terraform-enterprise-env-config", &DeleteParams::default()).await.unwrap();
    let mut again = DynamicObject::new(
        "terraform-enterprise-env-config",
        &ApiResource::erase::<k8s_openapi::api::core::v1::ConfigMap>(&()),
    );
    again.data = config.data;
    let made = rig.api("configmaps", SPACE).create(&kube::api::PostParams::default(), &again).await.unwrap();
    assert_ne!(made.metadata.uid, config.metadata.uid);
}

#[tokio::test]
async fn a_shell_is_refused_in_words() {
    let rig = Rig::new(TFE);
    let path = "/api/v1/namespaces/terraform-enterprise/pods/terraform-enterprise-7f4b8c6d9-hx8wl/exec?command=sh";
    let refused = rig.client.request::<Value>(http::Request::get(path).body(Vec::new()).unwrap()).await.unwrap_err();
    assert_eq!(code(&refused), (501, "NotImplemented".to_owned()));
    assert_eq!(rig.text("/readyz").await, "ok");
}
