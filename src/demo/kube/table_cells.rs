//! The cells of the tables of the types that a cluster has of itself.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::table::{age, span};
use crate::demo::world::kube::{Type, condition, int, list, map, text};

/// The cells of an object, one for each column of its type.
pub fn cells(of: &Type, it: &Value, now: Timestamp) -> Value {
    let name = text(it, "/metadata/name");
    let old = &age(text(it, "/metadata/creationTimestamp"), now);
    match of.plural {
        "pods" => pod(it, name, old),
        "deployments" | "replicasets" | "statefulsets" | "daemonsets" => workload(of, it, name, old),
        "jobs" => job(it, name, old, now),
        "cronjobs" => json!([
            name,
            text(it, "/spec/schedule"),
            "<none>",
            it["spec"]["suspend"] == true,
            list(it, "/status/active").len(),
            if it["status"]["lastScheduleTime"].is_string() {
                age(text(it, "/status/lastScheduleTime"), now)
            } else {
                "<none>".to_owned()
            },
            old,
        ]),
        "services" => service(it, name, old),
        "ingresses" | "endpointslices" => network(of, it, name, old),
        "horizontalpodautoscalers" | "poddisruptionbudgets" | "resourcequotas" => limits(of, it, name, old),
        "persistentvolumeclaims" | "persistentvolumes" | "storageclasses" => storage(of, it, name, old),
        "nodes" => node(it, name, old),
        "namespaces" => json!([name, text(it, "/status/phase"), old]),
        "configmaps" => json!([name, map(it, "/data").map_or(0, Map::len), old]),
        "secrets" => json!([name, text(it, "/type"), map(it, "/data").map_or(0, Map::len), old]),
        "leases" => json!([name, text(it, "/spec/holderIdentity"), old]),
        "events" => event(it, name, now),
        "controllerrevisions" => {
            let owner = &it["metadata"]["ownerReferences"][0];
            let owner = format!("{}.apps/{}", text(owner, "/kind").to_lowercase(), text(owner, "/name"));
            json!([name, owner, it["revision"], old])
        }
        "customresourcedefinitions" => json!([name, text(it, "/metadata/creationTimestamp")]),
        _ => json!([name, old]),
    }
}

/// Workloads.
fn workload(of: &Type, it: &Value, name: &str, old: &str) -> Value {
    let number = |pointer: &str| int(it, pointer).unwrap_or(0);
    let (containers, images) = (joined(it, "/name"), joined(it, "/image"));
    let selector = || pairs(map(it, "/spec/selector/matchLabels"));
    match of.plural {
        "deployments" => json!([
            name,
            format!("{}/{}", number("/status/readyReplicas"), number("/spec/replicas")),
            number("/status/updatedReplicas"),
            number("/status/availableReplicas"),
            old,
            containers,
            images,
            selector(),
        ]),
        "replicasets" => json!([
            name,
            number("/spec/replicas"),
            number("/status/replicas"),
            number("/status/readyReplicas"),
            old,
            containers,
            images,
            selector(),
        ]),
        "statefulsets" => json!([
            name,
            format!("{}/{}", number("/status/readyReplicas"), number("/spec/replicas")),
            old,
            containers,
            images
        ]),
        "daemonsets" => json!([
            name,
            number("/status/desiredNumberScheduled"),
            number("/status/currentNumberScheduled"),
            number("/status/numberReady"),
            number("/status/updatedNumberScheduled"),
            number("/status/numberAvailable"),
            pairs(map(it, "/spec/template/spec/nodeSelector")),
            old,
        ]),
        _ => json!([name, old]),
    }
}

/// Volumes.
fn storage(of: &Type, it: &Value, name: &str, old: &str) -> Value {
    match of.plural {
        "persistentvolumeclaims" => json!([
            name,
            phase(it),
            text(it, "/spec/volumeName"),
            text(it, "/status/capacity/storage"),
            modes(it),
            text(it, "/spec/storageClassName"),
            old,
        ]),
        "persistentvolumes" => json!([
            name,
            text(it, "/spec/capacity/storage"),
            modes(it),
            text(it, "/spec/persistentVolumeReclaimPolicy"),
            phase(it),
            format!("{}/{}", text(it, "/spec/claimRef/namespace"), text(it, "/spec/claimRef/name")),
            text(it, "/spec/storageClassName"),
            old,
        ]),
        "storageclasses" => json!([
            name,
            text(it, "/provisioner"),
            text(it, "/reclaimPolicy"),
            text(it, "/volumeBindingMode"),
            it["allowVolumeExpansion"] == true,
            old,
        ]),
        _ => json!([name, old]),
    }
}

/// What bounds workloads.
fn limits(of: &Type, it: &Value, name: &str, old: &str) -> Value {
    let number = |pointer: &str| int(it, pointer).unwrap_or(0);
    match of.plural {
        "horizontalpodautoscalers" => {
            let used = int(it, "/status/currentMetrics/0/resource/current/averageUtilization");
            let used = used.map_or_else(|| "<unknown>".to_owned(), |used| format!("{used}%"));
            let target = number("/spec/metrics/0/resource/target/averageUtilization");
            let about = format!("{}/{}", text(it, "/spec/scaleTargetRef/kind"), text(it, "/spec/scaleTargetRef/name"));
            json!([
                name,
                about,
                format!("cpu: {used}/{target}%"),
                number("/spec/minReplicas").to_string(),
                number("/spec/maxReplicas"),
                number("/status/currentReplicas"),
                old
            ])
        }
        "poddisruptionbudgets" => {
            let of = |field: &str| match &it["spec"][field] {
                Value::Null => "N/A".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            json!([name, of("minAvailable"), of("maxUnavailable"), number("/status/disruptionsAllowed"), old])
        }
        "resourcequotas" => {
            let hard = map(it, "/status/hard").into_iter().flatten();
            let parts = hard.map(|(key, hard)| {
                format!(
                    "{key}: {}/{}",
                    it["status"]["used"][key].as_str().unwrap_or("0"),
                    hard.as_str().unwrap_or_default()
                )
            });
            json!([name, old, parts.collect::<Vec<_>>().join(", "), ""])
        }
        _ => json!([name, old]),
    }
}

/// What leads to pods.
fn network(of: &Type, it: &Value, name: &str, old: &str) -> Value {
    let dash = |pointer: &str| Some(text(it, pointer)).filter(|text| !text.is_empty()).unwrap_or("<none>");
    match of.plural {
        "ingresses" => {
            let hosts: Vec<&str> = list(it, "/spec/rules").iter().map(|rule| text(rule, "/host")).collect();
            let ports = if list(it, "/spec/tls").is_empty() { "80" } else { "80, 443" };
            json!([
                name,
                dash("/spec/ingressClassName"),
                hosts.join(","),
                text(it, "/status/loadBalancer/ingress/0/hostname"),
                ports,
                old
            ])
        }
        "endpointslices" => {
            let ports: Vec<String> = list(it, "/ports").iter().map(|port| port["port"].to_string()).collect();
            let ends: Vec<&str> = list(it, "/endpoints").iter().map(|end| text(end, "/addresses/0")).collect();
            json!([name, text(it, "/addressType"), ports.join(","), ends.join(","), old])
        }
        _ => json!([name, old]),
    }
}

fn event(it: &Value, name: &str, now: Timestamp) -> Value {
    json!([
        age(text(it, "/lastTimestamp"), now),
        text(it, "/type"),
        text(it, "/reason"),
        format!("{}/{}", text(it, "/involvedObject/kind").to_lowercase(), text(it, "/involvedObject/name")),
        text(it, "/message"),
        int(it, "/count").unwrap_or(0),
        name,
    ])
}

/// `a=b,c=d`.
fn pairs(of: Option<&Map<String, Value>>) -> String {
    let all: Vec<String> =
        of.into_iter().flatten().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    if all.is_empty() { "<none>".to_owned() } else { all.join(",") }
}

fn joined(it: &Value, pointer: &str) -> String {
    list(it, "/spec/template/spec/containers").iter().map(|it| text(it, pointer)).collect::<Vec<_>>().join(",")
}

fn phase(it: &Value) -> &str {
    if it["metadata"]["deletionTimestamp"].is_string() { "Terminating" } else { text(it, "/status/phase") }
}

fn modes(it: &Value) -> String {
    let short = |mode: &Value| match mode.as_str() {
        Some("ReadWriteOnce") => "RWO",
        Some("ReadOnlyMany") => "ROX",
        _ => "RWX",
    };
    list(it, "/spec/accessModes").iter().map(short).collect::<Vec<_>>().join(",")
}

fn pod(it: &Value, name: &str, old: &str) -> Value {
    let statuses = list(it, "/status/containerStatuses");
    let ready = statuses.iter().filter(|it| it["ready"] == true).count();
    let restarts = statuses.iter().map(|it| int(it, "/restartCount").unwrap_or(0)).max().unwrap_or(0).to_string();
    let mut status = text(it, "/status/phase").to_owned();
    for container in statuses.iter().rev() {
        let reason = ["/state/waiting/reason", "/state/terminated/reason"].map(|at| text(container, at));
        if let Some(reason) = reason.into_iter().find(|reason| !reason.is_empty()) {
            reason.clone_into(&mut status);
        }
    }
    if it["metadata"]["deletionTimestamp"].is_string() {
        "Terminating".clone_into(&mut status);
    }
    let none = |pointer: &str| Some(text(it, pointer)).filter(|text| !text.is_empty()).unwrap_or("<none>");
    let count = list(it, "/spec/containers").len();
    json!([
        name,
        format!("{ready}/{count}"),
        status,
        restarts,
        old,
        none("/status/podIP"),
        none("/spec/nodeName"),
        "<none>",
        "<none>"
    ])
}

fn job(it: &Value, name: &str, old: &str, now: Timestamp) -> Value {
    let is = |kind: &str| condition(it, kind).is_some_and(|it| it["status"] == "True");
    let status = if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else {
        "Running"
    };
    let instant = |field: &str| text(it, field).parse::<Timestamp>().ok();
    let end = instant("/status/completionTime").unwrap_or(now);
    let took = instant("/status/startTime").map(|begun| span(end.as_second() - begun.as_second())).unwrap_or_default();
    let done = format!("{}/{}", int(it, "/status/succeeded").unwrap_or(0), int(it, "/spec/completions").unwrap_or(1));
    json!([name, status, done, took, old])
}

fn service(it: &Value, name: &str, old: &str) -> Value {
    let port = |port: &Value| match int(port, "/nodePort") {
        Some(node) => format!("{}:{node}/TCP", port["port"]),
        None => format!("{}/TCP", port["port"]),
    };
    let ports: Vec<String> = list(it, "/spec/ports").iter().map(port).collect();
    json!([
        name,
        text(it, "/spec/type"),
        text(it, "/spec/clusterIP"),
        "<none>",
        ports.join(","),
        old,
        pairs(map(it, "/spec/selector"))
    ])
}

fn node(it: &Value, name: &str, old: &str) -> Value {
    let ready = condition(it, "Ready").is_some_and(|it| it["status"] == "True");
    let mut status = if ready { "Ready" } else { "NotReady" }.to_owned();
    if it["spec"]["unschedulable"] == true {
        status.push_str(",SchedulingDisabled");
    }
    json!([
        name,
        status,
        "<none>",
        old,
        text(it, "/status/nodeInfo/kubeletVersion"),
        text(it, "/status/addresses/0/address"),
        text(it, "/status/nodeInfo/osImage"),
        text(it, "/status/nodeInfo/kernelVersion"),
        text(it, "/status/nodeInfo/containerRuntimeVersion"),
    ])
}
