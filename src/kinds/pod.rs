//! `pod`: pods of the Kubernetes clusters. Knows what the API server tells of them, nothing of nodes' insides.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use super::k8s::pod::Pod;
use super::k8s::{self, Rows};
use super::{Asked, Column, KindDef, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, Health, Resource, ResourceId, Value};
use crate::providers::Env;
use crate::providers::aws::raw;
use crate::providers::kube::{Cluster, Object};

const KIND: &str = "pod";

/// Pods.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "pods",
    aliases: &["po"],
    doc: "Pods of the Kubernetes clusters",
    system: System::Kubernetes(&[Pod::PLURAL]),
    pane: None,
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations: |_| Vec::new(),
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    Column::text("namespace", "NAMESPACE", (6, 24), Show::Table(1), "Its namespace"),
    Column::text("status", "STATUS", (6, 20), Show::Table(0), "As kubectl tells it"),
    Column::text("node", "NODE", (8, 40), Show::Table(4), "The node it runs on"),
];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster(cluster: &Cluster) -> BoxFuture<'_, Result<Rows, Fault>> {
    Box::pin(async move {
        let shelf = cluster.watched::<Pod>().await?;
        Ok((shelf.items.iter().map(|pod| row(cluster, pod)).collect(), shelf.fault.into_iter().collect()))
    })
}

fn row(cluster: &Cluster, pod: &Pod) -> Resource {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let namespace = pod.metadata.namespace.as_deref();
    let cells = vec![
        Value::maybe(namespace),
        Value::maybe(pod.status.phase.as_deref()),
        Value::maybe(pod.spec.node_name.as_deref()),
    ];
    let id = parts::id(&k8s::place(cluster, namespace), KIND, name);
    parts::row(id, name, None, (Health::Unknown, String::new()), cells)
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let pod = cluster.get::<Pod>(id.scope.namespace.as_deref(), &id.id).await?;
        Ok(Detail { sections: vec![parts::summary(&DEF, &row(&cluster, &pod))] })
    })
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let whole: Json = cluster.read(&Pod::path(id.scope.namespace.as_deref(), &id.id)).await?;
        raw::pretty(&whole)
    })
}
