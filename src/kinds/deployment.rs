//! `deployment`: deployments of the Kubernetes clusters. A list stands on the watches of deployments, replica sets and pods: what is
//! wrong with the pods of one is what is wrong with it.

mod row;

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::{BoxFuture, join3};

use super::k8s::apps::{Deployment, ReplicaSet};
use super::k8s::fields::{
    AGE, AVAILABLE, CLUSTER, CONTAINERS, DEPLOYED, DESIRED, EVIDENCE, IMAGE, IMAGES, LABELS, NAMESPACE, READY, ROLLOUT,
    RUNNING, SELECTOR, STRATEGY, TASKS, UP_TO_DATE,
};
use super::k8s::pod::Pod;
use super::k8s::why::holds;
use super::k8s::workload::{self, Findings};
use super::k8s::{self, Look, event, history, meta, warnings};
use super::{Asked, BridgePane, Column, KindDef, Relation, Show, Sink, System, parts};
use crate::model::{Detail, Fault, Resource, ResourceId, Section};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "deployment";

/// Deployments.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "deployments",
    aliases: &["deploy"],
    doc: "Deployments of the Kubernetes clusters: pods ready of desired, rollout, and what is wrong",
    system: System::Kubernetes(&[Deployment::PLURAL, ReplicaSet::PLURAL, Pod::PLURAL, warnings::NAME]),
    pane: Some(BridgePane::Services),
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw: |env, id| Box::pin(k8s::raw::<Deployment>(env, id)),
    relations,
    metrics: |_| Vec::new(),
    logs: |env, id| Box::pin(k8s::logs::of_workload::<Deployment>(env, id)),
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
    Column::number("revision", "REVISION", 8, Show::Table(8), "Number of its newest revision"),
    AGE,
    CLUSTER,
    TASKS,
    DESIRED,
    RUNNING,
    STRATEGY,
    CONTAINERS,
    IMAGES,
    SELECTOR,
    Column::text("paused", "PAUSED", (3, 3), Show::Data, "Whether its rollouts are stopped by hand"),
    LABELS,
    EVIDENCE,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let (deployments, sets, pods) =
            join3(look.all::<Deployment>(), look.besides::<ReplicaSet>(), look.besides::<Pod>()).await;
        let deployments = deployments?;
        let refused = deployments.iter().any(|one| holds(&one.status.conditions, "ReplicaFailure"));
        let findings = Findings::of(look, pods, refused).await;
        let sets = by_owner(sets.iter().map(|set| &**set));
        let taken = deployments.iter().filter(|one| look.takes(&one.metadata));
        Ok(taken.map(|one| row::of(look, one, owned(&sets, one), &findings)).collect())
    })
}

/// Replica sets by the uid of what controls them.
type Sets<'a> = HashMap<&'a str, Vec<&'a ReplicaSet>>;

fn by_owner<'a>(sets: impl Iterator<Item = &'a ReplicaSet>) -> Sets<'a> {
    let mut by_owner = Sets::new();
    for set in sets {
        if let Some(uid) = meta::owner_uid(&set.metadata) {
            by_owner.entry(uid).or_default().push(set);
        }
    }
    by_owner
}

fn owned<'s>(sets: &'s Sets<'s>, deployment: &Deployment) -> &'s [&'s ReplicaSet] {
    let uid = deployment.metadata.uid.as_deref();
    uid.and_then(|uid| sets.get(uid)).map_or(&[], Vec::as_slice)
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let look = Look::at(&cluster);
        let one = cluster.get::<Deployment>(id.scope.namespace.as_deref(), &id.id).await?;
        let (sets, pods, events) = join3(
            look.besides::<ReplicaSet>(),
            look.besides::<Pod>(),
            event::recent(&cluster, "Deployment", &one.metadata),
        )
        .await;
        let findings = Findings::of(&look, pods, holds(&one.status.conditions, "ReplicaFailure")).await;
        let sets = by_owner(sets.iter().map(|set| &**set));
        let sets = owned(&sets, &one);
        let row = row::of(&look, &one, sets, &findings);
        let pods = sets.iter().flat_map(|set| findings.of_owner(set.metadata.uid.as_deref()));
        let mut sections: Vec<Section> = vec![parts::summary(&DEF, &row)];
        sections.extend(workload::why(&DEF, &row));
        sections.push(workload::pods(&cluster.scope, pods));
        sections.push(history::of_sets(&cluster.scope, sets, history::revision(&one.metadata)));
        sections.extend([meta::conditions(&one.status.conditions), events]);
        sections.extend(meta::metadata(&cluster.scope, &one.metadata));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

fn relations(deployment: &Resource) -> Vec<Relation> {
    let mut relations: Vec<Relation> = workload::lead(&DEF, deployment).into_iter().collect();
    relations.push(parts::to_those_within("pods", "pod", &deployment.id));
    relations.push(parts::to_those_within("replica sets", "replicaset", &deployment.id));
    relations.push(parts::to_those_within("events", "k8s-event", &deployment.id));
    relations
}

#[cfg(test)]
mod tests;
