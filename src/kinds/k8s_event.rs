//! `k8s-event`: events of the Kubernetes clusters, the newest 5,000 of each. Those of a whole cluster are watched; those about one
//! object are read.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::k8s::event::{Event, Events};
use super::k8s::fields::{CLUSTER, NAMESPACE};
use super::k8s::{self, Look, meta};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, Health, Resource, ResourceId, Section, Value, text};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "k8s-event";
/// Events about one object that are read.
const READ: &str = "500";

/// Events.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "events",
    aliases: &["event", "ev", "k8s-events"],
    doc: "Events of the Kubernetes clusters: what happened to which object, newest first",
    system: System::Kubernetes(&[Event::PLURAL]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(15),
    list,
    detail,
    raw: |env, id| Box::pin(k8s::raw::<Event>(env, id)),
    relations,
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    Column::text("last", "LAST", (4, 8), Show::Table(0), "When it came last"),
    Column::text("type", "TYPE", (6, 8), Show::Table(3), "Normal or Warning"),
    Column::text("event", "EVENT", (8, 26), Show::Table(1), "What happened, in one word"),
    Column::number("count", "COUNT", 6, Show::Table(2), "How often it came"),
    NAMESPACE,
    Column::text("from", "FROM", (8, 30), Show::Table(5), "Who tells it"),
    CLUSTER,
    Column::text("object", "OBJECT", (8, 80), Show::Data, "What it is about"),
    Column::text("part", "PART", (8, 60), Show::Data, "Which part of that"),
    Column::text("message", "MESSAGE", (10, 200), Show::Data, "What happened, in words"),
    Column::text("first", "FIRST", (4, 20), Show::Data, "When it came first"),
    Column::text("host", "HOST", (8, 60), Show::Data, "The node that tells it"),
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        if let Some((path, selector)) = look.within.and_then(about) {
            let read: Events = look.cluster.ask(&path, &[("fieldSelector", &selector), ("limit", READ)]).await?;
            return Ok(read.items.iter().map(|event| row(look, event)).collect());
        }
        let events = look.all::<Event>().await?;
        Ok(events.iter().filter(|event| look.takes(&event.metadata)).map(|event| row(look, event)).collect())
    })
}

/// Where the events about an object are read, and by which selector. Those of a namespace are not about the namespace.
fn about(id: &ResourceId) -> Option<(String, String)> {
    let kind = meta::api_kind(id.kind).filter(|kind| *kind != "Namespace")?;
    let path = Event::of(id.scope.namespace.as_deref());
    Some((path, format!("involvedObject.kind={kind},involvedObject.name={}", id.id)))
}

fn row(look: &Look, event: &Event) -> Resource {
    let instant = |at: Option<jiff::Timestamp>| at.map_or(Value::None, Value::Instant);
    let object = event.about();
    let cells = vec![
        instant(event.last()),
        look.cell(event.sort.as_deref()),
        look.cell(Some(event.why())),
        Value::Int(event.times()),
        look.cell(event.metadata.namespace.as_deref()),
        look.cell(event.teller()),
        Value::Text(Arc::clone(&look.cluster.name)),
        look.cell(object.as_deref()),
        look.cell(event.involved_object.field_path.as_deref()),
        look.cell(Some(event.words())),
        instant(event.first()),
        look.cell(event.source.host.as_deref()),
    ];
    let health = if event.is_warning() { Health::Degraded } else { Health::Ok };
    let words = if event.words().is_empty() { event.why() } else { event.words() };
    let row = look.row(KIND, &event.metadata, (health, words.to_owned()), cells);
    // Its own name is its object's with a number: the object is what a person looks for.
    let name = object.map_or_else(|| Arc::clone(&row.name), |object| look.texts.shared(&text::clean(&object)));
    Resource { name, ..row }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let event = cluster.get::<Event>(id.scope.namespace.as_deref(), &id.id).await?;
        let row = row(&Look::at(&cluster), &event);
        let object = event.about().map(|object| (vec![Value::text(object)], event.about_id(&cluster.scope)));
        let mut sections = vec![
            parts::summary(&DEF, &row),
            Section::Table { title: "About", columns: vec!["object"], rows: object.into_iter().collect() },
        ];
        sections.extend(meta::metadata(&cluster.scope, &event.metadata));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

fn relations(event: &Resource) -> Vec<Relation> {
    let object = parts::text_of(&DEF, event, "object").split_once('/');
    let known = object.and_then(|(kind, name)| {
        let kind = meta::kind_of_lower(kind)?;
        super::by_id(kind)
            .map(|kind| parts::to_one("object", parts::id(&meta::place_of(&event.id.scope, kind.id), kind.id, name)))
    });
    known.into_iter().collect()
}

#[cfg(test)]
mod tests;
