//! `statefulset`: stateful sets of the Kubernetes clusters. A list stands on the watches of stateful sets and pods.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join, join3};

use super::k8s::apps::{StatefulSet, image_cell, is_unseen};
use super::k8s::fields::{
    AGE, AVAILABLE, CLUSTER, CONTAINERS, DEPLOYED, DESIRED, EVIDENCE, IMAGE, IMAGES, LABELS, NAMESPACE, READY, ROLLOUT,
    RUNNING, SELECTOR, STRATEGY, TASKS, UP_TO_DATE,
};
use super::k8s::pod::Pod;
use super::k8s::workload::{self, Findings, Workload};
use super::k8s::{self, Look, event, history, meta, warnings};
use super::{Asked, BridgePane, Column, KindDef, Show, Sink, System, parts};
use crate::model::{Detail, Fault, Resource, ResourceId, Section, Value};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "statefulset";

/// Stateful sets.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "statefulsets",
    aliases: &["sts"],
    doc: "Stateful sets of the Kubernetes clusters: pods ready of desired, rollout, and what is wrong",
    system: System::Kubernetes(&[StatefulSet::PLURAL, Pod::PLURAL, warnings::NAME]),
    pane: Some(BridgePane::Services),
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw: |env, id| Box::pin(k8s::raw::<StatefulSet>(env, id)),
    relations: |row| workload::relations(&DEF, row),
    metrics: |_| Vec::new(),
    logs: |env, id| Box::pin(k8s::logs::of_workload::<StatefulSet>(env, id)),
    has_logs: true,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    NAMESPACE,
    READY,
    ROLLOUT,
    IMAGE,
    UP_TO_DATE,
    AVAILABLE,
    DEPLOYED,
    Column::text("revision", "REVISION", (8, 40), Show::Data, "Name of its newest revision"),
    AGE,
    CLUSTER,
    TASKS,
    DESIRED,
    RUNNING,
    STRATEGY,
    CONTAINERS,
    IMAGES,
    SELECTOR,
    Column::text("service", "SERVICE", (8, 40), Show::Data, "The service that names its pods"),
    LABELS,
    EVIDENCE,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let (all, pods) = join(look.all::<StatefulSet>(), look.besides::<Pod>()).await;
        let all = all?;
        let findings = Findings::of(look, pods, all.iter().any(|one| lacks_pods(one))).await;
        let taken = all.iter().filter(|one| look.takes(&one.metadata));
        Ok(taken.map(|one| row(look, one, &findings)).collect())
    })
}

/// Whether fewer pods were made than are wanted: only a warning says why.
fn lacks_pods(one: &StatefulSet) -> bool {
    one.status.replicas < one.spec.replicas.unwrap_or(1)
}

fn row(look: &Look, one: &StatefulSet, findings: &Findings) -> Resource {
    let (meta, spec, status) = (&one.metadata, &one.spec, &one.status);
    let workload = workload(one, findings);
    let judged = workload.judge();
    let ready = Value::Count { have: status.ready_replicas, want: workload.desired };
    let mut cells = Vec::with_capacity(COLUMNS.len());
    cells.extend([
        look.cell(meta.namespace.as_deref()),
        ready.clone(),
        look.cell(Some(workload::rollout_word(&workload))),
        image_cell(&spec.template),
        Value::Int(status.updated_replicas),
        Value::Int(workload.available),
        spec.template.restarted().map_or(Value::None, Value::Instant),
        Value::maybe(status.update_revision.as_deref()),
        meta::age(meta),
        Value::Text(Arc::clone(&look.cluster.name)),
    ]);
    cells.extend([
        ready,
        Value::Int(workload.desired),
        Value::Int(status.ready_replicas),
        Value::maybe(spec.update_strategy.words()),
        Value::list(spec.template.spec.containers.iter().map(|container| &container.name)),
        Value::list(spec.template.images()),
        Value::text(spec.selector.words()),
        Value::maybe(spec.service_name.as_deref()),
        meta::pairs(meta.labels.as_ref()),
        Value::maybe(judged.evidence),
    ]);
    look.row(KIND, meta, judged.verdict, cells)
}

/// What its health depends on. Pods below the partition keep their revision, and with `OnDelete` all do until somebody deletes them.
fn workload<'a>(one: &'a StatefulSet, findings: &'a Findings) -> Workload<'a> {
    let (spec, status) = (&one.spec, &one.status);
    let desired = spec.replicas.unwrap_or(1);
    let kept = spec.update_strategy.rolling_update.partition.unwrap_or(0);
    let changes = status.update_revision.is_some() && status.current_revision != status.update_revision;
    let by_hand = spec.update_strategy.sort.as_deref() == Some("OnDelete");
    let rolls = changes && !by_hand && status.updated_replicas < desired - kept.min(desired);
    let refused = lacks_pods(one).then(|| findings.warnings.newest(&one.metadata, &["FailedCreate"])).flatten();
    Workload {
        desired,
        available: status.available_replicas.unwrap_or(status.ready_replicas),
        updated: status.updated_replicas,
        total: status.replicas,
        unseen: is_unseen(&one.metadata, status.observed_generation),
        rollout: rolls.then(|| status.update_revision.clone().unwrap_or_default()),
        stuck: None,
        refused: refused.map(|event| (k8s::why::short(event.words()), event.metadata.name.clone())),
        paused: false,
        nothing: "",
        pods: findings.of_owner(one.metadata.uid.as_deref()).collect(),
    }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let look = Look::at(&cluster);
        let one = cluster.get::<StatefulSet>(id.scope.namespace.as_deref(), &id.id).await?;
        let selector = one.spec.selector.words();
        let (pods, events, history) = join3(
            look.besides::<Pod>(),
            event::recent(&cluster, "StatefulSet", &one.metadata),
            history::of_revisions(&look, &one.metadata, &selector, one.status.update_revision.as_deref()),
        )
        .await;
        let findings = Findings::of(&look, pods, lacks_pods(&one)).await;
        let row = row(&look, &one, &findings);
        let mut sections: Vec<Section> = vec![parts::summary(&DEF, &row)];
        sections.extend(workload::why(&DEF, &row));
        sections.push(workload::pods(&cluster.scope, findings.of_owner(one.metadata.uid.as_deref())));
        sections.extend([history, meta::conditions(&one.status.conditions), events]);
        sections.extend(meta::metadata(&cluster.scope, &one.metadata));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

#[cfg(test)]
mod tests;
