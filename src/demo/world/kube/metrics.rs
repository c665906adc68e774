//! What nodes and pods use, and the autoscaler that goes by it. Usage is computed when it is asked for, from the load of the day.

use serde_json::{Value, json};

use super::super::dice::{hash, mix2, unit};
use super::deploy::names;
use super::event::{About, Said};
use super::json::{int, list, mebibytes, millicores, stamp, text};
use super::pod::{Pod, State};
use super::store::Object;
use super::{Fate, KubeCluster};

/// A scale-in comes at the earliest so many seconds after the scaling before.
const STEADY: i64 = 300;

impl KubeCluster {
    /// What a container uses now: nanocores and KiB. `None`: it does not run.
    fn usage(&self, pod: &Pod, container: &Value) -> Option<(i64, i64)> {
        if !matches!(pod.state, State::Running | State::Ready) || pod.lost {
            return None;
        }
        let requests = &container["resources"]["requests"];
        let (cpu, memory) = (millicores(&requests["cpu"]).max(20), mebibytes(&requests["memory"]).max(32));
        let seed = hash(self.seed, &format!("{}{}", pod.uid, text(container, "/name")));
        let minute = self.now.as_second().div_euclid(60) as u64;
        let wobble = 0.85 + 0.3 * unit(mix2(seed, minute));
        let own = 0.7 + 0.6 * unit(mix2(seed, 1));
        let cpu = cpu as f64 * (0.12 + 0.55 * self.busy()) * wobble * own;
        let mut memory = memory as f64 * (0.55 + 0.2 * own + 0.05 * wobble);
        if let Some(Fate::Grows(seconds)) = self.fates.get(pod.image()) {
            let limit = mebibytes(&container["resources"]["limits"]["memory"]) as f64;
            let age = (self.now.as_second() - pod.since.as_second()) as f64 / *seconds as f64;
            memory += (limit - memory).max(0.0) * age.clamp(0.0, 0.97);
        }
        Some(((cpu * 1e6) as i64, (memory * 1024.0) as i64))
    }

    /// A pod's `PodMetrics`. `None`: it has none.
    pub fn pod_metrics(&self, pod: &Pod) -> Option<Value> {
        let containers: Vec<Value> = list(&pod.template.spec, "/containers")
            .iter()
            .filter_map(|it| Some((it, self.usage(pod, it)?)))
            .map(|(it, (cpu, memory))| json!({ "name": it["name"], "usage": { "cpu": format!("{cpu}n"), "memory": format!("{memory}Ki") } }))
            .collect();
        (!containers.is_empty()).then(|| {
            json!({
                "metadata": {
                    "name": &*pod.name, "namespace": &*pod.namespace, "creationTimestamp": stamp(self.now), "labels": pod.labels(),
                },
                "timestamp": stamp(self.ago(12)), "window": "17.2s", "containers": containers,
            })
        })
    }

    /// The `NodeMetrics` of all nodes that are heard of.
    pub fn node_metrics(&self) -> Vec<Value> {
        let mut used: std::collections::BTreeMap<&str, (i64, i64)> = std::collections::BTreeMap::new();
        for object in self.store.list("pods", None) {
            let Object::Pod(pod) = object else { continue };
            let Some(node) = pod.node.as_deref() else { continue };
            for usage in list(&pod.template.spec, "/containers").iter().filter_map(|it| self.usage(pod, it)) {
                let sum = used.entry(node).or_default();
                (sum.0, sum.1) = (sum.0 + usage.0, sum.1 + usage.1);
            }
        }
        let of = |object: &Object| {
            let Object::Doc(doc) = object else { return None };
            let heard = super::condition(&doc.json, "Ready").is_some_and(|it| it["status"] == "True");
            let short = super::condition(&doc.json, "MemoryPressure").is_some_and(|it| it["status"] == "True");
            let (cpu, memory) = used.get(object.name()).copied().unwrap_or_default();
            let all = mebibytes(&doc.json["status"]["allocatable"]["memory"]) << 10;
            let memory = if short { all / 100 * 97 } else { (memory + 900_000).min(all / 100 * 93) };
            heard.then(|| {
                json!({
                    "metadata": {
                        "name": object.name(), "creationTimestamp": stamp(self.now), "labels": doc.json["metadata"]["labels"],
                    },
                    "timestamp": stamp(self.ago(9)), "window": "20.1s",
                    "usage": { "cpu": format!("{}n", cpu + 84_000_000), "memory": format!("{memory}Ki") },
                })
            })
        };
        self.store.list("nodes", None).filter_map(of).collect()
    }

    /// The autoscaler's round.
    pub(super) fn autoscale(&mut self) {
        let spaces: Vec<String> = self.store.list("namespaces", None).map(|it| it.name().to_owned()).collect();
        for namespace in spaces {
            for name in names(&self.store, "horizontalpodautoscalers", &namespace) {
                self.autoscale_one(&namespace, &name);
            }
        }
    }

    fn autoscale_one(&mut self, namespace: &str, name: &str) {
        let Some(scaler) = self.store.doc("horizontalpodautoscalers", namespace, name).cloned() else { return };
        let deployment = text(&scaler, "/spec/scaleTargetRef/name").to_owned();
        let replicas = self.store.doc("deployments", namespace, &deployment).and_then(|it| int(it, "/spec/replicas"));
        let Some(replicas) = replicas.filter(|count| *count > 0) else { return };
        let (least, most) =
            (int(&scaler, "/spec/minReplicas").unwrap_or(1), int(&scaler, "/spec/maxReplicas").unwrap_or(1));
        let target = int(&scaler, "/spec/metrics/0/resource/target/averageUtilization").unwrap_or(70);
        // Demand goes up and down within half an hour, and follows the day.
        let turn = self.now.as_second() as f64 / 1_740.0 + (self.seed % 7) as f64;
        let level = 0.5 + 0.5 * (turn * std::f64::consts::TAU).sin();
        let demand = (least as f64 * 0.7 + (most - least) as f64 * (0.25 * self.busy() + 0.45 * level)) * target as f64;
        let used = (demand / replicas as f64).round() as i64;
        let off = (used - target).abs() * 10 > target;
        let wanted = if off { (demand / target as f64).ceil() as i64 } else { replicas };
        let wanted = wanted.clamp(least, most);
        let last: Option<jiff::Timestamp> = text(&scaler, "/status/lastScaleTime").parse().ok();
        let steady = last.is_none_or(|last| super::after(last, STEADY) <= self.now);
        let scales = wanted > replicas || wanted < replicas && steady;
        if scales {
            self.store.edit("deployments", namespace, &deployment, |it| {
                it["spec"]["replicas"] = wanted.into();
                it["metadata"]["generation"] = (int(it, "/metadata/generation").unwrap_or(1) + 1).into();
            });
            let why = if wanted > replicas {
                "cpu resource utilization (percentage of request) above target"
            } else {
                "All metrics below target"
            };
            let said = Said(
                "Normal",
                "SuccessfulRescale",
                "horizontal-pod-autoscaler",
                format!("New size: {wanted}; reason: {why}"),
            );
            self.tell(About::doc("horizontalpodautoscalers", &scaler), said, None);
            self.touch(namespace);
        }
        let now = stamp(self.now);
        let wanted = if scales { wanted } else { replicas };
        self.store.edit("horizontalpodautoscalers", namespace, name, |it| {
            let since = it["status"]["conditions"][0]["lastTransitionTime"].as_str().unwrap_or(&now).to_owned();
            let last = if scales { json!(now) } else { it["status"]["lastScaleTime"].clone() };
            it["status"] = json!({
                "observedGeneration": 1, "currentReplicas": replicas, "desiredReplicas": wanted, "lastScaleTime": last,
                "currentMetrics": [{ "type": "Resource", "resource": { "name": "cpu", "current": {
                    "averageUtilization": used, "averageValue": format!("{}m", used * 5) } } }],
                "conditions": conditions(&since, used * 100 / target.max(1) > 110 && wanted == most),
            });
        });
    }
}

fn conditions(since: &str, limited: bool) -> Value {
    let of = |kind: &str, status: bool, reason: &str, words: &str| {
        json!({
            "type": kind, "status": if status { "True" } else { "False" }, "reason": reason, "message": words,
            "lastTransitionTime": since,
        })
    };
    let limit = if limited {
        "the desired replica count is more than the maximum replica count"
    } else {
        "the desired count is within the acceptable range"
    };
    json!([
        of("AbleToScale", true, "ReadyForNewScale", "recommended size matches current size"),
        of(
            "ScalingActive",
            true,
            "ValidMetricFound",
            "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)"
        ),
        of("ScalingLimited", limited, if limited { "TooManyReplicas" } else { "DesiredWithinRange" }, limit),
    ])
}
