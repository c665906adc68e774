//! Deployments: a replica set for each template, and the way from one to the next within surge and unavailability.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::KubeCluster;
use super::event::{About, Said};
use super::json::{condition, int, set, share, stamp, text};
use super::steps::Step;
use super::store::Store;
use super::template::hash_of;

/// Where a deployment's and a replica set's revision stands.
const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

/// A replica set, as far as its deployment needs it.
#[derive(Debug, Clone)]
struct Set {
    name: String,
    replicas: i64,
    ready: i64,
    available: i64,
    there: i64,
    revision: i64,
}

impl KubeCluster {
    pub(super) fn deployment(&mut self, namespace: &str, name: &str) {
        let Some(deployment) = self.store.doc("deployments", namespace, name).cloned() else { return };
        if deployment["metadata"].get("deletionTimestamp").is_some() {
            return;
        }
        let paused = deployment["spec"]["paused"] == true;
        let new = match self.newest(namespace, &deployment) {
            None if paused => None,
            None => Some(self.new_set(namespace, &deployment)),
            Some(new) => Some(new),
        };
        let sets = self.sets_of(namespace, &deployment);
        let (current, old): (Vec<Set>, Vec<Set>) =
            sets.into_iter().partition(|set| new.as_ref().is_some_and(|new| *new == set.name));
        if let (Some(current), false) = (current.first(), paused) {
            self.promote(namespace, name, current, &old);
            self.roll(namespace, &deployment, current, &old);
            self.prune(namespace, &deployment, &old);
        }
        self.deployment_status(namespace, &deployment, new.as_deref());
    }

    fn sets_of(&self, namespace: &str, deployment: &Value) -> Vec<Set> {
        let uid = text(deployment, "/metadata/uid");
        let of = |set: &Value| Set {
            name: text(set, "/metadata/name").to_owned(),
            replicas: int(set, "/spec/replicas").unwrap_or(0),
            ready: int(set, "/status/readyReplicas").unwrap_or(0),
            available: int(set, "/status/availableReplicas").unwrap_or(0),
            there: int(set, "/status/replicas").unwrap_or(0),
            revision: set["metadata"]["annotations"][REVISION].as_str().and_then(|it| it.parse().ok()).unwrap_or(0),
        };
        let own = |set: &&Value| Store::owner(set).is_some_and(|owner| owner["uid"] == uid);
        let mut all: Vec<Set> = self.store.docs("replicasets", namespace).filter(own).map(of).collect();
        all.sort_by_key(|set| set.revision);
        all
    }

    /// The replica set whose template is the deployment's.
    fn newest(&self, namespace: &str, deployment: &Value) -> Option<String> {
        let uid = text(deployment, "/metadata/uid");
        let mut sets = self.store.docs("replicasets", namespace);
        let set = sets.find(|set| {
            if Store::owner(set).is_none_or(|owner| owner["uid"] != uid) {
                return false;
            }
            let mut template = set["spec"]["template"].clone();
            super::json::unset(&mut template, "/metadata/labels", HASH);
            template == deployment["spec"]["template"]
        })?;
        Some(text(set, "/metadata/name").to_owned())
    }

    fn new_set(&mut self, namespace: &str, deployment: &Value) -> String {
        let hash = hash_of(&deployment["spec"]["template"]);
        let name = format!("{}-{hash}", text(deployment, "/metadata/name"));
        let now = self.now;
        self.add_set(namespace, deployment, &hash, (0, 0), now);
        name
    }

    /// A replica set of a deployment as it is; `counts` are its replicas and its revision.
    pub(super) fn add_set(
        &mut self,
        namespace: &str,
        deployment: &Value,
        hash: &str,
        counts: (i64, i64),
        since: Timestamp,
    ) {
        let name = format!("{}-{hash}", text(deployment, "/metadata/name"));
        let mut template = deployment["spec"]["template"].clone();
        set(&mut template, &["metadata", "labels", HASH], hash.into());
        let mut selector = deployment["spec"]["selector"].clone();
        set(&mut selector, &["matchLabels", HASH], hash.into());
        let set = json!({
            "metadata": {
                "name": name, "namespace": namespace, "labels": template["metadata"]["labels"],
                "annotations": {
                    REVISION: counts.1.to_string(),
                    "deployment.kubernetes.io/desired-replicas": deployment["spec"]["replicas"].to_string(),
                },
                "ownerReferences": [Store::reference("apps/v1", "Deployment", deployment)],
            },
            "spec": { "replicas": counts.0, "selector": selector, "template": template },
            "status": { "replicas": 0, "observedGeneration": 1 },
        });
        self.put("replicasets", set, since);
    }

    /// The set of the present template has the highest revision, which is the deployment's.
    fn promote(&mut self, namespace: &str, name: &str, current: &Set, old: &[Set]) {
        let highest = old.iter().map(|set| set.revision).max().unwrap_or(0);
        let revision = if current.revision > highest { current.revision } else { highest + 1 };
        let revision = Value::from(revision.to_string());
        for (plural, name) in [("replicasets", current.name.as_str()), ("deployments", name)] {
            self.store.edit(plural, namespace, name, |it| {
                set(it, &["metadata", "annotations", REVISION], revision.clone());
            });
        }
    }

    fn roll(&mut self, namespace: &str, deployment: &Value, current: &Set, old: &[Set]) {
        let desired = int(deployment, "/spec/replicas").unwrap_or(1);
        let recreate = text(deployment, "/spec/strategy/type") == "Recreate";
        let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
        let surge = if recreate { 0 } else { share(rolling.get("maxSurge"), desired, true, "25%") };
        let mut slack = if recreate { desired } else { share(rolling.get("maxUnavailable"), desired, false, "25%") };
        if surge == 0 && slack == 0 {
            slack = 1;
        }
        let old_replicas: i64 = old.iter().map(|set| set.replicas).sum();
        if current.replicas > desired || old_replicas == 0 {
            self.scale_set(namespace, deployment, current, desired);
        } else if current.replicas < desired && !(recreate && old.iter().any(|set| set.there > 0)) {
            let room = (desired + surge - current.replicas - old_replicas).max(0);
            self.scale_set(namespace, deployment, current, (current.replicas + room).min(desired));
        }
        if old_replicas > 0 {
            self.shrink_old(namespace, deployment, current, old, desired - slack);
        }
    }

    /// Takes pods from older sets: the sick ones first, then as many as can be spared.
    fn shrink_old(&mut self, namespace: &str, deployment: &Value, current: &Set, old: &[Set], least: i64) {
        let total: i64 = current.replicas + old.iter().map(|set| set.replicas).sum::<i64>();
        let mut spare = total - least - (current.replicas - current.available).max(0);
        if spare <= 0 {
            return;
        }
        let mut sets: Vec<Set> = old.to_vec();
        for set in &mut sets {
            let sick = (set.replicas - set.available).clamp(0, spare.max(0));
            set.replicas -= sick;
            spare -= sick;
        }
        // A set that was just made smaller does not know it yet.
        let known = |set: &Set| set.available.min(set.replicas);
        let available: i64 = known(current) + old.iter().map(known).sum::<i64>();
        let mut spare = (available - least).max(0);
        for set in &mut sets {
            let taken = set.replicas.min(spare);
            set.replicas -= taken;
            spare -= taken;
        }
        for (before, after) in old.iter().zip(&sets) {
            self.scale_set(namespace, deployment, before, after.replicas);
        }
    }

    fn scale_set(&mut self, namespace: &str, deployment: &Value, set: &Set, replicas: i64) {
        if set.replicas == replicas {
            return;
        }
        self.store.edit("replicasets", namespace, &set.name, |it| {
            it["spec"]["replicas"] = replicas.into();
            it["metadata"]["generation"] = (int(it, "/metadata/generation").unwrap_or(1) + 1).into();
        });
        let way = if replicas > set.replicas { "up" } else { "down" };
        let words = format!("Scaled {way} replica set {} from {} to {replicas}", set.name, set.replicas);
        let said = Said("Normal", "ScalingReplicaSet", "deployment-controller", words);
        self.tell(About::doc("deployments", deployment), said, None);
        self.touch(namespace);
    }

    /// Lets the oldest sets go that are past the history.
    fn prune(&mut self, namespace: &str, deployment: &Value, old: &[Set]) {
        let limit = int(deployment, "/spec/revisionHistoryLimit").unwrap_or(10).max(0) as usize;
        let empty: Vec<&Set> = old.iter().filter(|set| set.replicas == 0 && set.there == 0).collect();
        let now = self.now;
        for set in empty.iter().take(empty.len().saturating_sub(limit)) {
            self.store.remove("replicasets", namespace, &set.name, now);
        }
    }

    fn deployment_status(&mut self, namespace: &str, deployment: &Value, new: Option<&str>) {
        let sets = self.sets_of(namespace, deployment);
        let sum = |of: fn(&Set) -> i64| sets.iter().map(of).sum::<i64>();
        let desired = int(deployment, "/spec/replicas").unwrap_or(1);
        let (total, ready, available) = (sum(|set| set.there), sum(|set| set.ready), sum(|set| set.available));
        let updated = sets.iter().find(|set| Some(set.name.as_str()) == new).map_or(0, |set| set.there);
        let slack = share(deployment.pointer("/spec/strategy/rollingUpdate/maxUnavailable"), desired, false, "25%");
        let complete = updated == desired && total == desired && available >= desired;
        let progress = self.progress(namespace, deployment, (total, updated, available), new, complete);
        let enough = available >= desired - slack;
        let words = if enough {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        let before = condition(deployment, "Available");
        let now = stamp(self.now);
        let same = before.is_some_and(|it| it["status"] == words.0);
        let (moved, updated_at) = match before.filter(|_| same) {
            Some(before) => (before["lastTransitionTime"].clone(), before["lastUpdateTime"].clone()),
            None => (now.clone().into(), now.into()),
        };
        let available_now = json!({
            "type": "Available", "status": words.0, "reason": words.1, "message": words.2,
            "lastUpdateTime": updated_at, "lastTransitionTime": moved,
        });
        let mut status = json!({
            "observedGeneration": deployment["metadata"]["generation"], "replicas": total, "updatedReplicas": updated,
            "readyReplicas": ready, "availableReplicas": available, "unavailableReplicas": (total.max(desired) - available).max(0),
            "conditions": [available_now, progress],
        });
        if let Some(map) = status.as_object_mut() {
            map.retain(|_, value| value != 0);
        }
        self.store.edit("deployments", namespace, text(deployment, "/metadata/name"), |it| it["status"] = status);
    }

    /// The condition that tells how a rollout gets on; looks again when its deadline comes.
    fn progress(
        &mut self,
        namespace: &str,
        deployment: &Value,
        counts: (i64, i64, i64),
        new: Option<&str>,
        complete: bool,
    ) -> Value {
        let (total, updated, available) = counts;
        let before = condition(deployment, "Progressing");
        let set = new.unwrap_or_default();
        let about_it = before.is_some_and(|it| text(it, "/message").contains(&format!("\"{set}\"")));
        let was = before.map(|it| text(it, "/reason")).filter(|_| about_it).unwrap_or_default();
        let status = |field: &str| int(deployment, &format!("/status/{field}")).unwrap_or(0);
        let moved = updated > status("updatedReplicas")
            || available > status("availableReplicas")
            || total - updated < status("replicas") - status("updatedReplicas");
        let deadline = int(deployment, "/spec/progressDeadlineSeconds").unwrap_or(600);
        let last: Option<Timestamp> = before.and_then(|it| text(it, "/lastUpdateTime").parse().ok());
        let late = last.is_some_and(|last| super::after(last, deadline) <= self.now);
        let (state, reason, words) = if complete || was == "NewReplicaSetAvailable" {
            ("True", "NewReplicaSetAvailable", "has successfully progressed.")
        } else if was == "ProgressDeadlineExceeded" && !moved || about_it && late && !moved {
            ("False", "ProgressDeadlineExceeded", "has timed out progressing.")
        } else {
            ("True", "ReplicaSetUpdated", "is progressing.")
        };
        let now = stamp(self.now);
        if about_it && was == reason && !(moved && reason == "ReplicaSetUpdated") {
            return before.cloned().unwrap_or_default();
        }
        if reason == "ReplicaSetUpdated" {
            let at = super::after(self.now, deadline + 1);
            self.at(at, Step::Look(namespace.into()));
        }
        let same = before.filter(|it| it["status"] == state).map(|it| it["lastTransitionTime"].clone());
        json!({
            "type": "Progressing", "status": state, "reason": reason, "message": format!("ReplicaSet \"{set}\" {words}"),
            "lastUpdateTime": now, "lastTransitionTime": same.unwrap_or_else(|| now.clone().into()),
        })
    }
}

/// Names of all that a namespace has of a type.
pub(super) fn names(store: &Store, plural: &str, namespace: &str) -> Vec<String> {
    store.docs(plural, namespace).map(|it| text(it, "/metadata/name").to_owned()).collect()
}
