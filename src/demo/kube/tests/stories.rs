//! What is wrong in the clusters, and that it stays so, and that it can be put right.

use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;

use super::*;

/// The worker that fails again and again.
pub(super) async fn failing(rig: &Rig) -> String {
    let rows = rig.table("/api/v1/namespaces/beta9-provisioning/pods?labelSelector=app%3Dprovisioning-worker").await;
    let sick: Vec<&String> =
        rows.iter().filter(|(_, cells)| cells[3].parse::<i64>().unwrap() > 5).map(|(name, _)| name).collect();
    assert_eq!(sick.len(), 1, "{rows:?}");
    sick[0].clone()
}

#[tokio::test]
async fn a_worker_crashes_again_and_again_and_says_why() {
    let rig = Rig::new(BETA9);
    let name = failing(&rig).await;
    let pod = rig.one("pods", PROVISIONING, &name).await;
    let last = &pod["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!((&last["exitCode"], &last["reason"]), (&json!(1), &json!("Error")));
    let mut waits = false;
    for _ in 0..40 {
        rig.pass(10);
        let pod = rig.one("pods", PROVISIONING, &name).await;
        waits |= pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff";
    }
    assert!(waits);
    let about = ListParams::default().fields(&format!("involvedObject.name={name},reason=BackOff"));
    let events = rig.api("events", PROVISIONING).list(&about).await.unwrap().items;
    assert!(events.iter().any(|it| it.data["count"].as_i64().unwrap() > 3));
    rig.api("pods", PROVISIONING).delete(&name, &kube::api::DeleteParams::default()).await.unwrap();
    rig.pass(900);
    assert_eq!(
        rig.table("/api/v1/namespaces/beta9-provisioning/pods?labelSelector=app%3Dprovisioning-worker").await.len(),
        3
    );
    failing(&rig).await;
}

#[tokio::test]
async fn the_api_is_stuck_in_its_rollout_until_it_is_undone() {
    let rig = Rig::new(BETA9);
    let deployment = rig.one("deployments", PROVISIONING, "provisioning-api").await;
    let progressing =
        deployment["status"]["conditions"].as_array().unwrap().iter().find(|it| it["type"] == "Progressing").unwrap();
    assert_eq!((&progressing["status"], &progressing["reason"]), (&json!("False"), &json!("ProgressDeadlineExceeded")));
    assert_eq!(deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "5");
    let rows = rig.table("/api/v1/namespaces/beta9-provisioning/pods?labelSelector=app%3Dprovisioning-api").await;
    assert!(rows.values().any(|cells| cells[2] == "ImagePullBackOff" || cells[2] == "ErrImagePull"), "{rows:?}");
    let sets =
        rig.api("replicasets", PROVISIONING).list(&ListParams::default().labels("app=provisioning-api")).await.unwrap();
    assert_eq!(sets.items.len(), 5);
    let before = sets
        .items
        .iter()
        .find(|it| it.metadata.annotations.as_ref().unwrap()["deployment.kubernetes.io/revision"] == "4")
        .unwrap();
    let mut template = before.data["spec"]["template"].clone();
    template["metadata"]["labels"].as_object_mut().unwrap().shift_remove("pod-template-hash");
    let undo = Patch::Json::<()>(
        serde_json::from_value(json!([{ "op": "replace", "path": "/spec/template", "value": template }])).unwrap(),
    );
    rig.api("deployments", PROVISIONING).patch("provisioning-api", &PatchParams::default(), &undo).await.unwrap();
    rig.pass(60);
    let healed = rig.one("deployments", PROVISIONING, "provisioning-api").await;
    assert_eq!(healed["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "6");
    assert_eq!(
        (&healed["status"]["availableReplicas"], &healed["status"]["updatedReplicas"], &healed["status"]["replicas"]),
        (&json!(2), &json!(2), &json!(2))
    );
    assert!(healed["status"]["conditions"].as_array().unwrap().iter().all(|it| it["status"] == "True"));
}

#[tokio::test]
async fn a_pod_waits_for_a_gpu() {
    let rig = Rig::new(BETA9);
    let pods = rig
        .api("pods", "beta9-system")
        .list(&ListParams::default().labels("app=gpu-runner").fields("status.phase=Pending"))
        .await
        .unwrap();
    assert_eq!(pods.items.len(), 1);
    let condition = &pods.items[0].data["status"]["conditions"][0];
    assert_eq!(condition["reason"], "Unschedulable");
    assert!(
        condition["message"]
            .as_str()
            .unwrap()
            .starts_with("0/8 nodes are available: 1 Insufficient nvidia.com/gpu, 7 node(s) didn't match"),
        "{condition}"
    );
}

#[tokio::test]
async fn a_node_is_short_of_memory_and_a_worker_out_of_it() {
    let rig = Rig::new(TFE);
    let nodes = rig.api("nodes", "").list(&ListParams::default()).await.unwrap().items;
    let pressed = |node: &&DynamicObject| {
        node.data["status"]["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["type"] == "MemoryPressure" && it["status"] == "True")
    };
    assert_eq!(nodes.iter().filter(pressed).count(), 1);
    let pods = rig
        .api("pods", "terraform-enterprise")
        .list(&ListParams::default().labels("app=tfe-task-worker"))
        .await
        .unwrap()
        .items;
    let killed = pods
        .iter()
        .filter(|pod| pod.data["status"]["containerStatuses"][0]["lastState"]["terminated"]["reason"] == "OOMKilled");
    assert!(killed.count() >= 1);
}

#[tokio::test]
async fn a_node_is_not_heard_of_for_a_while() {
    let rig = Rig::new(BETA9);
    let ready = |rows: BTreeMap<String, Vec<String>>| rows.values().filter(|cells| cells[1] == "Ready").count();
    assert_eq!(ready(rig.table("/api/v1/nodes").await), 8);
    rig.pass(15 * 60);
    assert_eq!(ready(rig.table("/api/v1/nodes").await), 7);
    rig.pass(5 * 60);
    assert_eq!(ready(rig.table("/api/v1/nodes").await), 8);
}

#[tokio::test]
async fn a_certificate_comes_to_its_end_and_another_is_issued_anew() {
    let rig = Rig::new(TFE);
    let old = rig.one("certificates", "terraform-enterprise", "terraform-enterprise-tls").await;
    let end: Timestamp = old["status"]["notAfter"].as_str().unwrap().parse().unwrap();
    let days = (end.as_second() - rig.estate.now().as_second()) / 86_400;
    assert!((4..7).contains(&days), "{days}");
    let rig = Rig::new(BETA9);
    let before = rig.one("secrets", PROVISIONING, "provisioning-api-tls").await;
    rig.api("secrets", PROVISIONING).delete("provisioning-api-tls", &kube::api::DeleteParams::default()).await.unwrap();
    assert!(rig.api("secrets", PROVISIONING).get_opt("provisioning-api-tls").await.unwrap().is_none());
    rig.pass(10);
    let after = rig.one("secrets", PROVISIONING, "provisioning-api-tls").await;
    assert_ne!(before["metadata"]["uid"], after["metadata"]["uid"]);
    let certificate = rig.one("certificates", PROVISIONING, "provisioning-api-tls").await;
    assert_eq!(certificate["status"]["revision"], 5);
    assert_eq!(certificate["status"]["conditions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn everything_else_is_well() {
    for at in [BETA9, TFE] {
        let rig = Rig::new(at);
        let sick: Vec<String> = rig
            .table("/api/v1/pods")
            .await
            .into_iter()
            .filter(|(_, cells)| !matches!(cells[2].as_str(), "Running" | "Completed"))
            .map(|(name, cells)| format!("{name} {}", cells[2]))
            .collect();
        assert!(sick.len() <= 3, "{sick:?}");
        for row in rig.table("/apis/apps/v1/daemonsets").await {
            assert_eq!(row.1[1], row.1[3], "{row:?}");
        }
        for row in rig.table("/apis/apps/v1/statefulsets").await {
            let (ready, wanted) = row.1[1].split_once('/').unwrap();
            assert_eq!(ready, wanted, "{row:?}");
        }
        let jobs = rig.table("/apis/batch/v1/jobs").await;
        assert!(jobs.values().any(|cells| cells[1] == "Complete"), "{jobs:?}");
    }
}

#[tokio::test]
async fn pods_that_take_requests_are_the_targets_of_their_group() {
    let rig = Rig::new(BETA9);
    let bindings = rig.api("targetgroupbindings", PROVISIONING).list(&ListParams::default()).await.unwrap().items;
    let [binding] = bindings.as_slice() else { panic!("{bindings:?}") };
    let arn = binding.data["spec"]["targetGroupARN"].as_str().unwrap();
    let targets = || {
        let world = rig.estate.0.world();
        let group = world.account("beta9-prod").unwrap().target_group(arn).unwrap();
        let states: BTreeMap<String, &str> = group.targets.iter().map(|it| (it.id.clone(), it.state)).collect();
        states
    };
    let ready = async || {
        let labels = ListParams::default().labels("app=provisioning-api");
        let pods = rig.api("pods", PROVISIONING).list(&labels).await.unwrap().items;
        let ready = pods.into_iter().filter(|pod| pod.data["status"]["containerStatuses"][0]["ready"] == true);
        let address = |pod: &DynamicObject| pod.data["status"]["podIP"].as_str().unwrap().to_owned();
        ready.map(|pod| (address(&pod), pod.metadata.name.unwrap())).collect::<BTreeMap<_, _>>()
    };
    let healthy = |pods: &BTreeMap<String, String>| pods.keys().map(|it| (it.clone(), "healthy")).collect();
    let before = ready().await;
    assert_eq!((before.len(), targets()), (2, healthy(&before)));
    let (address, name) = before.first_key_value().unwrap();
    rig.api("pods", PROVISIONING).delete(name, &kube::api::DeleteParams::default()).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..60 {
        rig.pass(2);
        ready().await;
        seen.extend(targets());
    }
    let after = ready().await;
    let new = after.keys().find(|it| !before.contains_key(*it)).unwrap();
    assert!(seen.contains(&(new.clone(), "initial")), "{seen:?}");
    assert_eq!((targets().len(), targets()[address], targets()[new]), (3, "draining", "healthy"));
    rig.pass(300);
    assert_eq!(ready().await, after);
    assert_eq!(targets(), healthy(&after));
}
