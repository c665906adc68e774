use super::super::k8s::rig::{Stand, status};
use super::super::rig::{precondition, undo};
use super::*;
use crate::model::Verdict;

const NODE: &str = "/api/v1/nodes/n1";
const PODS: &str = "/api/v1/pods";

fn pod(name: &str, owner: Option<&str>, more: Json) -> Json {
    let owners = owner.map(|kind| json!([{ "kind": kind, "name": "o", "controller": true }])).unwrap_or_default();
    let mut pod = json!({
        "metadata": { "name": name, "namespace": "x", "uid": format!("u-{name}"), "ownerReferences": owners },
        "spec": { "nodeName": "n1" },
        "status": { "phase": "Running" },
    });
    if let (Some(pod), Json::Object(more)) = (pod.as_object_mut(), more) {
        pod.extend(more);
    }
    pod
}

async fn stand(pods: &[Json]) -> Stand {
    let node = json!({ "metadata": { "name": "n1", "uid": "u-n" }, "spec": {} });
    let stand = Stand::new(&[(NODE, node), (PODS, json!({ "items": pods }))]).await;
    for pod in pods {
        let path = format!("/api/v1/namespaces/x/pods/{}", pod["metadata"]["name"].as_str().unwrap());
        stand.server().objects.insert(path, pod.clone());
    }
    stand
}

#[tokio::test]
async fn its_pods_are_evicted_one_after_the_other() {
    let mirror = json!({ "metadata": {
        "name": "m", "namespace": "x", "uid": "u-m", "annotations": { "kubernetes.io/config.mirror": "h" },
    } });
    let pods = [
        pod("a", Some("ReplicaSet"), Json::Null),
        pod("b", Some("StatefulSet"), Json::Null),
        pod("d", Some("DaemonSet"), Json::Null),
        pod("m", None, mirror),
    ];
    let stand = stand(&pods).await;
    let plan = stand.plan(&DEF, &[("name", "n1"), ("grace", "20")]).await.unwrap();
    let steps: Vec<&str> = plan.steps.iter().map(|step| &*step.words).collect();
    assert_eq!(steps, ["cordon n1", "evict x/a", "evict x/b"]);
    assert_eq!(
        plan.steps[1].input["body"]["deleteOptions"],
        json!({ "preconditions": { "uid": "u-a" }, "gracePeriodSeconds": 20 })
    );
    assert_eq!((plan.risk, undo(&plan).action), (Risk::High, "k8s-uncordon"));
    assert_eq!(&*plan.command, "kubectl --context beta9 drain n1 --ignore-daemonsets --grace-period=20");
    let words = stand.carry_out(&DEF, &plan).await;
    assert_eq!(words, ["cordoned", "asked to go", "2 of 2 pods gone"]);
}

#[tokio::test]
async fn what_is_lost_must_be_allowed() {
    let volumes = json!({ "spec": { "volumes": [{ "name": "tmp", "emptyDir": {} }] } });
    let stand = stand(&[pod("a", None, Json::Null), pod("b", Some("ReplicaSet"), volumes)]).await;
    let plan = stand.plan(&DEF, &[("name", "n1")]).await.unwrap();
    let lost = "b: their emptyDir data is lost; --delete-emptydir yes allows it";
    assert_eq!(precondition(&plan, "no data is lost"), (Verdict::Fail, lost));
    assert_eq!(precondition(&plan, "every pod comes back elsewhere").0, Verdict::Fail);
    let fields = [("name", "n1"), ("force", "yes"), ("delete-emptydir", "yes")];
    let plan = stand.plan(&DEF, &fields).await.unwrap();
    assert_eq!(precondition(&plan, "no data is lost").0, Verdict::Warn);
    assert_eq!(precondition(&plan, "every pod comes back elsewhere").0, Verdict::Warn);
}

#[tokio::test]
async fn a_budget_is_waited_for_and_what_it_still_refuses_ends_the_plan() {
    let stand = stand(&[pod("a", Some("ReplicaSet"), Json::Null)]).await;
    let path = "POST /api/v1/namespaces/x/pods/a/eviction";
    let refusal = status(429, "Cannot evict pod as it would violate the pod's disruption budget.");
    stand.server().instead.insert(path.to_owned(), refusal);
    let plan = stand.plan(&DEF, &[("name", "n1")]).await.unwrap();
    let (verdict, words) = precondition(&plan, "the disruption budgets let them go");
    assert_eq!(verdict, Verdict::Warn);
    assert!(words.starts_with("1 of 1 would have to wait now: evict x/a: "), "{words}");
    let unsupported = status(400, "admission webhook \"audit\" does not support dry run");
    let refusal = stand.server().instead.insert(path.to_owned(), unsupported).unwrap();
    let untold = stand.plan(&DEF, &[("name", "n1")]).await.unwrap();
    assert_eq!(precondition(&untold, "the disruption budgets let them go").0, Verdict::Unknown);
    stand.server().instead.insert(path.to_owned(), refusal);
    let before = stand.server().tried.len();
    assert_eq!(stand.look(&DEF, &plan, 1).await, [], "it waits, and then lets the server say no");
    assert!(stand.server().tried.len() > before + 1, "asked again and again");
    let sent = stand.send(&DEF, &plan, 1).await;
    assert!(matches!(&sent, Sent::Refused(fault) if fault.summary.contains("disruption budget")), "{sent:?}");
    stand.server().instead.clear();
    // Another plan goes on with what is left.
    stand.server().objects.get_mut(NODE).unwrap()["spec"]["unschedulable"] = true.into();
    let plan = stand.plan(&DEF, &[("name", "n1")]).await.unwrap();
    assert_eq!(plan.steps.len(), 1);
    stand.server().done.clear();
    assert_eq!(stand.carry_out(&DEF, &plan).await, ["1 of 1 pods gone"]);
}

#[tokio::test]
async fn a_pod_that_has_gone_by_itself_is_no_failure() {
    let stand = stand(&[pod("a", Some("ReplicaSet"), Json::Null)]).await;
    let plan = stand.plan(&DEF, &[("name", "n1")]).await.unwrap();
    stand.server().objects.remove("/api/v1/namespaces/x/pods/a");
    stand.set(PODS, "/items", json!([]));
    assert_eq!(stand.look(&DEF, &plan, 1).await, []);
    assert_eq!(stand.send(&DEF, &plan, 1).await, Sent::Accepted { request_id: None });
    assert_eq!(stand.follow(&DEF, &plan, 1).await.0, Followed::Verified("1 of 1 pods gone".into()));
}
