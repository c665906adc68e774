use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;
use crate::model::Health;

fn node(spec: &Json, conditions: &Json) -> Node {
    serde_json::from_value(json!({
        "metadata": { "name": "ip-10-0-1-23.eu-central-1.compute.internal", "labels": {
            "eks.amazonaws.com/nodegroup": "workers", "node-role.kubernetes.io/worker": "",
            "node.kubernetes.io/instance-type": "m6i.large", "topology.kubernetes.io/zone": "eu-central-1a" } },
        "spec": spec,
        "status": { "conditions": conditions, "allocatable": { "cpu": "1930m", "memory": "7134420Ki", "pods": "29" },
            "nodeInfo": { "kubeletVersion": "v1.33.2-eks-1552ad0" }, "images": [{ "names": ["a"] }] },
    }))
    .unwrap()
}

fn ready() -> Json {
    json!([{ "type": "MemoryPressure", "status": "False" }, { "type": "Ready", "status": "True", "reason": "KubeletReady" }])
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

#[rstest]
#[case(json!({}), ready(), "Ready", Health::Ok, "")]
#[case(
    json!({ "unschedulable": true, "taints": [
        { "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": "2026-03-02T08:00:00Z" }] }),
    ready(), "Ready,SchedulingDisabled", Health::Progressing, "cordoned since 08:00Z: no new pods are placed on it"
)]
#[case(
    json!({ "taints": null }),
    json!([{ "type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.", "lastTransitionTime": "2026-03-01T21:10:00Z" }]),
    "NotReady", Health::Failed, "not ready since 2026-03-01: Kubelet stopped posting node status."
)]
#[case(
    json!({}),
    json!([{ "type": "DiskPressure", "status": "True", "reason": "KubeletHasDiskPressure",
        "message": "kubelet has disk pressure", "lastTransitionTime": "2026-03-02T08:30:00Z" },
        { "type": "Ready", "status": "True" }]),
    "Ready", Health::Degraded, "disk pressure since 08:30Z: kubelet has disk pressure"
)]
#[case(json!({}), json!(null), "Unknown", Health::Unknown, "it has not told yet whether it is ready")]
fn a_node_is_as_its_conditions_say(
    #[case] spec: Json,
    #[case] conditions: Json,
    #[case] status: &str,
    #[case] health: Health,
    #[case] reason: &str,
) {
    let node = node(&spec, &conditions);
    assert_eq!(health::status(&node), status);
    assert_eq!(health::verdict(&node, now()), (health, reason.to_owned()));
}

#[test]
fn a_node_knows_its_instance_and_its_cluster() {
    let of = |provider: Json| node(&json!({ "providerID": provider }), &ready());
    let ec2 = of(json!("aws:///eu-central-1a/i-0123456789abcdef0"));
    assert_eq!(instance(&ec2), Some("i-0123456789abcdef0"));
    assert_eq!(eks_cluster(&ec2, "arn:aws:eks:eu-central-1:111122223333:cluster/beta9"), Some("beta9"));
    assert_eq!(eks_cluster(&ec2, "beta9"), Some("beta9"));
    for other in [json!("kind://docker/kind/worker"), json!("aws:///eu-central-1a/fargate-ip-10-0-1-2"), json!(null)] {
        assert_eq!(eks_cluster(&of(other), "beta9"), None);
    }
    assert_eq!(roles(&ec2), ["worker"]);
}

#[test]
fn pods_that_have_ended_take_nothing() {
    let pod = |phase: &str, cpu: &str| {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": "a", "namespace": "shop" },
            "spec": { "nodeName": "n1", "containers": [
                { "name": "web", "resources": { "requests": { "cpu": cpu, "memory": "1Gi" } } }] },
            "status": { "phase": phase },
        }))
        .unwrap();
        Arc::new(pod)
    };
    let pods = [pod("Running", "250m"), pod("Pending", "1"), pod("Succeeded", "4"), pod("Failed", "4")];
    assert_eq!(loads(&pods)["n1"], Load { pods: 2, cpu_requested: 1_250, memory_requested: 2 << 30 });
}

#[test]
fn taints_are_told_as_kubectl_tells_them() {
    let told = |taint: Json| super::taint(&serde_json::from_value(taint).unwrap());
    assert_eq!(told(json!({ "key": "dedicated", "value": "gpu", "effect": "NoSchedule" })), "dedicated=gpu:NoSchedule");
    assert_eq!(told(json!({ "key": "spot", "value": null, "effect": "NoExecute" })), "spot:NoExecute");
}
