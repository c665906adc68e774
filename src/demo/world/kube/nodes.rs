//! Nodes: one for each instance of a node group. They come and go with the instances, and their kubelets tell how they are.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::dice::{hash, hex, uuid};
use super::super::model::{AsgInstance, Nodegroup};
use super::event::{About, Said};
use super::json::{list, set, stamp, text};
use super::steps::Step;
use super::store::Object;
use super::{Ground, KubeCluster};

/// Seconds for which a node is short of memory or not heard of, and until the next time.
const PRESSURE: (i64, i64) = (55 * 60, 190 * 60);
const SILENCE: (i64, i64) = (170, 100 * 60);
/// Seconds between two heartbeats.
const HEARTBEAT: i64 = 300;

impl KubeCluster {
    /// Brings nodes in line with the instances that serve.
    pub(super) fn sync_nodes(&mut self, ground: &Ground<'_>) {
        let Some(eks) = ground.eks.get(&self.name) else { return };
        let mut there = BTreeSet::new();
        for group in eks.nodegroups.values() {
            let instances = ground.groups.get(&group.auto_scaling_group).map(|asg| asg.instances.as_slice());
            for instance in instances.unwrap_or_default().iter().filter(|it| it.lifecycle_state == "InService") {
                let name = node_name(instance, &self.region);
                if self.store.get("nodes", "", &name).is_none() {
                    self.join(&name, group, instance);
                }
                there.insert(name);
            }
        }
        let lost: Vec<String> = self
            .store
            .list("nodes", None)
            .map(|node| node.name().to_owned())
            .filter(|it| !there.contains(it))
            .collect();
        for node in lost.iter().filter(|_| !there.is_empty()) {
            self.leave(node);
        }
        self.heartbeats();
    }

    fn join(&mut self, name: &str, group: &Nodegroup, instance: &AsgInstance) {
        let node = node(name, group, instance, &self.region, &self.version);
        self.add_node(node, instance.launched_at);
    }

    pub(super) fn add_node(&mut self, node: Value, since: jiff::Timestamp) {
        let name = text(&node, "/metadata/name").to_owned();
        self.put("nodes", node, super::after(since, 38));
        self.store.edit("nodes", "", &name, |node| {
            let since = stamp(super::after(since, 49));
            set(node, &["status", "conditions"], conditions(&since));
        });
        self.touch_all();
    }

    /// A node goes, and its pods with it.
    fn leave(&mut self, name: &str) {
        let now = self.now;
        let pods: Vec<(String, String)> = self.pods_on(name);
        for (namespace, pod) in pods {
            self.pod_gone(&namespace, &pod);
        }
        self.store.remove("nodes", "", name, now);
        self.loads.remove(name);
        self.touch_all();
    }

    pub(super) fn pods_on(&self, node: &str) -> Vec<(String, String)> {
        let on = |object: &Object| match object {
            Object::Pod(pod) if pod.node.as_deref() == Some(node) => {
                Some((pod.namespace.to_string(), pod.name.to_string()))
            }
            _ => None,
        };
        self.store.list("pods", None).filter_map(on).collect()
    }

    pub(super) fn touch_all(&mut self) {
        let all: Vec<String> = self.store.list("namespaces", None).map(|it| it.name().to_owned()).collect();
        for namespace in all {
            self.touch(&namespace);
        }
    }

    fn heartbeats(&mut self) {
        let old = self.ago(HEARTBEAT);
        let now = stamp(self.now);
        let late = |node: &Object| match node {
            Object::Doc(doc) => {
                text(&doc.json, "/status/conditions/0/lastHeartbeatTime") < stamp(old).as_str()
                    && list(&doc.json, "/status/conditions").iter().all(|it| it["status"] != "Unknown")
            }
            _ => false,
        };
        let due: Vec<String> =
            self.store.list("nodes", None).filter(|it| late(it)).map(|it| it.name().to_owned()).collect();
        for node in due {
            self.store.edit("nodes", "", &node, |node| {
                for condition in node["status"]["conditions"].as_array_mut().into_iter().flatten() {
                    condition["lastHeartbeatTime"] = now.clone().into();
                }
            });
        }
    }

    /// Says a condition of a node anew.
    fn condition(&mut self, node: &str, kind: &str, status: &str, words: (&str, &str)) {
        let now = stamp(self.now);
        self.store.edit("nodes", "", node, |node| {
            let all = node["status"]["conditions"].as_array_mut();
            if let Some(condition) = all.and_then(|all| all.iter_mut().find(|it| it["type"] == kind)) {
                condition["status"] = status.into();
                condition["reason"] = words.0.into();
                condition["message"] = words.1.into();
                condition["lastTransitionTime"] = now.clone().into();
                condition["lastHeartbeatTime"] = now.into();
            }
        });
    }

    fn taint(&mut self, node: &str, key: &str, on: bool) {
        let now = stamp(self.now);
        self.store.edit("nodes", "", node, |node| {
            let mut taints = list(node, "/spec/taints").to_vec();
            taints.retain(|taint| taint["key"] != key);
            if on {
                taints.push(json!({ "key": key, "effect": "NoSchedule", "timeAdded": now }));
            }
            node["spec"]["taints"] = taints.into();
        });
    }

    fn say_of_node(&mut self, node: &str, said: Said) {
        let Some(json) = self.store.doc("nodes", "", node) else { return };
        let about = About { uid: node.to_owned(), ..About::doc("nodes", json) };
        self.tell(about, said, Some(node.into()));
    }

    /// A node runs short of memory, or gets over it.
    pub(super) fn pressure(&mut self, node: &Arc<str>, on: bool) {
        let (status, reason, words) = if on {
            ("True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available")
        } else {
            ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")
        };
        self.condition(node, "MemoryPressure", status, (reason, words));
        self.taint(node, "node.kubernetes.io/memory-pressure", on);
        let state = if on { "NodeHasInsufficientMemory" } else { "NodeHasSufficientMemory" };
        self.say_of_node(node, Said("Normal", state, "kubelet", format!("Node {node} status is now: {state}")));
        if on {
            let words = "Attempting to reclaim memory".to_owned();
            self.say_of_node(node, Said("Warning", "EvictionThresholdMet", "kubelet", words));
        }
        let wait = if on { PRESSURE.0 } else { PRESSURE.1 };
        self.later(wait * 1_000, Step::Pressure { node: Arc::clone(node), on: !on });
    }

    /// A node is not heard of, or is again.
    pub(super) fn silence(&mut self, node: &Arc<str>, on: bool) {
        let unknown = ("NodeStatusUnknown", "Kubelet stopped posting node status.");
        for (kind, well) in [
            ("MemoryPressure", ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")),
            ("DiskPressure", ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure")),
            ("PIDPressure", ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available")),
            ("Ready", ("True", "KubeletReady", "kubelet is posting ready status")),
        ] {
            let (status, words) = if on { ("Unknown", unknown) } else { (well.0, (well.1, well.2)) };
            self.condition(node, kind, status, words);
        }
        self.taint(node, "node.kubernetes.io/unreachable", on);
        let state = if on { "NodeNotReady" } else { "NodeReady" };
        self.say_of_node(node, Said("Normal", state, "node-controller", format!("Node {node} status is now: {state}")));
        for (namespace, name) in self.pods_on(node) {
            let now = self.now;
            self.store.edit_pod(&namespace, &name, |pod| {
                pod.lost = on;
                pod.since = now;
            });
            self.touch(&namespace);
        }
        let wait = if on { SILENCE.0 } else { SILENCE.1 };
        self.later(wait * 1_000, Step::Silence { node: Arc::clone(node), on: !on });
    }
}

/// The name that EC2 gives to an instance's private address.
pub(super) fn node_name(instance: &AsgInstance, region: &str) -> String {
    let number = hash(11, &instance.id);
    let (a, b, c) = (number % 48, number >> 8 & 255, 4 + (number >> 16) % 250);
    format!("ip-10-{a}-{b}-{c}.{region}.compute.internal")
}

fn conditions(since: &str) -> Value {
    let of = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "lastHeartbeatTime": since, "lastTransitionTime": since, "reason": reason,
            "message": message,
        })
    };
    json!([
        of("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        of("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        of("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        of("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ])
}

/// CPUs, GiB and GPUs of an instance type.
fn size(kind: &str) -> (i64, i64, i64) {
    match kind {
        "m6i.large" => (2, 8, 0),
        "m6i.2xlarge" => (8, 32, 0),
        "c6i.xlarge" => (4, 8, 0),
        "g5.xlarge" => (4, 16, 1),
        _ => (4, 16, 0),
    }
}

pub(super) fn node(name: &str, group: &Nodegroup, instance: &AsgInstance, region: &str, version: &str) -> Value {
    let (cpu, memory, gpus) = size(&instance.instance_type);
    let id = hash(5, &instance.id);
    let mut labels = json!({
        "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
        "eks.amazonaws.com/capacityType": group.capacity_type, "eks.amazonaws.com/nodegroup": group.name,
        "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": instance.instance_type,
        "topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": instance.availability_zone,
    });
    for (key, value) in &group.labels {
        labels[key] = value.as_str().into();
    }
    let sized = |cpu: String, memory: i64| {
        let mut it =
            json!({ "cpu": cpu, "ephemeral-storage": "83873772Ki", "memory": format!("{memory}Ki"), "pods": "58" });
        if gpus > 0 {
            it["nvidia.com/gpu"] = gpus.to_string().into();
        }
        it
    };
    json!({
        "metadata": { "name": name, "labels": labels, "annotations": { "node.alpha.kubernetes.io/ttl": "0" } },
        "spec": { "providerID": format!("aws:///{}/{}", instance.availability_zone, instance.id) },
        "status": {
            "addresses": [
                { "type": "InternalIP", "address": super::pod::host_ip(name) },
                { "type": "InternalDNS", "address": name },
                { "type": "Hostname", "address": name },
            ],
            "capacity": sized(cpu.to_string(), memory << 20),
            "allocatable": sized(format!("{}m", cpu * 1_000 - 70), (memory << 20) - 620_000),
            "nodeInfo": {
                "architecture": "amd64", "operatingSystem": "linux", "osImage": "Amazon Linux 2023.9.20251105",
                "kernelVersion": "6.12.55-74.119.amzn2023.x86_64", "containerRuntimeVersion": "containerd://2.1.4",
                "kubeletVersion": version, "kubeProxyVersion": version, "bootID": uuid(id, id ^ 1),
                "machineID": hex(id, 32), "systemUUID": uuid(id, id ^ 2),
            },
        },
    })
}
