//! Stateful sets and daemon sets: pods with a place of their own, updated one after another, and the revisions they remember.

use std::sync::Arc;

use serde_json::{Value, json};

use super::KubeCluster;
use super::json::{int, list, text};
use super::pod::Pod;
use super::schedule::fits;
use super::store::{Object, Store};
use super::template::{hash_of, letters};

/// The label of a revision.
const REVISION: &str = "controller-revision-hash";

impl KubeCluster {
    /// The hash of the present template, which is kept as a revision.
    fn revision(&mut self, plural: &'static str, owner: &Value) -> String {
        let (namespace, name) = (text(owner, "/metadata/namespace"), text(owner, "/metadata/name"));
        let mut template = owner["spec"]["template"].clone();
        template["$patch"] = "replace".into();
        let data = json!({ "spec": { "template": template } });
        let uid = text(owner, "/metadata/uid");
        let own: Vec<(String, i64, bool)> = self
            .store
            .docs("controllerrevisions", namespace)
            .filter(|it| Store::owner(it).is_some_and(|owner| owner["uid"] == uid))
            .map(|it| (text(it, "/metadata/name").to_owned(), int(it, "/revision").unwrap_or(0), it["data"] == data))
            .collect();
        let newest = own.iter().map(|it| it.1).max().unwrap_or(0);
        if let Some((known, number, _)) = own.iter().find(|it| it.2) {
            if *number < newest {
                self.store.edit("controllerrevisions", namespace, known, |it| it["revision"] = (newest + 1).into());
            }
            return known.strip_prefix(name).unwrap_or(known).trim_start_matches('-').to_owned();
        }
        let hash = hash_of(&owner["spec"]["template"]);
        let kind = if plural == "daemonsets" { "DaemonSet" } else { "StatefulSet" };
        let revision = json!({
            "metadata": {
                "name": format!("{name}-{hash}"), "namespace": namespace, "labels": owner["spec"]["template"]["metadata"]["labels"],
                "ownerReferences": [Store::reference("apps/v1", kind, owner)],
            },
            "data": data, "revision": newest + 1,
        });
        let now = self.now;
        self.put("controllerrevisions", revision, now);
        hash
    }

    pub(super) fn stateful_set(&mut self, namespace: &str, name: &str) {
        let Some(set) = self.store.doc("statefulsets", namespace, name).cloned() else { return };
        if set["metadata"].get("deletionTimestamp").is_some() {
            return;
        }
        let hash = self.revision("statefulsets", &set);
        let wanted = int(&set, "/spec/replicas").unwrap_or(1);
        let uid = text(&set, "/metadata/uid");
        let pod =
            |number: i64| self.store.pod(namespace, &format!("{name}-{number}")).filter(|pod| pod.is_owned_by(uid));
        let updated = |pod: &Pod| pod.label(REVISION) == Some(hash.as_str());
        // The first that is missing or not ready stops all that come after it.
        let first = (0..wanted).find(|number| pod(*number).is_none_or(|pod| !pod.is_ready() || pod.deleting.is_some()));
        let beyond = (wanted..wanted + 50).take_while(|number| pod(*number).is_some()).last();
        let stale = (0..wanted).rev().find(|number| pod(*number).is_some_and(|pod| !updated(pod)));
        let all: Vec<&Pod> = self.store.pods(namespace).filter(|pod| pod.is_owned_by(uid)).collect();
        let counts = (
            all.len() as i64,
            all.iter().filter(|pod| pod.is_ready()).count() as i64,
            all.iter().filter(|pod| updated(pod)).count() as i64,
        );
        let step = match (first, beyond, stale) {
            (Some(number), _, _) if pod(number).is_none() => Some((number, true)),
            (Some(number), _, _) if pod(number).is_some_and(|pod| !updated(pod) && pod.deleting.is_none()) => {
                Some((number, false))
            }
            (None, Some(number), _) | (None, None, Some(number)) => Some((number, false)),
            _ => None,
        };
        match step {
            Some((number, true)) => {
                let template = self.template(uid, &set["spec"]["template"], Some((REVISION, &hash)));
                let pod = format!("{name}-{number}");
                self.create_pod(namespace, &pod, Some(Self::owner_of("statefulsets", &set)), template);
                self.created_by("statefulsets", &set, "statefulset-controller", &pod);
            }
            Some((number, false)) => {
                let pod = format!("{name}-{number}");
                self.deleted_by(namespace, ("statefulsets", name), "statefulset-controller", &pod);
            }
            None => {}
        }
        self.stateful_status(namespace, name, &format!("{name}-{hash}"), counts);
    }

    fn stateful_status(&mut self, namespace: &str, name: &str, revision: &str, counts: (i64, i64, i64)) {
        let (there, ready, updated) = counts;
        self.store.edit("statefulsets", namespace, name, |set| {
            let wanted = int(set, "/spec/replicas").unwrap_or(1);
            let before = set["status"]["currentRevision"].clone();
            let done = updated == wanted && ready == wanted || before.is_null();
            let current = if done { json!(revision) } else { before };
            let stays = if current == revision { updated } else { there - updated };
            set["status"] = json!({
                "observedGeneration": set["metadata"]["generation"], "replicas": there, "readyReplicas": ready,
                "availableReplicas": ready, "currentReplicas": stays, "updatedReplicas": updated, "collisionCount": 0,
                "currentRevision": current, "updateRevision": revision,
            });
        });
    }

    pub(super) fn daemon_set(&mut self, namespace: &str, name: &str) {
        let Some(set) = self.store.doc("daemonsets", namespace, name).cloned() else { return };
        if set["metadata"].get("deletionTimestamp").is_some() {
            return;
        }
        let hash = self.revision("daemonsets", &set);
        let uid = text(&set, "/metadata/uid");
        let spec = &set["spec"]["template"]["spec"];
        let nodes: Vec<Arc<str>> = self
            .store
            .list("nodes", None)
            .filter(|node| matches!(node, Object::Doc(doc) if fits(&doc.json, spec)))
            .map(|node| Arc::from(node.name()))
            .collect();
        let own: Vec<&Pod> = self.store.pods(namespace).filter(|pod| pod.is_owned_by(uid)).collect();
        let on = |node: &Arc<str>| own.iter().any(|pod| pod.node.as_ref() == Some(node));
        let missing: Vec<Arc<str>> = nodes.iter().filter(|node| !on(node)).cloned().collect();
        let updated = |pod: &&&Pod| pod.label(REVISION) == Some(hash.as_str());
        let ready = own.iter().filter(|pod| pod.is_ready() && pod.deleting.is_none()).count();
        let new = own.iter().filter(updated).count();
        let stale = own.iter().find(|pod| !updated(pod) && pod.deleting.is_none()).map(|pod| Arc::clone(&pod.name));
        let counts = (nodes.len(), own.len(), ready, new);
        let calm = missing.is_empty() && ready == own.len();
        if !missing.is_empty() {
            let template = self.template(uid, &set["spec"]["template"], Some((REVISION, &hash)));
            let owner = Self::owner_of("daemonsets", &set);
            for node in missing {
                let pod = format!("{name}-{}", letters(self.dice.next(), 5));
                self.create_pod(namespace, &pod, Some(Arc::clone(&owner)), Arc::clone(&template));
                self.created_by("daemonsets", &set, "daemonset-controller", &pod);
                self.bound(namespace, &pod, &node);
            }
        } else if let Some(stale) = stale.filter(|_| calm && text(&set, "/spec/updateStrategy/type") != "OnDelete") {
            self.deleted_by(namespace, ("daemonsets", name), "daemonset-controller", &stale);
        }
        self.daemon_status(namespace, name, counts);
    }

    fn daemon_status(&mut self, namespace: &str, name: &str, counts: (usize, usize, usize, usize)) {
        let (wanted, there, ready, updated) = counts;
        self.store.edit("daemonsets", namespace, name, |set| {
            let mut status = json!({
                "observedGeneration": set["metadata"]["generation"], "desiredNumberScheduled": wanted,
                "currentNumberScheduled": there.min(wanted), "numberMisscheduled": 0, "numberReady": ready,
                "updatedNumberScheduled": updated, "numberAvailable": ready, "numberUnavailable": wanted - ready.min(wanted),
            });
            let always = ["desiredNumberScheduled", "currentNumberScheduled", "numberMisscheduled", "numberReady"];
            if let Some(map) = status.as_object_mut() {
                map.retain(|key, value| *value != 0 || always.contains(&key.as_str()));
            }
            set["status"] = status;
        });
    }
}

/// The claims that a pod uses.
pub(super) fn claims(pod: &Pod) -> impl Iterator<Item = String> {
    let index = pod.label("apps.kubernetes.io/pod-index").map(str::to_owned);
    let owner = pod.owner.as_ref().map(|owner| owner.name.clone());
    list(&pod.template.spec, "/volumes").iter().filter_map(move |volume| {
        let claim = text(volume, "/persistentVolumeClaim/claimName");
        match (claim, &index, &owner) {
            ("", _, _) => None,
            // Those of a stateful set are named after the pod.
            (claim, Some(index), Some(owner)) => Some(format!("{claim}-{owner}-{index}")),
            (claim, _, _) => Some(claim.to_owned()),
        }
    })
}
