//! Replica sets and jobs: so many pods of one template.

use std::sync::Arc;

use serde_json::{Value, json};

use super::KubeCluster;
use super::event::{About, Said};
use super::json::{int, list, stamp, text};
use super::pod::{Owner, Pod, State};
use super::template::letters;

impl KubeCluster {
    /// The owner that stands in its pods.
    pub(super) fn owner_of(plural: &'static str, json: &Value) -> Arc<Owner> {
        Arc::new(Owner {
            plural,
            name: text(json, "/metadata/name").to_owned(),
            uid: text(json, "/metadata/uid").to_owned(),
        })
    }

    pub(super) fn replica_set(&mut self, namespace: &str, name: &str) {
        let Some(set) = self.store.doc("replicasets", namespace, name) else { return };
        if set["metadata"].get("deletionTimestamp").is_some() {
            return;
        }
        let wanted = int(set, "/spec/replicas").unwrap_or(0).max(0) as usize;
        let uid = text(set, "/metadata/uid").to_owned();
        let mut live: Vec<&Pod> =
            self.store.pods(namespace).filter(|pod| pod.is_owned_by(&uid) && !pod.is_over()).collect();
        // Those that can best be spared come first.
        live.sort_by_key(|pod| {
            (pod.is_ready(), pod.node.is_some(), std::cmp::Reverse((pod.restarts == 0, pod.created)))
        });
        let (ready, there) = (live.iter().filter(|pod| pod.is_ready()).count(), live.len());
        let surplus: Vec<Arc<str>> =
            live.iter().take(there.saturating_sub(wanted)).map(|pod| Arc::clone(&pod.name)).collect();
        if there < wanted {
            let set = set.clone();
            self.add_pods(namespace, &set, wanted - there);
        }
        for pod in surplus {
            self.deleted_by(namespace, ("replicasets", name), "replicaset-controller", &pod);
        }
        let counted = wanted as i64;
        let ready = (ready as i64).min(counted);
        self.store.edit("replicasets", namespace, name, |set| {
            let mut status = json!({
                "replicas": counted, "fullyLabeledReplicas": counted, "readyReplicas": ready, "availableReplicas": ready,
                "observedGeneration": set["metadata"]["generation"],
            });
            if let Some(map) = status.as_object_mut() {
                map.retain(|key, value| key == "replicas" || *value != 0);
            }
            set["status"] = status;
        });
    }

    fn add_pods(&mut self, namespace: &str, set: &Value, count: usize) {
        let (name, uid) = (text(set, "/metadata/name"), text(set, "/metadata/uid"));
        let (owner, template) =
            (Self::owner_of("replicasets", set), self.template(uid, &set["spec"]["template"], None));
        for _ in 0..count {
            let pod = format!("{name}-{}", letters(self.dice.next(), 5));
            self.create_pod(namespace, &pod, Some(Arc::clone(&owner)), Arc::clone(&template));
            self.created_by("replicasets", set, "replicaset-controller", &pod);
        }
    }

    pub(super) fn created_by(&mut self, plural: &'static str, owner: &Value, by: &'static str, pod: &str) {
        let words = format!("Created pod: {pod}");
        self.tell(About::doc(plural, owner), Said("Normal", "SuccessfulCreate", by, words), None);
    }

    /// A controller asks a pod of its own to go.
    pub(super) fn deleted_by(&mut self, namespace: &str, owner: (&'static str, &str), by: &'static str, pod: &str) {
        self.terminate(namespace, pod, None);
        if let Some(json) = self.store.doc(owner.0, namespace, owner.1) {
            let about = About::doc(owner.0, json);
            self.tell(about, Said("Normal", "SuccessfulDelete", by, format!("Deleted pod: {pod}")), None);
        }
    }

    pub(super) fn job(&mut self, namespace: &str, name: &str) {
        let Some(job) = self.store.doc("jobs", namespace, name).cloned() else { return };
        let uid = text(&job, "/metadata/uid");
        let over = list(&job, "/status/conditions").iter().any(|it| it["type"] == "Complete" || it["type"] == "Failed");
        if over || job["metadata"].get("deletionTimestamp").is_some() {
            return;
        }
        let own: Vec<&Pod> = self.store.pods(namespace).filter(|pod| pod.is_owned_by(uid)).collect();
        let in_state = |state: State| own.iter().filter(|pod| pod.state == state).count() as i64;
        let (done, failed) = (in_state(State::Succeeded), in_state(State::Failed));
        let active = own.iter().filter(|pod| !pod.is_over()).count() as i64;
        let ready = own.iter().filter(|pod| pod.is_ready() || pod.state == State::Running).count() as i64;
        let (wanted, limit) =
            (int(&job, "/spec/completions").unwrap_or(1), int(&job, "/spec/backoffLimit").unwrap_or(6));
        let (finished, given_up) = (done >= wanted, failed > limit);
        if !finished && !given_up && active == 0 && job["spec"]["suspend"] != true {
            let template = self.template(uid, &job["spec"]["template"], Some(("batch.kubernetes.io/job-name", name)));
            let pod = format!("{name}-{}", letters(self.dice.next(), 5));
            self.create_pod(namespace, &pod, Some(Self::owner_of("jobs", &job)), template);
            self.created_by("jobs", &job, "job-controller", &pod);
        }
        let now = stamp(self.now);
        if finished {
            let said = Said("Normal", "Completed", "job-controller", "Job completed".to_owned());
            self.tell(About::doc("jobs", &job), said, None);
        }
        self.store.edit("jobs", namespace, name, |job| {
            let status = &mut job["status"];
            if status["startTime"].is_null() {
                status["startTime"] = now.clone().into();
            }
            for (field, count) in [("active", active), ("ready", ready), ("succeeded", done), ("failed", failed)] {
                status[field] = count.into();
            }
            let (kind, reason, words) = match (finished, given_up) {
                (true, _) => ("Complete", "CompletionsReached", "Reached expected number of succeeded pods"),
                (_, true) => ("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"),
                _ => return,
            };
            if finished {
                status["completionTime"] = now.clone().into();
            }
            status["conditions"] = json!([{
                "type": kind, "status": "True", "lastProbeTime": now, "lastTransitionTime": now, "reason": reason,
                "message": words,
            }]);
        });
    }
}
