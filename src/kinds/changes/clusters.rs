//! What Kubernetes clusters tell: revisions of workloads, by their replica sets and controller revisions, and the events that change
//! something. Events are kept for an hour by most clusters, revisions for as long as they can be gone back to.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::{join_all, join3};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::core::ObjectMeta;
use serde::Deserialize;

use super::{Change, ChangeSource, Line, Told, change};
use crate::kinds::k8s::apps::{
    ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet, Template, image_word,
};
use crate::kinds::k8s::event::Event;
use crate::kinds::k8s::{self, history, meta};
use crate::model::{Fault, KindId, ResourceId, Scope};
use crate::providers::Env;
use crate::providers::kube::{Cluster, Names, Object, Shelf};

/// Events that change something. That images are pulled, pods are placed and probes fail is the course of things.
const TELLING: [&str; 27] = [
    "ScalingReplicaSet",
    "DeploymentRollback",
    "SuccessfulRescale",
    "Killing",
    "Evicted",
    "Preempted",
    "Preempting",
    "OOMKilling",
    "SystemOOM",
    "TaintManagerEviction",
    "TriggeredScaleUp",
    "ScaleDown",
    "FailedCreate",
    "SuccessfulDelete",
    "BackoffLimitExceeded",
    "DeadlineExceeded",
    "NodeReady",
    "NodeNotReady",
    "NodeSchedulable",
    "NodeNotSchedulable",
    "Rebooted",
    "RemovingNode",
    "FileSystemResizeSuccessful",
    "ProvisioningFailed",
    "Issuing",
    "Suspended",
    "Resumed",
];

/// Workloads that are asked who has changed them: more are not rolled out in the time that anybody looks back.
const ASKED: usize = 20;

/// A revision is made at once when a workload is changed.
const AT_ONCE: i64 = 60;

/// Of one object, of what lies in a namespace or cluster, or of all clusters.
pub async fn read(env: &Env, since: Timestamp, about: Option<&ResourceId>) -> Vec<Told> {
    let Names { names, fault } = match about {
        None => env.named_clusters().await,
        Some(id) if id.kind == "eks-cluster" || super::is_in_cluster(id) => {
            Names { names: k8s::cluster_of(id).into_iter().collect(), fault: None }
        }
        Some(_) => return Vec::new(),
    };
    let about = about.filter(|id| id.kind != "eks-cluster");
    let told = join_all(names.iter().map(|name| of_cluster(env, name, since, about))).await;
    told.into_iter().flatten().chain(fault.map(failed)).collect()
}

fn failed(fault: Fault) -> Told {
    Told::new(Vec::new(), Err(fault))
}

async fn of_cluster(env: &Env, name: &Arc<str>, since: Timestamp, about: Option<&ResourceId>) -> Vec<Told> {
    let cluster = match env.cluster(name).await {
        Ok(cluster) => cluster,
        Err(fault) => return vec![failed(fault)],
    };
    let (sets, revisions, events) = join3(
        had::<ReplicaSet>(&cluster, about, &["deployment", "replicaset", "namespace"]),
        had::<ControllerRevision>(&cluster, about, &["statefulset", "daemonset", "namespace"]),
        cluster.glanced::<Event>(),
    )
    .await;
    let mut faults = Vec::new();
    let (sets, revisions, events) =
        (items(sets, &mut faults), items(revisions, &mut faults), items(events, &mut faults));
    // A cluster that can't be reached says so once.
    if sets.is_none() && revisions.is_none() && events.is_none() {
        return faults.into_iter().take(1).map(failed).collect();
    }
    let (sets, revisions, events) =
        (sets.unwrap_or_default(), revisions.unwrap_or_default(), events.unwrap_or_default());
    let all = Revision::all(&sets, &revisions);
    let new: Vec<&Revision> =
        all.iter().filter(|one| one.made >= since && one.is_about(&cluster.scope, about)).collect();
    let managers = managers(&cluster, &new).await;
    let mut changes: Vec<Change> = new.iter().map(|one| one.change(&cluster.scope, &all, &managers)).collect();
    let family = Family::of(about, &all);
    changes.extend(events.iter().filter_map(|event| of_event(&cluster.scope, event, since, &family)));
    std::iter::once(Told::new(changes, Ok(()))).chain(faults.into_iter().map(failed)).collect()
}

/// Objects of a type, where it tells anything about that: nothing where it does not.
async fn had<K: Object>(cluster: &Cluster, about: Option<&ResourceId>, of: &[KindId]) -> Result<Shelf<K>, Fault> {
    if about.is_none_or(|id| of.contains(&id.kind)) {
        cluster.glanced::<K>().await
    } else {
        Ok(Shelf { items: Vec::new(), fault: None })
    }
}

fn items<K>(shelf: Result<Shelf<K>, Fault>, faults: &mut Vec<Fault>) -> Option<Vec<Arc<K>>> {
    match shelf {
        Ok(shelf) => {
            faults.extend(shelf.fault);
            Some(shelf.items)
        }
        Err(fault) => {
            faults.push(fault);
            None
        }
    }
}

/// A revision of a workload.
struct Revision<'a> {
    meta: &'a ObjectMeta,
    number: i64,
    template: &'a Template,
    /// The workload.
    owner: &'a OwnerReference,
    made: Timestamp,
}

/// A workload: kind of the API, namespace, name.
type Workload = (String, Option<String>, String);

/// Who has written something of a workload last, and when.
type Managers = HashMap<Workload, Vec<(String, Timestamp)>>;

impl<'a> Revision<'a> {
    /// Those of deployments and of the others. What nobody owns is no revision.
    fn all(sets: &'a [Arc<ReplicaSet>], revisions: &'a [Arc<ControllerRevision>]) -> Vec<Self> {
        let of = |meta: &'a ObjectMeta, number, template| {
            Some(Self { meta, number, template, owner: meta::owner(meta)?, made: meta::created(meta)? })
        };
        let sets = sets.iter().filter_map(|it| of(&it.metadata, history::revision(&it.metadata)?, &it.spec.template));
        let others = revisions.iter().filter_map(|it| of(&it.metadata, it.revision, &it.data.spec.template));
        sets.chain(others).collect()
    }

    fn is_about(&self, scope: &Scope, about: Option<&ResourceId>) -> bool {
        let Some(id) = about else { return true };
        let here = |namespace: &str| self.meta.namespace.as_deref() == Some(namespace);
        match id.kind {
            "namespace" => here(&id.id),
            "replicaset" => {
                here(id.scope.namespace.as_deref().unwrap_or_default()) && self.meta.name.as_deref() == Some(&*id.id)
            }
            _ => self.workload(scope).is_some_and(|workload| *workload == *id),
        }
    }

    fn workload(&self, scope: &Scope) -> Option<Arc<ResourceId>> {
        meta::object_id(scope, &self.owner.kind, self.meta.namespace.as_deref(), &self.owner.name)
    }

    fn key(&self) -> Workload {
        (self.owner.kind.clone(), self.meta.namespace.clone(), self.owner.name.clone())
    }

    /// The revision before this one.
    fn before<'b>(&self, all: &'b [Self]) -> Option<&'b Self> {
        let earlier = all.iter().filter(|one| one.owner.uid == self.owner.uid && one.number < self.number);
        earlier.max_by_key(|one| one.number)
    }

    fn change(&self, scope: &Scope, all: &[Self], managers: &Managers) -> Change {
        let controller = match self.owner.kind.as_str() {
            "Deployment" => "deployment-controller",
            "StatefulSet" => "statefulset-controller",
            "DaemonSet" => "daemonset-controller",
            _ => "",
        };
        let apart = |at: &Timestamp| at.duration_since(self.made).as_secs().abs();
        let written = managers.get(&self.key()).into_iter().flatten().filter(|(_, at)| apart(at) <= AT_ONCE);
        let who = written.min_by_key(|(_, at)| apart(at)).map_or(controller, |(who, _)| who);
        let line = Line {
            at: self.made,
            source: ChangeSource::KubeRevision,
            id: self.meta.uid.as_deref(),
            who,
            what: &self.words(self.before(all)),
            name: &self.owner.name,
            resource: self.workload(scope),
            failed: false,
        };
        change(scope, line)
    }

    /// What is new in it: images, where they differ.
    fn words(&self, before: Option<&Self>) -> String {
        let what = match before {
            None => self.template.images().map(image_word).collect::<Vec<_>>().join(", "),
            Some(before) => match images(before.template, self.template) {
                images if !images.is_empty() => images.join(", "),
                _ if self.template.restarted() != before.template.restarted() => "restarted by hand".to_owned(),
                _ => "the images are the same".to_owned(),
            },
        };
        let cause = history::cause(self.meta).map(|cause| format!(" ({cause})")).unwrap_or_default();
        format!("revision {}: {what}{cause}", self.number)
    }
}

/// What has become of the images, container by container.
fn images(before: &Template, now: &Template) -> Vec<String> {
    let (old, new) = (&before.spec.containers, &now.spec.containers);
    let named = |image: &Option<String>| image.clone().unwrap_or_default();
    let changed = new.iter().filter_map(|container| {
        let image = named(&container.image);
        match old.iter().find(|known| known.name == container.name).map(|known| named(&known.image)) {
            Some(known) if known == image => None,
            // The same image from elsewhere.
            Some(known) if image_word(&known) == image_word(&image) => Some(format!("{known} → {image}")),
            Some(known) => Some(format!("{} → {}", image_word(&known), image_word(&image))),
            None => Some(format!("with {} ({})", container.name, image_word(&image))),
        }
    });
    let gone = old.iter().filter(|known| new.iter().all(|container| container.name != known.name));
    changed.chain(gone.map(|container| format!("without {}", container.name))).collect()
}

/// Who has changed these workloads: the API server notes it. What can't be read is not told.
async fn managers(cluster: &Cluster, new: &[&Revision<'_>]) -> Managers {
    let mut workloads: Vec<Workload> = new.iter().map(|one| one.key()).collect();
    workloads.sort();
    workloads.dedup();
    let asked = workloads.into_iter().take(ASKED).map(|workload| async move {
        let (kind, namespace, name) = &workload;
        let path = match kind.as_str() {
            "Deployment" => Deployment::path(namespace.as_deref(), name),
            "StatefulSet" => StatefulSet::path(namespace.as_deref(), name),
            "DaemonSet" => DaemonSet::path(namespace.as_deref(), name),
            _ => return None,
        };
        let read: Owner = cluster.read(&path).await.ok()?;
        Some((workload, written(&read.metadata)))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// As much of a workload as is needed here.
#[derive(Deserialize)]
struct Owner {
    metadata: ObjectMeta,
}

/// Who has written what is wanted. That controllers write down what is, is no change.
fn written(meta: &ObjectMeta) -> Vec<(String, Timestamp)> {
    let entries = meta.managed_fields.iter().flatten();
    let wanted = entries.filter(|entry| entry.subresource.is_none());
    let named = wanted.filter_map(|entry| Some((entry.manager.clone()?, entry.time.as_ref()?.0)));
    named.filter(|(manager, _)| manager != "kube-controller-manager").collect()
}

/// What events are asked about.
struct Family<'a> {
    about: Option<&'a ResourceId>,
    /// Names of what makes its pods: they begin with it.
    makers: Vec<&'a str>,
}

impl<'a> Family<'a> {
    fn of(about: Option<&'a ResourceId>, all: &[Revision<'a>]) -> Self {
        let makers = match about {
            Some(id) if id.kind == "deployment" => {
                let own = all.iter().filter(|one| {
                    one.owner.kind == "Deployment"
                        && *one.owner.name == *id.id
                        && one.meta.namespace.as_deref() == id.scope.namespace.as_deref()
                });
                own.filter_map(|one| one.meta.name.as_deref()).collect()
            }
            Some(id) if ["replicaset", "statefulset", "daemonset", "job"].contains(&id.kind) => vec![&*id.id],
            _ => Vec::new(),
        };
        Self { about, makers }
    }

    fn has(&self, event: &Event) -> bool {
        let Some(id) = self.about else { return true };
        let object = &event.involved_object;
        let (kind, name) = (object.kind.as_deref().unwrap_or_default(), object.name.as_deref().unwrap_or_default());
        let namespace = object.namespace.as_deref();
        if id.kind == "namespace" {
            return namespace == Some(&*id.id) || (kind == "Namespace" && *name == *id.id);
        }
        let place = id.scope.namespace.as_deref();
        if place.is_some() && place != namespace {
            return false;
        }
        let made = |maker: &&str| name.strip_prefix(*maker).is_some_and(is_suffix);
        match kind {
            "Pod" if self.makers.iter().any(made) => true,
            "ReplicaSet" if self.makers.contains(&name) => true,
            kind => meta::kind_of(kind) == Some(id.kind) && *name == *id.id,
        }
    }
}

/// What a pod's name has after that of its maker: `-x7k2p`, `-0`.
fn is_suffix(rest: &str) -> bool {
    rest.strip_prefix('-').is_some_and(|suffix| !suffix.is_empty() && !suffix.contains('-'))
}

fn of_event(scope: &Scope, event: &Event, since: Timestamp, family: &Family) -> Option<Change> {
    let at = event.last().filter(|at| *at >= since)?;
    if !TELLING.contains(&event.why()) || !family.has(event) {
        return None;
    }
    let words = if event.words().is_empty() { event.why() } else { event.words() };
    let times = match event.times() {
        1 => String::new(),
        times => format!(" ({times} times)"),
    };
    let line = Line {
        at,
        source: ChangeSource::KubeEvent,
        id: None,
        who: event.teller().unwrap_or_default(),
        what: &format!("{words}{times}"),
        name: event.involved_object.name.as_deref().unwrap_or_default(),
        resource: event.about_id(scope),
        failed: event.is_warning(),
    };
    Some(change(scope, line))
}

#[cfg(test)]
mod tests;
