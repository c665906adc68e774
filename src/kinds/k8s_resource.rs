//! `k8s-resource`: the types of objects that the API servers have, CRDs included. Each leads to its objects.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::json;

use super::k8s::{self, Look, fields as common};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, Resource, ResourceId, Value};
use crate::providers::Env;
use crate::providers::aws::raw;
use crate::providers::kube::{ApiType, Cluster};

const KIND: &str = "k8s-resource";

/// Types of objects.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "k8s-resources",
    aliases: &["api-resources"],
    doc: "Types of objects that the Kubernetes clusters have, those of CRDs included; each leads to its objects",
    // Found by discovery, which can't be watched.
    system: System::Kubernetes(&[]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_mins(5),
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
    Column::text("type", "TYPE", (6, 30), Show::Table(0), "The word in manifests"),
    Column::text("group", "GROUP", (6, 30), Show::Table(3), "Its group; empty for the core group"),
    Column::text("version", "VERSION", (2, 10), Show::Table(2), "The version that the server prefers"),
    Column::text("short_names", "SHORT", (4, 14), Show::Table(1), "Further words for it"),
    Column::text("namespaced", "NAMESPACED", (3, 10), Show::Table(4), "Whether its objects live in namespaces"),
    Column::text("verbs", "VERBS", (8, 60), Show::Table(5), "What can be done with it"),
    common::CLUSTER,
    Column::text("plural", "PLURAL", (6, 30), Show::Data, "The word in paths"),
    Column::text("singular", "SINGULAR", (6, 30), Show::Data, "The word for one"),
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let types = look.cluster.types().await?;
        types.faults.iter().for_each(|fault| look.lacks(fault.clone()));
        Ok(types.items.iter().map(|found| row(look.cluster, found)).collect())
    })
}

/// The id of a type: its objects lie within it.
pub fn id_of(cluster: &Cluster, found: &ApiType) -> Arc<ResourceId> {
    parts::id(&cluster.scope, KIND, found.name())
}

fn row(cluster: &Cluster, found: &ApiType) -> Resource {
    let cells = vec![
        Value::text(&found.kind),
        Value::text(&found.group),
        Value::text(&found.version),
        Value::list(&found.short),
        Value::Bool(found.namespaced),
        Value::list(&found.verbs),
        Value::text(&cluster.name),
        Value::text(&found.plural),
        Value::text(&found.singular),
    ];
    parts::row(id_of(cluster, found), &found.name(), None, parts::fine(), cells)
}

async fn found(env: &Env, id: &ResourceId) -> Result<(Arc<Cluster>, ApiType), Fault> {
    let cluster = k8s::open(env, id).await?;
    let found = cluster.type_called(&id.id).await?.ok_or_else(|| parts::gone(id))?;
    Ok((cluster, found))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let (cluster, found) = found(env, id).await?;
        Ok(Detail { sections: vec![parts::summary(&DEF, &row(&cluster, &found))] })
    })
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let (_, found) = found(env, id).await?;
        raw::pretty(&json!({
            "name": found.plural,
            "singularName": found.singular,
            "shortNames": found.short,
            "kind": found.kind,
            "group": found.group,
            "version": found.version,
            "namespaced": found.namespaced,
            "verbs": found.verbs,
        }))
    })
}

fn relations(found: &Resource) -> Vec<Relation> {
    let listed = parts::items_of(&DEF, found, "verbs").iter().any(|verb| &**verb == "list");
    listed.then(|| parts::to_those_within("objects", "k8s-object", &found.id)).into_iter().collect()
}

/// What a person would call a type, as kubectl understands it, each in lower case: plural and group, plural, singular, short names.
pub fn words(found: &Resource) -> Vec<String> {
    let own = ["plural", "singular"].map(|column| parts::text_of(&DEF, found, column));
    let short = parts::items_of(&DEF, found, "short_names").iter().map(|short| &**short);
    parts::each_once([&*found.name].into_iter().chain(own).chain(short).map(str::to_lowercase))
}
