//! A deployment as a row, and how it is by its conditions, its replica sets and their pods.

use jiff::Timestamp;

use super::{COLUMNS, KIND};
use crate::kinds::k8s::apps::{Deployment, ReplicaSet, image_cell, is_unseen};
use crate::kinds::k8s::history::revision;
use crate::kinds::k8s::meta::{self, condition};
use crate::kinds::k8s::workload::{Findings, Workload, rollout_word};
use crate::kinds::k8s::{Look, why};
use crate::kinds::parts;
use crate::model::{Resource, Value};

/// The row of a deployment.
pub(super) fn of(look: &Look, one: &Deployment, sets: &[&ReplicaSet], findings: &Findings) -> Resource {
    let (meta, spec, status) = (&one.metadata, &one.spec, &one.status);
    let newest = newest(one, sets);
    let workload = workload(one, sets, newest, findings);
    let judged = workload.judge();
    let ready = Value::Count { have: status.ready_replicas, want: workload.desired };
    let mut cells = Vec::with_capacity(COLUMNS.len());
    cells.extend([
        look.cell(meta.namespace.as_deref()),
        ready.clone(),
        look.cell(Some(rollout_word(&workload))),
        image_cell(&spec.template),
        Value::Int(status.updated_replicas),
        Value::Int(status.available_replicas.unwrap_or(0)),
        deployed(one, newest).map_or(Value::None, Value::Instant),
        parts::int(revision(meta)),
        meta::age(meta),
        Value::Text(std::sync::Arc::clone(&look.cluster.name)),
    ]);
    cells.extend([
        ready,
        Value::Int(workload.desired),
        Value::Int(status.ready_replicas),
        Value::maybe(spec.strategy.words()),
        Value::list(spec.template.spec.containers.iter().map(|container| &container.name)),
        Value::list(spec.template.images()),
        Value::text(spec.selector.words()),
        Value::Bool(workload.paused),
        meta::pairs(meta.labels.as_ref()),
        Value::maybe(judged.evidence),
    ]);
    look.row(KIND, meta, judged.verdict, cells)
}

/// The replica set of the revision that is wanted.
fn newest<'s>(one: &Deployment, sets: &[&'s ReplicaSet]) -> Option<&'s ReplicaSet> {
    let wanted = revision(&one.metadata);
    let same = sets.iter().find(|set| wanted.is_some() && revision(&set.metadata) == wanted);
    same.or_else(|| sets.iter().max_by_key(|set| revision(&set.metadata))).copied()
}

/// When the revision was made that is wanted: by its replica set, or by hand after that.
fn deployed(one: &Deployment, newest: Option<&ReplicaSet>) -> Option<Timestamp> {
    let made = newest.and_then(|set| meta::created(&set.metadata));
    made.max(one.spec.template.restarted())
}

/// What its health depends on.
pub(super) fn workload<'a>(
    one: &'a Deployment,
    sets: &[&ReplicaSet],
    newest: Option<&ReplicaSet>,
    findings: &'a Findings,
) -> Workload<'a> {
    let (spec, status) = (&one.spec, &one.status);
    let desired = spec.replicas.unwrap_or(1);
    let available = status.available_replicas.unwrap_or(0);
    let progress = condition(&status.conditions, "Progressing");
    let stuck = progress.filter(|it| it.why() == "ProgressDeadlineExceeded").map(meta::Condition::words);
    // A rollout that was complete once is not under way when pods are added or lost.
    let settled = progress.is_some_and(|progress| progress.why() == "NewReplicaSetAvailable");
    let unfinished = status.updated_replicas < desired || available < desired;
    let old = status.replicas > status.updated_replicas;
    let rolls = desired > 0 && (old || (unfinished && !settled && progress.is_some()));
    let refused = condition(&status.conditions, "ReplicaFailure").filter(|it| it.holds()).map(|failure| {
        let event = newest.and_then(|set| findings.warnings.newest(&set.metadata, &["FailedCreate"]));
        (why::short(failure.words()), event.and_then(|event| event.metadata.name.clone()))
    });
    let uid = newest.and_then(|set| set.metadata.uid.as_deref());
    let older = sets.iter().map(|set| set.metadata.uid.as_deref()).filter(|other| *other != uid);
    let pods = findings.of_owner(uid).chain(older.flat_map(|uid| findings.of_owner(uid)));
    Workload {
        desired,
        available,
        updated: status.updated_replicas,
        total: status.replicas,
        unseen: is_unseen(&one.metadata, status.observed_generation),
        rollout: rolls.then(|| revision(&one.metadata).map_or_else(String::new, |number| format!("revision {number}"))),
        stuck,
        refused,
        paused: spec.paused == Some(true),
        nothing: "",
        pods: pods.collect(),
    }
}
