//! What the kinds of Kubernetes have in common: how their lists are made from what is watched, and words that several of them use.
//! The types of objects, with as much of them as is needed, are in the files beside this one.

pub mod apps;
pub mod batch;
pub mod certificate;
pub mod configmap;
pub mod detail;
pub mod event;
pub(super) mod fields;
pub mod history;
pub mod hpa;
pub mod ingress;
pub mod length;
pub mod logs;
pub mod meta;
pub mod namespace;
pub mod node;
pub mod pod;
pub mod printed;
pub mod pvc;
pub mod quantity;
pub mod secret;
pub mod service;
pub mod top;
pub mod warnings;
pub mod why;
pub mod workload;

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, join_all};
use kube::core::ObjectMeta;

use super::Sink;
use super::parts::Verdict;
use crate::model::{Fault, FaultClass, KindId, Resource, ResourceId, Scope, Value, text};
use crate::providers::Env;
use crate::providers::aws::raw;
use crate::providers::kube::{APPLIED, Cluster, Names, Object};

use meta::Texts;

/// The rows of one cluster, and why some may be old or missing.
type Rows = (Vec<Resource>, Vec<Fault>);

/// Makes the rows of one cluster.
pub type OfCluster = for<'a> fn(&'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>>;

/// A look into one cluster, for a list or for the detail of one object.
pub struct Look<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// What the list is asked within.
    pub within: Option<&'a ResourceId>,
    /// Texts that many rows share.
    pub texts: Texts,
    /// Whether somebody looks at the rows: else what is read is not watched on.
    seen: bool,
    faults: Mutex<Vec<Fault>>,
}

impl<'a> Look<'a> {
    /// For one object.
    pub fn at(cluster: &'a Cluster) -> Self {
        Self { cluster, within: None, texts: Texts::default(), seen: true, faults: Mutex::default() }
    }

    /// All objects of a type. A list can't do without them.
    pub async fn all<K: Object>(&self) -> Result<Vec<Arc<K>>, Fault> {
        let shelf = if self.seen { self.cluster.watched::<K>().await? } else { self.cluster.glanced::<K>().await? };
        shelf.fault.into_iter().for_each(|fault| self.lacks(fault));
        Ok(shelf.items)
    }

    /// All objects of a type that only say more of what is listed: a list can do without them, and says why it does.
    pub async fn besides<K: Object>(&self) -> Vec<Arc<K>> {
        self.all::<K>().await.unwrap_or_else(|fault| {
            self.lacks(fault);
            Vec::new()
        })
    }

    /// Something could not be had. What is said twice is said once.
    pub fn lacks(&self, fault: Fault) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// The namespace that the list is asked within, if it is one.
    pub fn namespace(&self) -> Option<&str> {
        self.within.filter(|id| id.kind == "namespace").map(|id| &*id.id)
    }

    /// Whether an object passes by the list's namespace, by the one that owns it, or because the list is of the whole cluster. What
    /// else a list can be asked within is the kind's own affair.
    pub fn takes(&self, meta: &ObjectMeta) -> bool {
        match self.within {
            None => true,
            Some(id) if id.kind == "namespace" => meta.namespace.as_deref() == Some(&*id.id),
            Some(id) if id.kind == "eks-cluster" => true,
            Some(id) => meta::is_owned_by(meta, id),
        }
    }

    /// The id of an object.
    pub fn id(&self, kind: KindId, meta: &ObjectMeta) -> Arc<ResourceId> {
        let name = meta.name.as_deref().unwrap_or_default();
        Arc::new(ResourceId { scope: self.place(meta.namespace.as_deref()), kind, id: name.into() })
    }

    /// The id of another object by its name.
    pub fn other(&self, kind: KindId, namespace: Option<&str>, name: &str) -> Arc<ResourceId> {
        Arc::new(ResourceId { scope: self.place(namespace), kind, id: self.texts.shared(name) })
    }

    /// Where an object lives.
    pub fn place(&self, namespace: Option<&str>) -> Scope {
        Scope { namespace: namespace.map(|name| self.texts.shared(name)), ..self.cluster.scope.clone() }
    }

    /// A row; name and reason are cleaned here.
    pub fn row(&self, kind: KindId, meta: &ObjectMeta, verdict: Verdict, cells: Vec<Value>) -> Resource {
        let id = self.id(kind, meta);
        let name = match text::clean(&id.id) {
            std::borrow::Cow::Borrowed(_) => Arc::clone(&id.id),
            std::borrow::Cow::Owned(clean) => clean.into(),
        };
        let (health, reason) = verdict;
        Resource { id, name, arn: None, health, reason: self.texts.shared(&text::clean(&reason)), cells: cells.into() }
    }

    /// A cell of a text that other rows are likely to have too.
    pub fn cell(&self, text: Option<&str>) -> Value {
        match text {
            None | Some("") => Value::None,
            Some(dirty) => Value::Text(self.texts.shared(&text::clean(dirty))),
        }
    }
}

/// Lists in every cluster of a region, or in the one that `within` lies in. A cluster that can't be had hides none of the others.
pub async fn list(env: &Env, within: Option<&ResourceId>, sink: &dyn Sink, of_cluster: OfCluster) -> Result<(), Fault> {
    let Names { names, fault } = match within.and_then(cluster_of) {
        Some(name) => Names { names: vec![name], fault: None },
        None => env.named_clusters().await,
    };
    let asked = names.iter().map(|name| async move {
        let cluster = env.cluster(name).await?;
        let look = Look { within, seen: sink.is_seen(), ..Look::at(&cluster) };
        let rows = of_cluster(&look).await?;
        Ok((rows, look.faults.into_inner().unwrap_or_else(PoisonError::into_inner)))
    });
    let mut answers: Vec<Result<Rows, Fault>> = join_all(asked).await;
    answers.extend(fault.map(Err));
    // Of a single cluster its fault is that of the whole list: what was there before stays.
    if let [Err(_)] = &answers[..] {
        return answers.remove(0).map(drop);
    }
    for answer in answers {
        match answer {
            Ok((rows, faults)) => {
                sink.page(rows);
                for fault in faults {
                    sink.lacks(fault);
                }
            }
            Err(fault) => sink.lacks(fault),
        }
    }
    Ok(())
}

/// The cluster that a resource lies in, or is.
pub fn cluster_of(id: &ResourceId) -> Option<Arc<str>> {
    if id.kind == "eks-cluster" { Some(Arc::clone(&id.id)) } else { id.scope.cluster.clone() }
}

/// The cluster of a resource that lies in one.
pub async fn open(env: &Env, id: &ResourceId) -> Result<Arc<Cluster>, Fault> {
    let name = cluster_of(id)
        .ok_or_else(|| Fault::new(FaultClass::Bug, format!("{} {} lies in no cluster", id.kind, id.id)))?;
    env.cluster(&name).await
}

/// The object itself as its server has it, without who wrote which field; what names itself a secret is masked.
pub async fn raw<K: Object>(env: &Env, id: &ResourceId) -> Result<String, Fault> {
    let cluster = open(env, id).await?;
    shown(cluster.read(&K::path(id.scope.namespace.as_deref(), &id.id)).await?)
}

/// An object as it may be shown: without who wrote which field, and with what names itself a secret masked.
pub fn shown(mut object: serde_json::Value) -> Result<String, Fault> {
    if let Some(meta) = object.get_mut("metadata").and_then(serde_json::Value::as_object_mut) {
        meta.shift_remove("managedFields");
        // The same object once more, as text in which nothing would be masked.
        if let Some(annotations) = meta.get_mut("annotations").and_then(serde_json::Value::as_object_mut) {
            annotations.shift_remove(APPLIED);
        }
    }
    raw::pretty(&raw::masked(object))
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
