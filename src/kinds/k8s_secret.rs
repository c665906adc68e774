//! `k8s-secret`: secrets of the Kubernetes clusters: types, keys and sizes. Values are never read into memory, nor shown: not in lists,
//! not in details, not in raw.

use std::time::Duration;

use futures_util::future::BoxFuture;
use kube::core::ObjectMeta;
use serde_json::{Map, Value as Json, json};

use super::k8s::secret::Secret;
use super::k8s::{self, Look, detail, fields as common, meta};
use super::{Asked, Column, KindDef, Relation, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, FaultClass, Resource, ResourceId, Section, Value, text};
use crate::providers::Env;
use crate::providers::aws::raw;
use crate::providers::kube::{APPLIED, Cluster, Object};

const KIND: &str = "k8s-secret";

/// Secrets.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "k8s-secrets",
    aliases: &["secret", "secrets"],
    doc: "Secrets of the Kubernetes clusters: types, keys and sizes, never their values",
    system: System::Kubernetes(&[Secret::PLURAL]),
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
    Column::text("type", "TYPE", (6, 36), Show::Table(2), "Its type, such as Opaque or kubernetes.io/tls"),
    Column::number("data", "DATA", 5, Show::Table(0), "How many keys it has"),
    Column::number("size", "SIZE", 8, Show::Table(3), "Bytes of all values"),
    Column::text("keys", "KEYS", (8, 60), Show::Table(4), "Its keys"),
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
        let secrets = look.all::<Secret>().await?;
        Ok(secrets.iter().filter(|secret| look.takes(&secret.metadata)).map(|secret| row(look, secret)).collect())
    })
}

fn row(look: &Look, secret: &Secret) -> Resource {
    let cells = vec![
        look.cell(secret.metadata.namespace.as_deref()),
        look.cell(secret.sort.as_deref()),
        Value::Int(secret.data.len() as i64),
        Value::Bytes(secret.data.values().map(|length| length.0).sum()),
        Value::list(secret.data.keys()),
        meta::age(&secret.metadata),
        look.cell(Some(&look.cluster.name)),
        Value::Bool(secret.immutable),
        meta::pairs(secret.metadata.labels.as_ref()),
    ];
    look.row(KIND, &secret.metadata, parts::fine(), cells)
}

/// A secret without its values, in whatever part of it they stand.
async fn read(cluster: &Cluster, id: &ResourceId) -> Result<Secret, Fault> {
    // The client's own reading would log what it can't read.
    let path = Secret::path(id.scope.namespace.as_deref(), &id.id);
    let mut secret: Secret = cluster.read_as(&path, "application/json").await?;
    strip(&mut secret.metadata);
    Ok(secret)
}

fn strip(meta: &mut ObjectMeta) {
    meta.managed_fields = None;
    if let Some(annotations) = &mut meta.annotations {
        annotations.remove(APPLIED);
    }
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let secret = read(&cluster, id).await?;
        let key = |(key, length): (&String, &k8s::length::Base64Length)| {
            (vec![Value::text(key), Value::Bytes(length.0)], None)
        };
        let keys = secret.data.iter().map(key).collect();
        let keys = Section::Table { title: "Keys", columns: vec!["key", "size"], rows: keys };
        let sections = vec![parts::summary(&DEF, &row(&Look::at(&cluster), &secret)), keys];
        Ok(detail::whole(&cluster, "Secret", &secret.metadata, sections).await)
    })
}

/// The object with a length in the place of every value.
fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        raw::pretty(&shown(&read(&cluster, id).await?)?)
    })
}

fn shown(secret: &Secret) -> Result<Json, Fault> {
    let unreadable = |error: serde_json::Error| Fault::new(FaultClass::Bug, error.to_string());
    let data: Map<String, Json> =
        secret.data.iter().map(|(key, length)| (key.clone(), text::bytes(length.0).into())).collect();
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": serde_json::to_value(&secret.metadata).map_err(unreadable)?,
        "type": secret.sort,
        "immutable": secret.immutable,
        "data": data,
    }))
}

fn relations(secret: &Resource) -> Vec<Relation> {
    // The annotations of cert-manager are not in the row: whoever keeps it is found by the name of its secret.
    if parts::text_of(&DEF, secret, "type") != "kubernetes.io/tls" {
        return Vec::new();
    }
    let namespace = secret.id.scope.namespace.as_deref().unwrap_or_default();
    let scope = crate::model::Scope { namespace: None, ..secret.id.scope.clone() };
    let namespace = parts::id(&scope, "namespace", namespace);
    let filter = Some(parts::exactly("secret", [&secret.id.id]));
    vec![Relation { filter, ..parts::to_those_within("certificate", "k8s-certificate", &namespace) }]
}

#[cfg(test)]
mod tests;
