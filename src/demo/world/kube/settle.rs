//! The controllers' round: they look at the namespaces in which something has changed until nothing does any more. Garbage is
//! collected, and what follows from pods is brought in line: disruption budgets, endpoints, quotas.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::KubeCluster;
use super::deploy::names;
use super::json::{int, list, map, selects, set, share, text};
use super::pod::Pod;
use super::stateful::claims;
use super::store::Store;

/// What can belong to something else.
const OWNED: [&str; 5] = ["replicasets", "jobs", "controllerrevisions", "certificaterequests", "endpointslices"];
/// A round that comes to no end is left; the next change goes on with it.
const ROUNDS: usize = 12;

impl KubeCluster {
    /// Lets the controllers look at whatever has changed.
    pub(super) fn settle(&mut self) {
        for _ in 0..ROUNDS {
            let dirty = std::mem::take(&mut self.dirty);
            if dirty.is_empty() {
                return;
            }
            for namespace in dirty {
                self.settle_namespace(&namespace);
            }
        }
    }

    fn settle_namespace(&mut self, namespace: &str) {
        self.collect_garbage(namespace);
        for name in names(&self.store, "deployments", namespace) {
            self.deployment(namespace, &name);
        }
        for name in names(&self.store, "replicasets", namespace) {
            self.replica_set(namespace, &name);
        }
        // Their pods' numbers are in the sets only now.
        for name in names(&self.store, "deployments", namespace) {
            self.deployment(namespace, &name);
        }
        for name in names(&self.store, "statefulsets", namespace) {
            self.stateful_set(namespace, &name);
        }
        for name in names(&self.store, "daemonsets", namespace) {
            self.daemon_set(namespace, &name);
        }
        for name in names(&self.store, "jobs", namespace) {
            self.job(namespace, &name);
        }
        self.budgets(namespace);
        self.endpoints(namespace);
        self.quotas(namespace);
        self.renew_missing(namespace);
    }

    /// What has no owner any more goes, and what waits for that goes after it.
    fn collect_garbage(&mut self, namespace: &str) {
        let mut there: HashSet<String> = HashSet::new();
        let mut leaving: Vec<(&'static str, String, String)> = Vec::new();
        for plural in
            ["deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs", "certificates", "services"]
        {
            for json in self.store.docs(plural, namespace) {
                let uid = text(json, "/metadata/uid").to_owned();
                if list(json, "/metadata/finalizers").iter().any(|it| it == "foregroundDeletion") {
                    leaving.push((plural, text(json, "/metadata/name").to_owned(), uid));
                } else {
                    there.insert(uid);
                }
            }
        }
        let orphans: Vec<(&'static str, String)> = OWNED
            .into_iter()
            .flat_map(|plural| self.store.docs(plural, namespace).map(move |json| (plural, json)))
            .filter(|(_, json)| Store::owner(json).is_some_and(|owner| !there.contains(text(owner, "/uid"))))
            .map(|(plural, json)| (plural, text(json, "/metadata/name").to_owned()))
            .collect();
        let lost =
            |pod: &&Pod| pod.owner.as_ref().is_some_and(|owner| !there.contains(&owner.uid)) && pod.deleting.is_none();
        let pods: Vec<String> = self.store.pods(namespace).filter(lost).map(|pod| pod.name.to_string()).collect();
        let now = self.now;
        for (plural, name) in
            orphans.iter().filter(|(plural, name)| !leaving.iter().any(|it| it.0 == *plural && it.1 == *name))
        {
            let dependents = leaving.iter().any(|_| *plural == "replicasets");
            if dependents {
                // Its own pods go before it does.
                self.store.edit(plural, namespace, name, |it| finalize(it, "foregroundDeletion", now));
            } else {
                self.store.remove(plural, namespace, name, now);
            }
            self.touch(namespace);
        }
        for pod in pods {
            self.terminate(namespace, &pod, None);
        }
        for (plural, name, uid) in leaving {
            let has_pods = self.store.pods(namespace).any(|pod| pod.is_owned_by(&uid));
            let has_sets = OWNED
                .into_iter()
                .flat_map(|plural| self.store.docs(plural, namespace))
                .any(|json| Store::owner(json).is_some_and(|owner| owner["uid"] == uid.as_str()));
            if !has_pods && !has_sets {
                self.store.remove(plural, namespace, &name, now);
                self.touch(namespace);
            }
        }
        self.release_claims(namespace);
    }

    /// A claim that is to go does so when no pod uses it.
    fn release_claims(&mut self, namespace: &str) {
        let waiting: Vec<String> = self
            .store
            .docs("persistentvolumeclaims", namespace)
            .filter(|it| it["metadata"].get("deletionTimestamp").is_some())
            .map(|it| text(it, "/metadata/name").to_owned())
            .collect();
        for name in waiting {
            let used = self.store.pods(namespace).any(|pod| claims(pod).any(|claim| claim == name));
            if !used {
                let now = self.now;
                self.store.remove("persistentvolumeclaims", namespace, &name, now);
            }
        }
    }

    fn budgets(&mut self, namespace: &str) {
        for name in names(&self.store, "poddisruptionbudgets", namespace) {
            let Some(budget) = self.store.doc("poddisruptionbudgets", namespace, &name) else { continue };
            let selector = &budget["spec"]["selector"];
            let pods =
                self.store.pods(namespace).filter(|pod| !pod.is_over() && selects(selector, |key| pod.label(key)));
            let (mut there, mut healthy) = (0, 0);
            for pod in pods {
                there += 1;
                healthy += i64::from(pod.is_ready());
            }
            let spec = &budget["spec"];
            let least = match spec.get("maxUnavailable") {
                Some(most) => there - share(Some(most), there, true, "1"),
                None => share(spec.get("minAvailable"), there, true, "1"),
            };
            let allowed = (healthy - least).max(0);
            let (enough, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
            let now = super::stamp(self.now);
            self.store.edit("poddisruptionbudgets", namespace, &name, |it| {
                let before = super::condition(it, "DisruptionAllowed").filter(|it| it["status"] == enough);
                let since = before.map_or_else(|| now.into(), |it| it["lastTransitionTime"].clone());
                it["status"] = json!({
                    "currentHealthy": healthy, "desiredHealthy": least, "disruptionsAllowed": allowed, "expectedPods": there,
                    "observedGeneration": it["metadata"]["generation"],
                    "conditions": [{
                        "type": "DisruptionAllowed", "status": enough, "reason": reason, "message": "",
                        "lastTransitionTime": since, "observedGeneration": it["metadata"]["generation"],
                    }],
                });
            });
        }
    }

    /// The endpoints of services: pods that are ready, and those that are not.
    fn endpoints(&mut self, namespace: &str) {
        let services: Vec<(String, Value, Value)> = self
            .store
            .docs("services", namespace)
            .filter(|it| map(it, "/spec/selector").is_some())
            .map(|it| {
                (text(it, "/metadata/name").to_owned(), it["spec"].clone(), Store::reference("v1", "Service", it))
            })
            .collect();
        for (name, spec, owner) in services {
            let selector = json!({ "matchLabels": spec["selector"] });
            let mut endpoints = Vec::new();
            for pod in self.store.pods(namespace).filter(|pod| selects(&selector, |key| pod.label(key))) {
                let Some(ip) = pod.ip.filter(|_| pod.started.is_some()) else { continue };
                let (ready, leaving) = (pod.is_ready(), pod.deleting.is_some());
                endpoints.push(json!({
                    "addresses": [ip.to_string()], "nodeName": pod.node.as_deref(),
                    "conditions": { "ready": ready && !leaving, "serving": ready, "terminating": leaving },
                    "targetRef": { "kind": "Pod", "namespace": namespace, "name": &*pod.name, "uid": pod.uid },
                }));
            }
            let slice = format!("{name}-{}", super::template::letters(super::super::dice::hash(self.seed, &name), 5));
            if self.store.get("endpointslices", namespace, &slice).is_none() {
                let ports: Vec<Value> = list(&spec, "/ports").iter().map(|port| {
                    json!({ "name": port["name"].as_str().unwrap_or_default(), "port": port["targetPort"], "protocol": "TCP" })
                }).collect();
                let created = self.ago(0);
                self.put(
                    "endpointslices",
                    json!({
                        "metadata": {
                            "name": slice, "namespace": namespace, "ownerReferences": [owner],
                            "labels": {
                                "kubernetes.io/service-name": name,
                                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                            },
                        },
                        "addressType": "IPv4", "endpoints": [], "ports": ports,
                    }),
                    created,
                );
            }
            self.store.edit("endpointslices", namespace, &slice, |it| it["endpoints"] = endpoints.into());
        }
    }

    fn quotas(&mut self, namespace: &str) {
        for name in names(&self.store, "resourcequotas", namespace) {
            let (mut cpu, mut memory, mut pods) = (0, 0, 0);
            for pod in self.store.pods(namespace).filter(|pod| !matches!(pod.phase(), "Succeeded" | "Failed")) {
                cpu += pod.template.asks.cpu;
                memory += pod.template.asks.memory;
                pods += 1;
            }
            self.store.edit("resourcequotas", namespace, &name, |it| {
                let hard = it["spec"]["hard"].clone();
                let mut used = json!({
                    "requests.cpu": format!("{cpu}m"), "requests.memory": format!("{memory}Mi"), "pods": pods.to_string(),
                });
                if let Some(used) = used.as_object_mut() {
                    used.retain(|key, _| hard.get(key).is_some());
                }
                it["status"] = json!({ "hard": hard, "used": used });
            });
        }
    }

    /// The pods whose eviction no budget allows now, and the budget that says so.
    pub(super) fn protected_by(&self, pod: &Pod) -> Option<&Value> {
        if !pod.is_ready() {
            return None;
        }
        self.store.docs("poddisruptionbudgets", &pod.namespace).find(|budget| {
            selects(&budget["spec"]["selector"], |key| pod.label(key))
                && int(budget, "/status/disruptionsAllowed").unwrap_or(0) <= 0
        })
    }
}

/// Marks an object as leaving, once something is done.
pub(super) fn finalize(json: &mut Value, finalizer: &str, now: jiff::Timestamp) {
    set(json, &["metadata", "deletionTimestamp"], super::stamp(now).into());
    set(json, &["metadata", "deletionGracePeriodSeconds"], json!(0));
    let mut all = list(json, "/metadata/finalizers").to_vec();
    if !all.iter().any(|it| it == finalizer) {
        all.push(finalizer.into());
    }
    set(json, &["metadata", "finalizers"], all.into());
}
