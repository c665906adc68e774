//! What the API server serves: versions, groups and types, in the aggregated form and in the one before it.

use serde_json::{Value, json};

use super::Answer;
use super::ask::Ask;
use crate::demo::world::kube::{KubeCluster, Refusal, TYPES, Type};

const READS: [&str; 2] = ["get", "list"];
const ALL: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// A type without objects of its own: group, version, plural, kind, whether it has a namespace, verbs.
type Other = (&'static str, &'static str, &'static str, &'static str, bool, &'static [&'static str]);

/// A subresource: name, its kind's group and version, kind, verbs.
type Part = (&'static str, (&'static str, &'static str), &'static str, &'static [&'static str]);

/// The types that are only asked.
const OTHERS: [Other; 5] = [
    ("metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", false, &READS),
    ("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", true, &READS),
    ("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false, &["create"]),
    ("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false, &["create"]),
    ("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false, &["create"]),
];

pub fn answer(cluster: &KubeCluster, ask: &Ask) -> Result<Answer, Refusal> {
    let aggregated = ask.accept.contains("as=APIGroupDiscoveryList");
    let json = match (ask.path.trim_end_matches('/'), ask.version.as_str()) {
        ("/version", _) => version(&cluster.version),
        ("/healthz" | "/livez" | "/readyz", _) => return Ok(Answer::Text("ok".to_owned())),
        ("/api", _) if aggregated => list_of(&[("", "v1")]),
        ("/apis", _) if aggregated => list_of(&groups()),
        ("/api", _) => json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] }),
        ("/apis", _) => {
            json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups().iter().map(|it| group(*it)).collect::<Vec<_>>() })
        }
        (path, "") => {
            let name = path.strip_prefix("/apis/").unwrap_or_default();
            let found = groups().into_iter().find(|it| it.0 == name);
            group(found.ok_or_else(unknown)?)
        }
        _ => resources(&ask.group, &ask.version)?,
    };
    Ok(Answer::Json(200, json))
}

fn unknown() -> Refusal {
    Refusal::new(404, "NotFound", "the server could not find the requested resource")
}

fn version(of: &str) -> Value {
    let mut numbers = of.trim_start_matches('v').split(['.', '-']);
    json!({
        "major": numbers.next(), "minor": numbers.next().map(|minor| format!("{minor}+")), "gitVersion": of,
        "gitCommit": "0", "gitTreeState": "clean", "buildDate": "2025-10-09T00:00:00Z", "goVersion": "go1.24.6",
        "compiler": "gc", "platform": "linux/amd64",
    })
}

/// All groups but the core.
fn groups() -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<(&str, &str)> = TYPES.iter().map(|it| (it.group, it.version)).collect();
    all.extend(OTHERS.iter().map(|it| (it.0, it.1)));
    all.retain(|it| !it.0.is_empty());
    all.sort_unstable();
    all.dedup();
    all
}

fn group((name, version): (&str, &str)) -> Value {
    let at = json!({ "groupVersion": format!("{name}/{version}"), "version": version });
    json!({ "kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": [at], "preferredVersion": at })
}

/// Subresources of a type.
fn parts(of: &Type) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    if of.plural == "pods" {
        all.push(("log", ("", "v1"), "Pod", &["get"]));
        all.push(("eviction", ("policy", "v1"), "Eviction", &["create"]));
        all.push(("exec", ("", "v1"), "PodExecOptions", &["create", "get"]));
    }
    if of.scales {
        all.push(("scale", ("autoscaling", "v1"), "Scale", &["get", "patch", "update"]));
    }
    all
}

/// The list of a group's types, as it was before it was aggregated.
fn resources(group: &str, version: &str) -> Result<Value, Refusal> {
    let mut all = Vec::new();
    for of in TYPES.iter().filter(|it| it.group == group && it.version == version) {
        let categories: &[&str] = if of.in_all { &["all"] } else { &[] };
        all.push(json!({
            "name": of.plural, "singularName": of.singular, "namespaced": of.namespaced, "kind": of.kind, "verbs": ALL,
            "shortNames": of.short, "categories": categories,
        }));
        for (name, at, kind, verbs) in parts(of) {
            all.push(json!({
                "name": format!("{}/{name}", of.plural), "singularName": "", "namespaced": of.namespaced, "group": at.0,
                "version": at.1, "kind": kind, "verbs": verbs,
            }));
        }
    }
    for (.., plural, kind, namespaced, verbs) in OTHERS.iter().filter(|it| it.0 == group && it.1 == version) {
        all.push(json!({ "name": plural, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": verbs }));
    }
    if all.is_empty() {
        return Err(unknown());
    }
    let at = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Ok(json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": at, "resources": all }))
}

/// Groups with all their types, aggregated.
fn list_of(groups: &[(&str, &str)]) -> Value {
    let items: Vec<Value> = groups
        .iter()
        .map(|(group, version)| {
            let own = TYPES.iter().filter(|it| it.group == *group && it.version == *version).map(aggregated);
            let others = OTHERS.iter().filter(|it| it.0 == *group && it.1 == *version).map(|(group, version, plural, kind, namespaced, verbs)| {
                json!({
                    "resource": plural, "responseKind": { "group": group, "version": version, "kind": kind },
                    "scope": scope(*namespaced), "singularResource": "", "verbs": verbs,
                })
            });
            let resources: Vec<Value> = own.chain(others).collect();
            let metadata = if group.is_empty() { json!({ "creationTimestamp": null }) } else { json!({ "name": group, "creationTimestamp": null }) };
            json!({ "metadata": metadata, "versions": [{ "version": version, "resources": resources, "freshness": "Current" }] })
        })
        .collect();
    json!({ "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items })
}

fn scope(namespaced: bool) -> &'static str {
    if namespaced { "Namespaced" } else { "Cluster" }
}

fn aggregated(of: &Type) -> Value {
    let categories: &[&str] = if of.in_all { &["all"] } else { &[] };
    let subresources: Vec<Value> = parts(of)
        .into_iter()
        .map(|(name, at, kind, verbs)| {
            json!({ "subresource": name, "responseKind": { "group": at.0, "version": at.1, "kind": kind }, "verbs": verbs })
        })
        .collect();
    json!({
        "resource": of.plural, "responseKind": { "group": of.group, "version": of.version, "kind": of.kind },
        "scope": scope(of.namespaced), "singularResource": of.singular, "verbs": ALL, "shortNames": of.short,
        "categories": categories, "subresources": subresources,
    })
}
