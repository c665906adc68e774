//! `pod`: pods of the Kubernetes clusters. Knows what the API server tells of them, nothing of nodes' insides.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::k8s::pod::Pod;
use super::k8s::{self, Look};
use super::{Asked, Column, KindDef, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, Health, Resource, ResourceId, Value};
use crate::providers::Env;
use crate::providers::kube::Object;

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
    raw: |env, id| Box::pin(k8s::raw::<Pod>(env, id)),
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

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let pods = look.all::<Pod>().await?;
        Ok(pods.iter().filter(|pod| look.takes(&pod.metadata)).map(|pod| row(look, pod)).collect())
    })
}

fn row(look: &Look, pod: &Pod) -> Resource {
    let cells = vec![
        look.cell(pod.metadata.namespace.as_deref()),
        look.cell(pod.status.phase.as_deref()),
        look.cell(pod.spec.node_name.as_deref()),
    ];
    look.row(KIND, &pod.metadata, (Health::Unknown, String::new()), cells)
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let pod = cluster.get::<Pod>(id.scope.namespace.as_deref(), &id.id).await?;
        Ok(Detail { sections: vec![parts::summary(&DEF, &row(&Look::at(&cluster), &pod))] })
    })
}

