//! `k8s-object`: objects of any type that the API servers have, with the columns that the server prints. A list is always one of a
//! type, within a `k8s-resource`. Nothing is known here of what the objects mean.

use std::sync::Arc;
use std::time::Duration;

use kube::core::ObjectMeta;
use serde_json::Value as Json;

use super::k8s::meta::{self, Condition};
use super::k8s::{self, detail, fields as common};
use super::parts::{self, Verdict, field, fine};
use super::{Asked, Column, KindDef, Show, Sink, System, no_logs};
use crate::model::{Detail, Fault, FaultClass, Health, Resource, ResourceId, Scope, Section, Value, text};
use crate::providers::Env;
use crate::providers::kube::{ANY_TYPE, ApiType, Cluster, Printed, PrintedColumn, PrintedRow};

const KIND: &str = "k8s-object";

/// Characters of a title.
const TITLE: usize = 24;

/// Objects of any type.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "k8s-objects",
    aliases: &[],
    doc: "Objects of one type of a Kubernetes cluster, with the columns that its API server prints",
    // As the server prints them: of the objects themselves nothing is kept.
    system: System::Kubernetes(&[ANY_TYPE]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations: |object| vec![parts::to_those_within("events", "k8s-event", &object.id)],
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console: |_| None,
};

const fn printed(id: &'static str, title: &'static str, rank: u8) -> Column {
    Column::text(
        id,
        title,
        (3, 40),
        Show::Table(rank),
        "A column that the API server prints; it has the server's title",
    )
}

const COLUMNS: &[Column] = &[
    common::NAMESPACE,
    printed("c1", "C1", 0),
    printed("c2", "C2", 2),
    printed("c3", "C3", 3),
    printed("c4", "C4", 4),
    printed("c5", "C5", 5),
    printed("c6", "C6", 6),
    printed("c7", "C7", 7),
    printed("c8", "C8", 10),
    printed("c9", "C9", 11),
    printed("c10", "C10", 12),
    printed("c11", "C11", 13),
    printed("c12", "C12", 14),
    common::AGE,
    common::CLUSTER,
];

/// How many columns a server may print.
const PRINTED: usize = COLUMNS.len() - 3;

/// A printed column that is shown, by its position in the server's table.
struct Shown<'a> {
    at: usize,
    column: &'a PrintedColumn,
}

/// What is shown of the server's columns: names and ages have columns of their own; what is only for those who have the room comes
/// last.
fn shown(columns: &[PrintedColumn]) -> Vec<Shown<'_>> {
    let own = |column: &PrintedColumn| {
        column.format == "name" || ["Name", "Namespace", "Age"].iter().any(|own| own.eq_ignore_ascii_case(&column.name))
    };
    let all = columns.iter().enumerate().filter(|(_, column)| !own(column) && !column.name.is_empty());
    let mut shown: Vec<Shown> = all.map(|(at, column)| Shown { at, column }).collect();
    shown.sort_by_key(|shown| shown.column.priority > 0);
    shown.truncate(PRINTED);
    shown
}

/// The titles of the columns of this kind, as the server has named them.
fn titles(found: &ApiType, shown: &[Shown]) -> Arc<[Arc<str>]> {
    let printed = (0..PRINTED).map(|at| shown.get(at).map_or_else(|| "".into(), |shown| title(&shown.column.name)));
    let namespace = if found.namespaced { common::NAMESPACE.title } else { "" };
    let own = [common::AGE.title, common::CLUSTER.title].map(Arc::from);
    [Arc::from(namespace)].into_iter().chain(printed).chain(own).collect()
}

fn title(name: &str) -> Arc<str> {
    text::clean(name).chars().take(TITLE).collect::<String>().to_uppercase().into()
}

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        // Of no type there are no objects.
        let Some(id) = within.filter(|id| id.kind == super::k8s_resource::DEF.id) else { return Ok(()) };
        let cluster = k8s::open(env, id).await?;
        let found = cluster.type_called(&id.id).await?.ok_or_else(|| parts::gone(id))?;
        objects(&cluster, &found, sink).await
    })
}

/// The objects of the type that a word names in this cluster; where it has none such, the words for all of its types.
pub async fn called(env: &Env, cluster: &Arc<str>, word: &str, sink: &dyn Sink) -> Result<Option<Vec<String>>, Fault> {
    let cluster = env.cluster(cluster).await?;
    if let Some(found) = cluster.type_called(word).await? {
        return objects(&cluster, &found, sink).await.map(|()| None);
    }
    let words = |found: &ApiType| [found.plural.clone(), found.singular.clone(), found.name()];
    Ok(Some(cluster.types().await?.items.iter().flat_map(words).collect()))
}

/// The objects of a type.
async fn objects(cluster: &Cluster, found: &ApiType, sink: &dyn Sink) -> Result<(), Fault> {
    let table = cluster.table(found).await?;
    let shown = shown(&table.columns);
    sink.titles(titles(found, &shown));
    sink.page(table.rows.iter().map(|row| self::row(cluster, found, &shown, row)).collect());
    table.faults.into_iter().for_each(|fault| sink.lacks(fault));
    Ok(())
}

fn row(cluster: &Cluster, found: &ApiType, shown: &[Shown], row: &PrintedRow) -> Resource {
    let meta = &row.object.metadata;
    let cell = |at: usize| shown.get(at).and_then(|shown| row.cells.get(shown.at)).map_or(Value::None, value);
    let mut cells = vec![Value::maybe(meta.namespace.as_deref())];
    cells.extend((0..PRINTED).map(cell));
    cells.push(meta.creation_timestamp.map_or(Value::None, Value::Instant));
    cells.push(Value::text(&cluster.name));
    let scope = Scope { namespace: meta.namespace.as_deref().map(Into::into), ..cluster.scope.clone() };
    let id = parts::id(&scope, KIND, format!("{}/{}", found.name(), meta.name));
    let verdict = if meta.deletion_timestamp.is_some() {
        (Health::Progressing, "being deleted".to_owned())
    } else {
        verdict(shown, &row.cells)
    };
    parts::row(id, &meta.name, None, verdict, cells)
}

/// A cell as the server prints it.
fn value(cell: &Json) -> Value {
    match cell {
        Json::Null => Value::None,
        Json::String(text) => Value::text(text),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::text(number.to_string()), Value::Int),
        Json::Bool(yes) => Value::Bool(*yes),
        other => Value::text(other.to_string()),
    }
}

/// What says itself that it is not ready is taken at its word; of everything else nothing is known.
fn verdict(shown: &[Shown], cells: &[Json]) -> Verdict {
    let told = |title: &str| {
        let shown = shown.iter().find(|shown| shown.column.name.eq_ignore_ascii_case(title))?;
        cells.get(shown.at)?.as_str().filter(|words| !words.is_empty())
    };
    match told("Ready") {
        Some("False") => {
            let why = ["Message", "Status", "Reason"].into_iter().find_map(told);
            (Health::Degraded, why.map_or_else(|| "not ready".to_owned(), |why| format!("not ready: {why}")))
        }
        _ => fine(),
    }
}

/// The type and the name in `certificates.cert-manager.io/web`.
async fn found<'a>(env: &Env, id: &'a ResourceId) -> Result<(Arc<Cluster>, ApiType, &'a str), Fault> {
    let cluster = k8s::open(env, id).await?;
    let (sort, name) = id.id.split_once('/').ok_or_else(|| parts::gone(id))?;
    let found = cluster.type_called(sort).await?.ok_or_else(|| parts::gone(id))?;
    if found.group.is_empty() && found.plural == "secrets" {
        return Err(Fault::new(FaultClass::Invalid, "secrets are shown by k8s-secret, without their values"));
    }
    Ok((cluster, found, name))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let (cluster, found, name) = found(env, id).await?;
        let path = format!("{}/{name}", found.path(id.scope.namespace.as_deref()));
        let (printed, whole) =
            futures_util::future::try_join(cluster.printed(&path), cluster.read::<Json>(&path)).await?;
        let meta: ObjectMeta = serde_json::from_value(whole["metadata"].clone()).unwrap_or_default();
        let conditions: Vec<Condition> =
            serde_json::from_value(whole["status"]["conditions"].clone()).unwrap_or_default();
        let sections = vec![summary(&found, &printed), meta::conditions(&conditions)];
        Ok(detail::whole(&cluster, &found.kind, &meta, sections).await)
    })
}

/// What the server prints of one object.
fn summary(found: &ApiType, printed: &Printed) -> Section {
    let mut fields = vec![
        field("type", Value::text(&found.kind)),
        field("group", Value::text(&found.group)),
        field("version", Value::text(&found.version)),
    ];
    fields.push(field("namespace", Value::maybe(printed.row.object.metadata.namespace.as_deref())));
    let cell = |shown: &Shown| printed.row.cells.get(shown.at).map_or(Value::None, value);
    fields.extend(shown(&printed.columns).iter().map(|shown| field(&title(&shown.column.name), cell(shown))));
    fields.retain(|(_, value)| *value != Value::None);
    Section::Fields { title: "Summary", fields }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let (cluster, found, name) = found(env, id).await?;
        k8s::shown(cluster.read(&format!("{}/{name}", found.path(id.scope.namespace.as_deref()))).await?)
    })
}

#[cfg(test)]
mod tests;
