//! `pvc`: claims of persistent volumes of the Kubernetes clusters. Why one waits is told by its events.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::k8s::event::Event;
use super::k8s::pvc::{Pvc, PvcSpec};
use super::k8s::{self, Look, fields as common, meta, quantity};
use super::parts::{Verdict, fine};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, Health, Resource, ResourceId, Value};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "pvc";

/// A volume that takes longer than this to make is waited for in vain.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// Claims of persistent volumes.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "pvcs",
    aliases: &["persistentvolumeclaim", "persistentvolumeclaims"],
    doc: "Claims of persistent volumes of the Kubernetes clusters: status, volume, capacity, why one waits",
    system: System::Kubernetes(&[Pvc::PLURAL]),
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
    common::NAMESPACE,
    Column::text("status", "STATUS", (5, 8), Show::Table(0), "Pending, Bound or Lost"),
    Column::number("capacity", "CAPACITY", 8, Show::Table(2), "What it has, else what it asks for"),
    Column::text("class", "CLASS", (3, 20), Show::Table(3), "What makes its volume"),
    Column::text("volume", "VOLUME", (10, 42), Show::Table(5), "The volume it got"),
    Column::text("modes", "ACCESS", (3, 20), Show::Table(4), "How it may be mounted: RWO, ROX, RWX, RWOP"),
    common::AGE,
    common::CLUSTER,
    Column::number("requested", "REQUESTED", 8, Show::Data, "What it asks for"),
    common::LABELS,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let claims = look.all::<Pvc>().await?;
        let claims: Vec<&Arc<Pvc>> = claims.iter().filter(|claim| look.takes(&claim.metadata)).collect();
        // Events are many: they are watched only while a claim waits.
        let events =
            if claims.iter().any(|claim| is_pending(claim)) { look.besides::<Event>().await } else { Vec::new() };
        let newest = newest(&events);
        let now = Timestamp::now();
        let told = |claim: &Pvc| newest.get(claim.metadata.uid.as_deref().unwrap_or_default()).copied();
        Ok(claims.into_iter().map(|claim| row(look, claim, told(claim), now)).collect())
    })
}

fn is_pending(claim: &Pvc) -> bool {
    claim.status.phase.as_deref() == Some("Pending")
}

/// The newest event of each claim, by its uid.
fn newest(events: &[Arc<Event>]) -> HashMap<&str, &Event> {
    let mut newest: HashMap<&str, &Event> = HashMap::new();
    for event in events.iter().filter(|event| event.involved_object.kind.as_deref() == Some("PersistentVolumeClaim")) {
        let Some(uid) = event.involved_object.uid.as_deref() else { continue };
        let known = newest.entry(uid).or_insert(event);
        if event.last() > known.last() {
            *known = event;
        }
    }
    newest
}

fn row(look: &Look, claim: &Pvc, event: Option<&Event>, now: Timestamp) -> Resource {
    let PvcSpec { access_modes, storage_class_name, volume_name, resources, .. } = &claim.spec;
    let bytes = |quantity: &Option<String>| quantity.as_deref().and_then(quantity::bytes);
    let requested = bytes(&resources.requests.storage);
    let cells = vec![
        look.cell(claim.metadata.namespace.as_deref()),
        look.cell(Some(status(claim))),
        quantity::bytes_cell(bytes(&claim.status.capacity.storage).or(requested)),
        look.cell(storage_class_name.as_deref()),
        Value::maybe(volume_name.as_deref()),
        Value::list(access_modes.iter().map(|mode| short(mode))),
        meta::age(&claim.metadata),
        look.cell(Some(&look.cluster.name)),
        quantity::bytes_cell(requested),
        meta::pairs(claim.metadata.labels.as_ref()),
    ];
    look.row(KIND, &claim.metadata, verdict(claim, event, now), cells)
}

/// As kubectl tells it.
fn status(claim: &Pvc) -> &str {
    if meta::is_going(&claim.metadata) { "Terminating" } else { claim.status.phase.as_deref().unwrap_or_default() }
}

/// As kubectl tells it.
fn short(mode: &str) -> &str {
    match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    }
}

fn verdict(claim: &Pvc, event: Option<&Event>, now: Timestamp) -> Verdict {
    if meta::is_going(&claim.metadata) {
        return (Health::Progressing, "being deleted: it goes when no pod uses it any more".to_owned());
    }
    match claim.status.phase.as_deref() {
        Some("Bound") => of_bound(claim),
        Some("Lost") => (Health::Failed, "its volume is gone".to_owned()),
        Some("Pending") => of_pending(claim, event, now),
        _ => (Health::Unknown, "no status is told".to_owned()),
    }
}

fn of_bound(claim: &Pvc) -> Verdict {
    let resizing = claim.status.conditions.iter().find(|condition| condition.holds());
    match resizing {
        Some(condition) if condition.about.contains("Error") => {
            (Health::Degraded, format!("{}: {}", parts::words(&condition.about), condition.words()))
        }
        Some(condition) => {
            let words = condition.words();
            let words = if words.is_empty() { parts::words(&condition.about) } else { words.to_owned() };
            (Health::Progressing, words)
        }
        None => fine(),
    }
}

fn of_pending(claim: &Pvc, event: Option<&Event>, now: Timestamp) -> Verdict {
    let late = meta::created(&claim.metadata).is_some_and(|made| now.duration_since(made) > PATIENCE);
    match event {
        Some(event) if event.why() == "WaitForFirstConsumer" => {
            (Health::Ok, "waits for the first pod that uses it".to_owned())
        }
        Some(event) if event.is_warning() => {
            (Health::Failed, format!("{}: {}", parts::words(event.why()), event.words()))
        }
        Some(event) => (if late { Health::Degraded } else { Health::Progressing }, event.words().to_owned()),
        None if late => (Health::Degraded, "pending, and no event says why".to_owned()),
        None => (Health::Progressing, "pending".to_owned()),
    }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let claim = cluster.get::<Pvc>(id.scope.namespace.as_deref(), &id.id).await?;
        let events = k8s::event::about(&cluster, "PersistentVolumeClaim", &claim.metadata).await;
        let newest = events.as_ref().ok().and_then(|events| events.first());
        let summary = parts::summary(&DEF, &row(&Look::at(&cluster), &claim, newest, Timestamp::now()));
        let mut sections = vec![summary, meta::conditions(&claim.status.conditions)];
        sections
            .push(parts::or_why(k8s::event::TITLE, events.map(|events| k8s::event::section(&cluster.scope, &events))));
        sections.extend(meta::metadata(&cluster.scope, &claim.metadata));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(k8s::raw::<Pvc>(env, id))
}

fn relations(claim: &Resource) -> Vec<Relation> {
    vec![parts::to_those_within("pods", "pod", &claim.id), parts::to_those_within("events", "k8s-event", &claim.id)]
}

#[cfg(test)]
mod tests;
