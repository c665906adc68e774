//! `namespace`: namespaces of the Kubernetes clusters, with their pods and what they use of their quotas.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::k8s::namespace::{Namespace, Quota};
use super::k8s::pod::Pod;
use super::k8s::{self, Look, detail, fields as common, meta, quantity};
use super::parts::{Verdict, fine};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, Health, Resource, ResourceId, Section, Value};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "namespace";

/// A namespace that takes longer than this to go does not go by itself.
const GOING: SignedDuration = SignedDuration::from_mins(10);

/// Namespaces.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "namespaces",
    aliases: &["ns"],
    doc: "Namespaces of the Kubernetes clusters: pods, what is used of their quotas, why one does not go",
    system: System::Kubernetes(&[Namespace::PLURAL, Pod::PLURAL, Quota::PLURAL]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    Column::text("status", "STATUS", (6, 12), Show::Table(0), "Active or Terminating"),
    Column::number("pods", "PODS", 5, Show::Table(1), "Pods in it that have not ended"),
    Column::text("quota", "QUOTA", (8, 40), Show::Table(2), "What is used most of its quotas"),
    common::AGE,
    common::CLUSTER,
    common::LABELS,
];

/// A resource that a quota bounds.
struct Bound<'a> {
    quota: &'a str,
    resource: &'a str,
    used: &'a str,
    hard: &'a str,
    /// How much of it is used, in percent.
    percent: Option<f64>,
}

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let namespaces = look.all::<Namespace>().await?;
        let quotas = look.besides::<Quota>().await;
        let pods = look.besides::<Pod>().await;
        let mut counts: HashMap<&str, i64> = HashMap::new();
        for pod in pods.iter().filter(|pod| is_alive(pod)) {
            *counts.entry(pod.metadata.namespace.as_deref().unwrap_or_default()).or_default() += 1;
        }
        let now = Timestamp::now();
        let row = |namespace: &Arc<Namespace>| {
            let name = namespace.metadata.name.as_deref().unwrap_or_default();
            row(look, namespace, counts.get(name).copied().unwrap_or(0), &quotas, now)
        };
        Ok(namespaces.iter().map(row).collect())
    })
}

fn is_alive(pod: &Pod) -> bool {
    !pod.has_ended()
}

fn row(look: &Look, namespace: &Namespace, pods: i64, quotas: &[Arc<Quota>], now: Timestamp) -> Resource {
    let bounds = bounds(quotas, namespace.metadata.name.as_deref());
    let fullest = bounds.first().map(|bound| format!("{} {}/{}", bound.resource, bound.used, bound.hard));
    let cells = vec![
        look.cell(namespace.status.phase.as_deref()),
        Value::Int(pods),
        Value::maybe(fullest),
        meta::age(&namespace.metadata),
        look.cell(Some(&look.cluster.name)),
        meta::pairs(namespace.metadata.labels.as_ref()),
    ];
    look.row(KIND, &namespace.metadata, verdict(namespace, &bounds, now), cells)
}

/// What the quotas of a namespace bound, the fullest first.
fn bounds<'a>(quotas: &'a [Arc<Quota>], namespace: Option<&str>) -> Vec<Bound<'a>> {
    let here = quotas.iter().filter(|quota| quota.metadata.namespace.as_deref() == namespace);
    let mut bounds: Vec<Bound> = here
        .flat_map(|quota| {
            let name = quota.metadata.name.as_deref().unwrap_or_default();
            quota.status.hard.iter().map(move |(resource, hard)| {
                let used = quota.status.used.get(resource).map_or("0", String::as_str);
                let parts = quantity::number(used).zip(quantity::number(hard));
                let percent = parts.filter(|(_, hard)| *hard > 0.0).map(|(used, hard)| used * 100.0 / hard);
                Bound { quota: name, resource, used, hard, percent }
            })
        })
        .collect();
    bounds.sort_by(|a, b| b.percent.unwrap_or(-1.0).total_cmp(&a.percent.unwrap_or(-1.0)));
    bounds
}

fn verdict(namespace: &Namespace, bounds: &[Bound], now: Timestamp) -> Verdict {
    if let Some(since) = &namespace.metadata.deletion_timestamp {
        let stuck = namespace.status.conditions.iter().filter(|condition| condition.holds());
        let why: Vec<&str> = stuck.map(meta::Condition::words).filter(|words| !words.is_empty()).collect();
        let health = if now.duration_since(since.0) > GOING { Health::Degraded } else { Health::Progressing };
        let since = parts::moment(since.0, now);
        return (
            health,
            format!("being deleted since {since}{}{}", if why.is_empty() { "" } else { ": " }, why.join("; ")),
        );
    }
    let full: Vec<String> = bounds
        .iter()
        .filter(|bound| bound.percent.is_some_and(|percent| percent >= 100.0))
        .map(|bound| format!("{} {}/{}", bound.resource, bound.used, bound.hard))
        .collect();
    if full.is_empty() { fine() } else { (Health::Ok, format!("quota used up: {}", full.join(", "))) }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let namespace = cluster.get::<Namespace>(None, &id.id).await?;
        let look = Look::at(&cluster);
        let (quotas, pods) = (look.besides::<Quota>().await, look.besides::<Pod>().await);
        let here = |pod: &&Arc<Pod>| pod.metadata.namespace.as_deref() == Some(&*id.id) && is_alive(pod);
        let pods = pods.iter().filter(here).count() as i64;
        let summary = parts::summary(&DEF, &row(&look, &namespace, pods, &quotas, Timestamp::now()));
        let sections =
            vec![summary, quota_table(&bounds(&quotas, Some(&id.id))), meta::conditions(&namespace.status.conditions)];
        Ok(detail::whole(&cluster, "Namespace", &namespace.metadata, sections).await)
    })
}

fn quota_table(bounds: &[Bound]) -> Section {
    let row = |bound: &Bound| {
        let cells = vec![
            Value::text(bound.quota),
            Value::text(bound.resource),
            Value::text(bound.used),
            Value::text(bound.hard),
            bound.percent.map_or(Value::None, Value::Percent),
        ];
        (cells, None)
    };
    let columns = vec!["quota", "resource", "used", "hard", "of it"];
    Section::Table { title: "Quotas", columns, rows: bounds.iter().map(row).collect() }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(k8s::raw::<Namespace>(env, id))
}

fn relations(namespace: &Resource) -> Vec<Relation> {
    const KINDS: [(&str, &str); 9] = [
        ("pods", "pod"),
        ("deployments", "deployment"),
        ("statefulsets", "statefulset"),
        ("services", "k8s-service"),
        ("ingresses", "ingress"),
        ("volume claims", "pvc"),
        ("config maps", "configmap"),
        ("secrets", "k8s-secret"),
        ("events", "k8s-event"),
    ];
    KINDS.map(|(label, kind)| parts::to_those_within(label, kind, &namespace.id)).into()
}

#[cfg(test)]
mod tests;
