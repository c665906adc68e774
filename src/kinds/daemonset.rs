//! `daemonset`: daemon sets of the Kubernetes clusters. A list stands on the watches of daemon sets and pods.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join, join3};

use super::k8s::apps::{DaemonSet, image_cell, is_unseen};
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

const KIND: &str = "daemonset";

/// Daemon sets.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "daemonsets",
    aliases: &["ds"],
    doc: "Daemon sets of the Kubernetes clusters: pods ready on the nodes that want one, rollout, and what is wrong",
    system: System::Kubernetes(&[DaemonSet::PLURAL, Pod::PLURAL, warnings::NAME]),
    pane: Some(BridgePane::Services),
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw: |env, id| Box::pin(k8s::raw::<DaemonSet>(env, id)),
    relations: |row| workload::relations(&DEF, row),
    metrics: |_| Vec::new(),
    logs: |env, id| Box::pin(k8s::logs::of_workload::<DaemonSet>(env, id)),
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
    Column::number("current", "CURRENT", 5, Show::Data, "Nodes that have a pod of those that shall"),
    Column::number("misscheduled", "MISSCHEDULED", 5, Show::Data, "Nodes that have a pod and shall not"),
    AGE,
    CLUSTER,
    TASKS,
    DESIRED,
    RUNNING,
    STRATEGY,
    CONTAINERS,
    IMAGES,
    SELECTOR,
    Column::text("node_selector", "NODE SELECTOR", (8, 60), Show::Data, "Labels of the nodes that shall have a pod"),
    LABELS,
    EVIDENCE,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let (all, pods) = join(look.all::<DaemonSet>(), look.besides::<Pod>()).await;
        let all = all?;
        let findings = Findings::of(look, pods, all.iter().any(|one| lacks_pods(one))).await;
        let taken = all.iter().filter(|one| look.takes(&one.metadata));
        Ok(taken.map(|one| row(look, one, &findings)).collect())
    })
}

/// Whether fewer pods were made than are wanted: only a warning says why.
fn lacks_pods(one: &DaemonSet) -> bool {
    one.status.current_number_scheduled < one.status.desired_number_scheduled
}

fn row(look: &Look, one: &DaemonSet, findings: &Findings) -> Resource {
    let (meta, spec, status) = (&one.metadata, &one.spec, &one.status);
    let workload = workload(one, findings);
    let judged = workload.judge();
    let ready = Value::Count { have: status.number_ready, want: workload.desired };
    let mut cells = Vec::with_capacity(COLUMNS.len());
    cells.extend([
        look.cell(meta.namespace.as_deref()),
        ready.clone(),
        look.cell(Some(workload::rollout_word(&workload))),
        image_cell(&spec.template),
        Value::Int(status.updated_number_scheduled),
        Value::Int(workload.available),
        spec.template.restarted().map_or(Value::None, Value::Instant),
        Value::Int(status.current_number_scheduled),
        Value::Int(status.number_misscheduled),
        meta::age(meta),
        Value::Text(Arc::clone(&look.cluster.name)),
    ]);
    cells.extend([
        ready,
        Value::Int(workload.desired),
        Value::Int(status.number_ready),
        Value::maybe(spec.update_strategy.words()),
        Value::list(spec.template.spec.containers.iter().map(|container| &container.name)),
        Value::list(spec.template.images()),
        Value::text(spec.selector.words()),
        Value::list(spec.template.spec.node_selector.iter().map(|(key, value)| format!("{key}={value}"))),
        meta::pairs(meta.labels.as_ref()),
        Value::maybe(judged.evidence),
    ]);
    look.row(KIND, meta, judged.verdict, cells)
}

/// What its health depends on. With `OnDelete` pods keep their revision until somebody deletes them.
fn workload<'a>(one: &'a DaemonSet, findings: &'a Findings) -> Workload<'a> {
    let status = &one.status;
    let desired = status.desired_number_scheduled;
    let by_hand = one.spec.update_strategy.sort.as_deref() == Some("OnDelete");
    let rolls = !by_hand && status.updated_number_scheduled < desired.min(status.current_number_scheduled);
    let refused = lacks_pods(one).then(|| findings.warnings.newest(&one.metadata, &["FailedCreate"])).flatten();
    Workload {
        desired,
        available: status.number_available,
        updated: status.updated_number_scheduled,
        total: status.current_number_scheduled + status.number_misscheduled,
        unseen: is_unseen(&one.metadata, status.observed_generation),
        rollout: rolls.then(|| "its pods".to_owned()),
        stuck: None,
        refused: refused.map(|event| (k8s::why::short(event.words()), event.metadata.name.clone())),
        paused: false,
        nothing: "no node shall have a pod of it",
        pods: findings.of_owner(one.metadata.uid.as_deref()).collect(),
    }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let look = Look::at(&cluster);
        let one = cluster.get::<DaemonSet>(id.scope.namespace.as_deref(), &id.id).await?;
        let selector = one.spec.selector.words();
        let (pods, events, history) = join3(
            look.besides::<Pod>(),
            event::recent(&cluster, "DaemonSet", &one.metadata),
            history::of_revisions(&look, &one.metadata, &selector, None),
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
