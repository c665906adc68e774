//! `configmap`: config maps of the Kubernetes clusters: keys and sizes in lists, values in the detail.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use super::k8s::configmap::ConfigMap;
use super::k8s::{self, Look, detail, fields as common, meta};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, Resource, ResourceId, Section, Value, mask, text};
use crate::providers::Env;
use crate::providers::kube::Object;

const KIND: &str = "configmap";

/// Lines of one value that a detail shows.
const LINES: usize = 100;
/// Characters of one line that it shows.
const WIDE: usize = 400;

/// Config maps.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "configmaps",
    aliases: &["cm"],
    doc: "Config maps of the Kubernetes clusters: keys and sizes, values in the detail",
    system: System::Kubernetes(&[ConfigMap::PLURAL]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations: |_| Vec::<Relation>::new(),
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    common::NAMESPACE,
    Column::number("data", "DATA", 5, Show::Table(0), "How many keys it has"),
    Column::number("size", "SIZE", 8, Show::Table(2), "Bytes of all values"),
    Column::text("keys", "KEYS", (8, 60), Show::Table(3), "Its keys"),
    common::AGE,
    common::CLUSTER,
    Column::text("immutable", "IMMUTABLE", (3, 3), Show::Data, "Whether it can't be changed any more"),
    common::LABELS,
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let maps = look.all::<ConfigMap>().await?;
        Ok(maps.iter().filter(|map| look.takes(&map.metadata)).map(|map| row(look, map)).collect())
    })
}

fn row(look: &Look, map: &ConfigMap) -> Resource {
    let cells = vec![
        look.cell(map.metadata.namespace.as_deref()),
        Value::Int(map.keys().count() as i64),
        Value::Bytes(map.keys().map(|(_, bytes)| bytes).sum()),
        Value::list(map.keys().map(|(key, _)| key)),
        meta::age(&map.metadata),
        look.cell(Some(&look.cluster.name)),
        Value::Bool(map.immutable),
        meta::pairs(map.metadata.labels.as_ref()),
    ];
    look.row(KIND, &map.metadata, parts::fine(), cells)
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let path = ConfigMap::path(id.scope.namespace.as_deref(), &id.id);
        let whole: Json = cluster.read(&path).await?;
        let values = values(&mask::masked(whole["data"].clone()));
        let map: ConfigMap = serde_json::from_value(whole)
            .map_err(|error| Fault::new(crate::model::FaultClass::Malformed, format!("{path}: {error}")))?;
        let sections = vec![parts::summary(&DEF, &row(&Look::at(&cluster), &map)), keys(&map), values];
        Ok(detail::whole(&cluster, "ConfigMap", &map.metadata, sections).await)
    })
}

fn keys(map: &ConfigMap) -> Section {
    let row = |(key, bytes)| (vec![Value::text(key), Value::Bytes(bytes)], None);
    Section::Table { title: "Keys", columns: vec!["key", "size"], rows: map.keys().map(row).collect() }
}

/// The values, each after its key; of long ones the beginning.
fn values(data: &Json) -> Section {
    let mut lines = Vec::new();
    for (key, value) in data.as_object().into_iter().flatten() {
        if !lines.is_empty() {
            lines.push("".into());
        }
        lines.push(format!("{}:", text::clean(key)).into());
        let value = value.as_str().unwrap_or_default();
        lines.extend(value.lines().take(LINES).map(|line| line_of(line).into()));
        let more = value.lines().count().saturating_sub(LINES);
        if more > 0 {
            lines.push(format!("  … {} more", text::counted(more, "line", "lines")).into());
        }
    }
    Section::Text { title: "Values", lines }
}

fn line_of(line: &str) -> String {
    let clean = text::clean(line);
    match clean.char_indices().nth(WIDE) {
        Some((end, _)) => format!("  {}…", &clean[..end]),
        None => format!("  {clean}"),
    }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(k8s::raw::<ConfigMap>(env, id))
}

#[cfg(test)]
mod tests;
