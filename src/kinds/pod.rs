//! `pod`: pods of the Kubernetes clusters, with the columns of kubectl, what they use where somebody measures it, and why one is not
//! well. A list stands on the watch of pods; warnings are read only where a pod is not well, and figures of use twice a minute.

mod detail;
mod row;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join};
use kube::core::ObjectMeta;

use super::k8s::apps::ReplicaSet;
use super::k8s::fields::EVIDENCE;
use super::k8s::pod::Pod;
use super::k8s::workload::{self, Findings};
use super::k8s::{self, Look, meta, top, warnings};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, parts};
use crate::model::{Fault, Resource, ResourceId, Scope, Value};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "pod";

/// Pods.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "pods",
    aliases: &["po"],
    doc: "Pods of the Kubernetes clusters: status, restarts, what they use, and why they are not well",
    system: System::Kubernetes(&[Pod::PLURAL, ReplicaSet::PLURAL, top::PODS, warnings::NAME]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail: detail::detail,
    raw: |env, id| Box::pin(k8s::raw::<Pod>(env, id)),
    relations,
    metrics: |_| Vec::new(),
    logs: |env, id| Box::pin(k8s::logs::of_pod(env, id)),
    has_logs: true,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    Column::text("namespace", "NAMESPACE", (6, 24), Show::Table(2), "Its namespace"),
    Column::number("ready", "READY", 5, Show::Table(1), "Containers ready of all"),
    Column::text("status", "STATUS", (16, 26), Show::Table(0), "Status as kubectl prints it"),
    Column::number("restarts", "RESTARTS", 8, Show::Table(3), "How often its containers were started again"),
    Column::text("restarted", "RESTARTED", (4, 9), Show::Table(6), "When a container was started again last"),
    Column::text("created", "AGE", (4, 8), Show::Table(4), "When it was made"),
    Column::text("node", "NODE", (8, 44), Show::Table(5), "The node it runs on"),
    Column::number("cpu", "CPU", 6, Show::Table(7), "Cores it uses"),
    Column::number("memory", "MEMORY", 8, Show::Table(8), "Memory it uses"),
    Column::number("memory_of_limit", "MEM/LIM", 7, Show::Table(9), "Memory it uses, of its limit"),
    Column::number("cpu_of_request", "CPU/REQ", 7, Show::Table(10), "Cores it uses, of its request"),
    Column::text("ip", "IP", (9, 39), Show::Table(11), "Its address"),
    Column::text("owner", "OWNER", (8, 44), Show::Table(12), "What made it"),
    Column::text("cluster", "CLUSTER", (8, 24), Show::Table(13), "The cluster it runs in"),
    Column::number("cpu_request", "CPU REQUEST", 6, Show::Data, "Cores its containers request"),
    Column::number("cpu_limit", "CPU LIMIT", 6, Show::Data, "Cores its containers are limited to"),
    Column::number("cpu_of_limit", "CPU/LIM", 7, Show::Data, "Cores it uses, of its limit"),
    Column::number("memory_request", "MEMORY REQUEST", 8, Show::Data, "Memory its containers request"),
    Column::number("memory_limit", "MEMORY LIMIT", 8, Show::Data, "Memory its containers are limited to"),
    Column::number("memory_of_request", "MEM/REQ", 7, Show::Data, "Memory it uses, of its request"),
    Column::text("phase", "PHASE", (7, 9), Show::Data, "Phase as the API has it"),
    Column::text("qos", "QOS", (8, 10), Show::Data, "Guaranteed, Burstable or BestEffort"),
    Column::text("containers", "CONTAINERS", (4, 60), Show::Data, "Its containers"),
    Column::text("images", "IMAGES", (10, 100), Show::Data, "Their images"),
    Column::text("service_account", "SERVICE ACCOUNT", (6, 40), Show::Data, "Who it is to the API server"),
    Column::text("priority", "PRIORITY", (6, 40), Show::Data, "Its priority class"),
    Column::text("labels", "LABELS", (10, 100), Show::Data, "Its labels"),
    Column::text("claims", "CLAIMS", (4, 60), Show::Data, "The volume claims that it mounts"),
    EVIDENCE,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let (pods, using) = join(look.all::<Pod>(), top::pods(look)).await;
        let pods = chosen(look, pods?).await?;
        let findings = Findings::of(look, pods, false).await;
        Ok(findings.all().map(|(pod, found)| row::of(look, pod, found, &using)).collect())
    })
}

/// Those that the list is about: all, those of a node, of a service, with a volume claim, of whatever made them.
async fn chosen(look: &Look<'_>, mut pods: Vec<Arc<Pod>>) -> Result<Vec<Arc<Pod>>, Fault> {
    let Some(within) = look.within else { return Ok(pods) };
    match within.kind {
        "k8s-node" => pods.retain(|pod| pod.spec.node_name.as_deref() == Some(&*within.id)),
        "k8s-service" => {
            let selector = selector(look, within).await?;
            let there = |pod: &Pod| pod.metadata.namespace.as_deref() == within.scope.namespace.as_deref();
            pods.retain(|pod| there(pod) && is_selected(&selector, pod.metadata.labels.as_ref()));
        }
        "deployment" => {
            let sets = look.all::<ReplicaSet>().await?;
            let made = by_owners(sets.iter().map(|set| &set.metadata), within);
            pods.retain(|pod| meta::owner_uid(&pod.metadata).is_some_and(|uid| made.contains(uid)));
        }
        "cronjob" => {
            let jobs = look.all::<k8s::batch::Job>().await?;
            let made = by_owners(jobs.iter().map(|job| &job.metadata), within);
            pods.retain(|pod| meta::owner_uid(&pod.metadata).is_some_and(|uid| made.contains(uid)));
        }
        "pvc" => pods.retain(|pod| {
            let there = pod.metadata.namespace.as_deref() == within.scope.namespace.as_deref();
            there && pod.spec.claims.iter().any(|claim| **claim == *within.id)
        }),
        _ => pods.retain(|pod| look.takes(&pod.metadata)),
    }
    Ok(pods)
}

/// The uids of those that a resource owns.
fn by_owners<'a>(all: impl Iterator<Item = &'a ObjectMeta>, owner: &ResourceId) -> HashSet<&'a str> {
    all.filter(|meta| meta::is_owned_by(meta, owner)).filter_map(|meta| meta.uid.as_deref()).collect()
}

/// The labels that a service selects its pods by.
async fn selector(look: &Look<'_>, service: &ResourceId) -> Result<BTreeMap<String, String>, Fault> {
    let namespace = service.scope.namespace.as_deref().unwrap_or_default();
    let path = format!("/api/v1/namespaces/{namespace}/services/{}", service.id);
    let service: serde_json::Value = look.cluster.read(&path).await?;
    let selector = service.pointer("/spec/selector").and_then(serde_json::Value::as_object);
    let text = |(key, value): (&String, &serde_json::Value)| Some((key.clone(), value.as_str()?.to_owned()));
    Ok(selector.into_iter().flatten().filter_map(text).collect())
}

/// Whether labels have all that a selector asks for. A service without one selects nothing.
fn is_selected(selector: &BTreeMap<String, String>, labels: Option<&BTreeMap<String, String>>) -> bool {
    let has = |(key, value): (&String, &String)| labels.and_then(|labels| labels.get(key)) == Some(value);
    !selector.is_empty() && selector.iter().all(has)
}

fn relations(pod: &Resource) -> Vec<Relation> {
    let scope = &pod.id.scope;
    let mut relations: Vec<Relation> = workload::lead(&DEF, pod).into_iter().collect();
    relations.extend(workload::to_owner(&DEF, pod));
    if let Some(Value::Text(node)) = DEF.cell(pod, "node")
        && let Some(kind) = super::by_id("k8s-node")
    {
        let scope = Scope { namespace: None, ..scope.clone() };
        relations.push(parts::to_one("node", parts::id(&scope, kind.id, Arc::clone(node))));
    }
    if let Some(kind) = super::by_id("k8s-service") {
        relations.push(parts::to_those_within("services", kind.id, &pod.id));
    }
    let claims = parts::items_of(&DEF, pod, "claims").iter();
    relations.extend(claims.map(|claim| parts::to_one("volume claim", parts::id(scope, "pvc", Arc::clone(claim)))));
    relations.push(parts::to_those_within("events", "k8s-event", &pod.id));
    relations
}

#[cfg(test)]
mod tests;
