//! `replicaset`: replica sets of the Kubernetes clusters. A list stands on the watches of replica sets and pods.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join};

use super::k8s::apps::{ReplicaSet, image_cell, is_unseen};
use super::k8s::fields::{
    AGE, AVAILABLE, CLUSTER, CONTAINERS, DESIRED, EVIDENCE, IMAGE, IMAGES, LABELS, NAMESPACE, OWNER, READY, RUNNING,
    SELECTOR,
};
use super::k8s::pod::Pod;
use super::k8s::why::holds;
use super::k8s::workload::{self, Findings, Workload};
use super::k8s::{self, Look, event, history, meta, warnings};
use super::{Asked, Column, KindDef, Show, Sink, System, parts};
use crate::model::{Detail, Fault, Resource, ResourceId, Section, Value};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "replicaset";
/// The condition that says that pods can't be made.
const FAILURE: &str = "ReplicaFailure";

/// Replica sets.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "replicasets",
    aliases: &["rs"],
    doc: "Replica sets of the Kubernetes clusters: the revisions of deployments, pods ready of desired",
    system: System::Kubernetes(&[ReplicaSet::PLURAL, Pod::PLURAL, warnings::NAME]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw: |env, id| Box::pin(k8s::raw::<ReplicaSet>(env, id)),
    relations: |row| workload::relations(&DEF, row),
    metrics: |_| Vec::new(),
    logs: |env, id| Box::pin(k8s::logs::of_workload::<ReplicaSet>(env, id)),
    has_logs: true,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    NAMESPACE,
    READY,
    Column::number("revision", "REVISION", 8, Show::Table(2), "Number of the revision of its deployment that it is"),
    IMAGE,
    AVAILABLE,
    OWNER,
    AGE,
    CLUSTER,
    DESIRED,
    RUNNING,
    CONTAINERS,
    IMAGES,
    SELECTOR,
    LABELS,
    EVIDENCE,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let (all, pods) = join(look.all::<ReplicaSet>(), look.besides::<Pod>()).await;
        let all = all?;
        let findings = Findings::of(look, pods, all.iter().any(|one| holds(&one.status.conditions, FAILURE))).await;
        let taken = all.iter().filter(|one| look.takes(&one.metadata));
        Ok(taken.map(|one| row(look, one, &findings)).collect())
    })
}

fn row(look: &Look, one: &ReplicaSet, findings: &Findings) -> Resource {
    let (meta, spec, status) = (&one.metadata, &one.spec, &one.status);
    let workload = workload(one, findings);
    let judged = workload.judge();
    let cells = vec![
        look.cell(meta.namespace.as_deref()),
        Value::Count { have: status.ready_replicas, want: workload.desired },
        parts::int(history::revision(meta)),
        image_cell(&spec.template),
        Value::Int(workload.available),
        look.cell(meta::owner_words(meta).as_deref()),
        meta::age(meta),
        Value::Text(Arc::clone(&look.cluster.name)),
        Value::Int(workload.desired),
        Value::Int(status.ready_replicas),
        Value::list(spec.template.spec.containers.iter().map(|container| &container.name)),
        Value::list(spec.template.images()),
        Value::text(spec.selector.words()),
        meta::pairs(meta.labels.as_ref()),
        Value::maybe(judged.evidence),
    ];
    look.row(KIND, meta, judged.verdict, cells)
}

/// What its health depends on. One that is wanted no more is at zero, and well.
fn workload<'a>(one: &'a ReplicaSet, findings: &'a Findings) -> Workload<'a> {
    let status = &one.status;
    let refused = meta::condition(&status.conditions, FAILURE).filter(|failure| failure.holds()).map(|failure| {
        let event = findings.warnings.newest(&one.metadata, &["FailedCreate"]);
        (k8s::why::short(failure.words()), event.and_then(|event| event.metadata.name.clone()))
    });
    Workload {
        desired: one.spec.replicas.unwrap_or(1),
        available: status.available_replicas.unwrap_or(0),
        updated: status.replicas,
        total: status.replicas,
        unseen: is_unseen(&one.metadata, status.observed_generation),
        refused,
        pods: findings.of_owner(one.metadata.uid.as_deref()).collect(),
        ..Workload::default()
    }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let look = Look::at(&cluster);
        let one = cluster.get::<ReplicaSet>(id.scope.namespace.as_deref(), &id.id).await?;
        let (pods, events) = join(look.besides::<Pod>(), event::recent(&cluster, "ReplicaSet", &one.metadata)).await;
        let findings = Findings::of(&look, pods, holds(&one.status.conditions, FAILURE)).await;
        let row = row(&look, &one, &findings);
        let mut sections: Vec<Section> = vec![parts::summary(&DEF, &row)];
        sections.extend(workload::why(&DEF, &row));
        sections.push(workload::pods(&cluster.scope, findings.of_owner(one.metadata.uid.as_deref())));
        sections.extend([meta::conditions(&one.status.conditions), events]);
        sections.extend(meta::metadata(&cluster.scope, &one.metadata));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

#[cfg(test)]
mod tests;
