//! Changes: patches, replacements, creations, deletions, evictions, the scale of a workload. Each can be tried without doing it.

use serde_json::{Value, json};

use super::Answer;
use super::ask::Ask;
use super::patch::patched;
use super::status::success;
use crate::demo::world::kube::{Deletion, KubeCluster, Refusal, Type, map};

pub fn answer(cluster: &mut KubeCluster, of: &'static Type, ask: &Ask) -> Result<Answer, Refusal> {
    if !ask.legible {
        return Err(Refusal::new(400, "BadRequest", "the object provided is unrecognized: the body is no JSON"));
    }
    match (ask.verb.as_str(), ask.sub.as_str()) {
        ("patch" | "update", "") => {
            let new = cluster.replace(of, &ask.namespace, &ask.name, changed(cluster, of, ask)?, ask.is_dry())?;
            Ok(Answer::Json(200, new))
        }
        ("patch" | "update", "scale") if of.scales => scale(cluster, of, ask),
        ("create", "") => Ok(Answer::Json(201, cluster.create(of, &ask.namespace, ask.body.clone(), ask.is_dry())?)),
        ("create", "eviction") if of.plural == "pods" => {
            cluster.evict(&ask.namespace, &ask.name, &deletion(&ask.body["deleteOptions"]), ask.is_dry())?;
            Ok(Answer::Json(
                201,
                json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 }),
            ))
        }
        ("delete", "") => {
            let mut how = deletion(&ask.body);
            how.grace = how.grace.or(ask.number("gracePeriodSeconds"));
            how.policy = how.policy.or(ask.param("propagationPolicy").map(str::to_owned));
            let (left, stays) = cluster.delete(of, &ask.namespace, &ask.name, &how, ask.is_dry())?;
            Ok(Answer::Json(200, if stays { left } else { success(ask, &left["metadata"]["uid"]) }))
        }
        _ => Err(Refusal::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )),
    }
}

fn deletion(options: &Value) -> Deletion {
    let own = |value: &Value| value.as_str().map(str::to_owned);
    Deletion {
        uid: own(&options["preconditions"]["uid"]),
        version: own(&options["preconditions"]["resourceVersion"]),
        grace: options["gracePeriodSeconds"].as_i64(),
        policy: own(&options["propagationPolicy"]),
    }
}

/// The object as it is to be.
fn changed(cluster: &KubeCluster, of: &Type, ask: &Ask) -> Result<Value, Refusal> {
    let found =
        cluster.store.get(of.plural, &ask.namespace, &ask.name).ok_or_else(|| Refusal::not_found(of, &ask.name))?;
    let old = cluster.view(of, found);
    if ask.verb == "patch" {
        return patched(&old, &ask.content_type, &ask.body);
    }
    let mut new = ask.body.clone();
    for field in ["uid", "resourceVersion"] {
        if new["metadata"][field].is_null() {
            new["metadata"][field] = old["metadata"][field].clone();
        }
    }
    Ok(new)
}

fn scale_of(parent: &Value) -> Value {
    let labels = map(parent, "/spec/selector/matchLabels").into_iter().flatten();
    let selector: Vec<String> =
        labels.into_iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    let metadata = &parent["metadata"];
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": { "replicas": parent["spec"]["replicas"] },
        "status": { "replicas": parent["status"]["replicas"].as_i64().unwrap_or(0), "selector": selector.join(",") },
    })
}

fn parent(cluster: &KubeCluster, of: &Type, ask: &Ask) -> Result<Value, Refusal> {
    let found =
        cluster.store.get(of.plural, &ask.namespace, &ask.name).ok_or_else(|| Refusal::not_found(of, &ask.name))?;
    Ok(cluster.view(of, found))
}

pub fn get_scale(cluster: &KubeCluster, of: &Type, ask: &Ask) -> Result<Answer, Refusal> {
    Ok(Answer::Json(200, scale_of(&parent(cluster, of, ask)?)))
}

fn scale(cluster: &mut KubeCluster, of: &'static Type, ask: &Ask) -> Result<Answer, Refusal> {
    let mut whole = parent(cluster, of, ask)?;
    let now = scale_of(&whole);
    let wanted = if ask.verb == "patch" { patched(&now, &ask.content_type, &ask.body)? } else { ask.body.clone() };
    whole["spec"]["replicas"] = wanted["spec"]["replicas"].clone();
    for field in ["uid", "resourceVersion"] {
        if !wanted["metadata"][field].is_null() {
            whole["metadata"][field] = wanted["metadata"][field].clone();
        }
    }
    let new = cluster.replace(of, &ask.namespace, &ask.name, whole, ask.is_dry())?;
    Ok(Answer::Json(200, scale_of(&new)))
}
