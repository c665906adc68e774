//! Where the lines of pods and workloads are. Knows who writes, nothing of lines.

use std::sync::Arc;

use kube::core::ObjectMeta;
use serde::Deserialize;

use super::apps::Selector;
use super::batch::Job;
use super::meta::{self, or_default};
use super::pod::Pod;
use super::service::Service;
use crate::model::{Fault, LogOrigin, LogSource, PodsOf, ResourceId, text};
use crate::providers::Env;
use crate::providers::kube::Object;

/// Of a cron job, the lines of so many of its newest jobs.
const JOBS: usize = 3;

/// As much of a workload as says which pods are its own.
#[derive(Deserialize)]
struct Selecting {
    #[serde(default, deserialize_with = "or_default")]
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(deserialize_with = "or_default")]
    selector: Selector,
}

#[derive(Deserialize)]
struct Jobs {
    #[serde(default)]
    items: Vec<Job>,
}

/// A pod's containers, and what those wrote before that run again: a crash is told there. Of one that only waits to be started again
/// the last words are still its present ones.
pub async fn of_pod(env: &Env, id: &ResourceId) -> Result<Vec<LogSource>, Fault> {
    let cluster = super::open(env, id).await?;
    let pod = cluster.get::<Pod>(id.scope.namespace.as_deref(), &id.id).await?;
    let source = |container: Option<&str>, label: String| {
        let (pods, previous) = (PodsOf::One(Arc::clone(&id.id)), container.is_some());
        let of = LogOrigin::Pods { pods, container: container.map(Into::into), previous };
        LogSource { scope: id.scope.clone(), of, label: text::clean(&label).into() }
    };
    let alone = pod.spec.containers.len() == 1;
    let again = pod.status.container_statuses.iter().filter(|it| it.restart_count > 0 && it.state.running.is_some());
    let before = again.map(|it| {
        let label = if alone { format!("before {}", id.id) } else { format!("before {} of {}", it.name, id.id) };
        source(Some(&it.name), label)
    });
    Ok([source(None, id.id.to_string())].into_iter().chain(before).collect())
}

/// All pods that a workload selects, those that join later among them.
pub async fn of_workload<K: Object>(env: &Env, id: &ResourceId) -> Result<Vec<LogSource>, Fault> {
    let cluster = super::open(env, id).await?;
    let found: Selecting = cluster.read(&K::path(id.scope.namespace.as_deref(), &id.id)).await?;
    Ok(labelled(id, &id.id, &found.spec.selector.words()).into_iter().collect())
}

/// All pods that a service leads to.
pub async fn of_service(env: &Env, id: &ResourceId) -> Result<Vec<LogSource>, Fault> {
    let cluster = super::open(env, id).await?;
    let service = cluster.get::<Service>(id.scope.namespace.as_deref(), &id.id).await?;
    let words: Vec<String> = service.spec.selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Ok(labelled(id, &id.id, &words.join(",")).into_iter().collect())
}

/// The pods of a cron job's newest jobs.
pub async fn of_cron_job(env: &Env, id: &ResourceId) -> Result<Vec<LogSource>, Fault> {
    let cluster = super::open(env, id).await?;
    let namespace = id.scope.namespace.as_deref().unwrap_or_default();
    let jobs: Jobs = cluster.read(&format!("/apis/batch/v1/namespaces/{namespace}/jobs")).await?;
    let mut own: Vec<&ObjectMeta> =
        jobs.items.iter().map(|job| &job.metadata).filter(|job| meta::is_owned_by(job, id)).collect();
    own.sort_by(|one, other| other.creation_timestamp.cmp(&one.creation_timestamp));
    let names = own.into_iter().take(JOBS).filter_map(|job| job.name.as_deref());
    Ok(names.filter_map(|name| labelled(id, name, &format!("job-name={name}"))).collect())
}

fn labelled(id: &ResourceId, label: &str, words: &str) -> Option<LogSource> {
    // A selector without a word would be that of all pods.
    let pods = PodsOf::Labels(Some(words).filter(|words| !words.is_empty())?.into());
    let of = LogOrigin::Pods { pods, container: None, previous: false };
    Some(LogSource { scope: id.scope.clone(), of, label: text::clean(label).into() })
}
