//! What the kinds of Kubernetes have in common: how their lists are made from what is watched, and words that several of them use.
//! The types of objects, with as much of them as is needed, are in the files beside this one.

pub mod pod;

use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};

use super::Sink;
use crate::model::{Fault, Resource, ResourceId, Scope};
use crate::providers::Env;
use crate::providers::kube::Cluster;

/// The rows of one cluster, and why some may be old or missing.
pub type Rows = (Vec<Resource>, Vec<Fault>);

/// Makes the rows of one cluster.
pub type OfCluster = for<'a> fn(&'a Cluster) -> BoxFuture<'a, Result<Rows, Fault>>;

/// Lists in every cluster of a region, or in the one that `within` lies in. A cluster that can't be had hides none of the others.
pub async fn list(env: &Env, within: Option<&ResourceId>, sink: &dyn Sink, of_cluster: OfCluster) -> Result<(), Fault> {
    let names = match within.and_then(cluster_of) {
        Some(name) => vec![name],
        None => env.clusters().await?,
    };
    let asked = names.iter().map(|name| async move { of_cluster(&*env.cluster(name).await?).await });
    let mut answers = join_all(asked).await;
    // Of a single cluster its fault is that of the whole list: what was there before stays.
    if let [Err(_)] = &answers[..] {
        return answers.remove(0).map(drop);
    }
    for answer in answers {
        match answer {
            Ok((rows, faults)) => {
                sink.page(rows);
                faults.into_iter().for_each(|fault| sink.lacks(fault));
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
    let name = cluster_of(id).ok_or_else(|| {
        Fault::new(crate::model::FaultClass::Bug, format!("{} {} lies in no cluster", id.kind, id.id))
    })?;
    env.cluster(&name).await
}

/// Where an object lives.
pub fn place(cluster: &Cluster, namespace: Option<&str>) -> Scope {
    Scope { namespace: namespace.map(Into::into), ..cluster.scope.clone() }
}
