//! What can be done to a cluster from outside: objects created, replaced, deleted, pods evicted. Each can be tried without doing it.
//! It must not know how a request is written; what a patch comes to is worked out before.

use serde_json::{Value, json};

use super::super::model::Word;
use super::json::{int, list, map, set, text};
use super::settle::finalize;
use super::store::Store;
use super::types::Type;
use super::{KubeCluster, stamp};

/// Why the cluster does not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// `Conflict`, `NotFound`, …
    pub reason: Word,
    /// What it says.
    pub message: String,
    /// The field and what is wrong with it, or the cause.
    pub cause: Option<(String, String)>,
}

/// How something is to be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletion {
    /// It must be this one.
    pub uid: Option<String>,
    /// In this version.
    pub version: Option<String>,
    /// Seconds.
    pub grace: Option<i64>,
    /// `Foreground`, `Background` or `Orphan`.
    pub policy: Option<String>,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: u16, reason: Word, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), cause: None }
    }

    /// There is no such object.
    pub fn not_found(of: &Type, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} \"{name}\" not found", of.resource()))
    }

    fn conflict(of: &Type, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", of.resource());
        Self::new(409, "Conflict", message)
    }

    fn invalid(of: &Type, name: &str, field: &str, why: String) -> Self {
        let kind = if of.group.is_empty() { of.kind.to_owned() } else { format!("{}.{}", of.kind, of.group) };
        let message = format!("{kind} \"{name}\" is invalid: {field}: {why}");
        Self { cause: Some((field.to_owned(), why)), ..Self::new(422, "Invalid", message) }
    }
}

impl KubeCluster {
    /// Puts `new` in place of an object, or only says what it would come to.
    pub fn replace(
        &mut self,
        of: &'static Type,
        namespace: &str,
        name: &str,
        mut new: Value,
        dry: bool,
    ) -> Result<Value, Refusal> {
        let found = self.store.get(of.plural, namespace, name).ok_or_else(|| Refusal::not_found(of, name))?;
        let old = self.view(of, found);
        if new["metadata"]["uid"] != old["metadata"]["uid"] {
            let (asked, there) = (text(&new, "/metadata/uid"), text(&old, "/metadata/uid"));
            let why = format!("Precondition failed: UID in precondition: {asked}, UID in object meta: {there}");
            return Err(Refusal::conflict(of, name, &why));
        }
        if new["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"] {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Refusal::conflict(of, name, why));
        }
        validate(of, name, Some(&old), &new)?;
        for field in ["creationTimestamp", "deletionTimestamp", "name", "namespace"] {
            match old["metadata"].get(field) {
                Some(value) => new["metadata"][field] = value.clone(),
                None => drop(super::json::unset(&mut new, "/metadata", field)),
            }
        }
        // What is not of the spec is the controllers'.
        if old.get("status").is_some() {
            new["status"] = old["status"].clone();
        }
        if old["spec"] != new["spec"] && old["metadata"].get("generation").is_some() {
            new["metadata"]["generation"] = (int(&old, "/metadata/generation").unwrap_or(0) + 1).into();
        }
        if of.plural == "nodes" {
            unschedulable(&mut new, &stamp(self.now));
        }
        if dry || old == new {
            return Ok(new);
        }
        self.store_anew(of, namespace, name, new);
        self.settle();
        self.store.get(of.plural, namespace, name).map_or(Ok(old), |object| Ok(self.view(of, object)))
    }

    fn store_anew(&mut self, of: &'static Type, namespace: &str, name: &str, new: Value) {
        let leaves =
            new["metadata"].get("deletionTimestamp").is_some() && list(&new, "/metadata/finalizers").is_empty();
        if of.plural == "pods" {
            let labels = map(&new, "/metadata/labels").cloned().unwrap_or_default();
            self.store.edit_pod(namespace, name, |pod| pod.relabelled = Some(Box::new(labels)));
        } else {
            self.store.edit(of.plural, namespace, name, |it| *it = bare(new));
        }
        if leaves && of.plural != "pods" {
            let now = self.now;
            self.store.remove(of.plural, namespace, name, now);
        }
        if of.namespaced {
            self.touch(namespace);
        } else {
            self.touch_all();
        }
    }

    /// Creates an object, or only says what it would come to.
    pub fn create(&mut self, of: &'static Type, namespace: &str, mut new: Value, dry: bool) -> Result<Value, Refusal> {
        if of.namespaced {
            set(&mut new, &["metadata", "namespace"], namespace.into());
        }
        let name = text(&new, "/metadata/name").to_owned();
        if name.is_empty() {
            return Err(Refusal::invalid(
                of,
                "",
                "metadata.name",
                "Required value: name or generateName is required".to_owned(),
            ));
        }
        if self.store.get(of.plural, namespace, &name).is_some() {
            return Err(Refusal::new(409, "AlreadyExists", format!("{} \"{name}\" already exists", of.resource())));
        }
        if of.plural == "pods" || of.plural == "events" {
            let message = format!("{} are made by controllers here", of.plural);
            return Err(Refusal::new(405, "MethodNotAllowed", message));
        }
        validate(of, &name, None, &new)?;
        if dry {
            new["metadata"]["uid"] = "00000000-0000-4000-8000-000000000000".into();
            new["metadata"]["creationTimestamp"] = stamp(self.now).into();
            return Ok(new);
        }
        for field in ["resourceVersion", "deletionTimestamp", "selfLink"] {
            super::json::unset(&mut new, "/metadata", field);
        }
        let now = self.now;
        self.put(of.plural, bare(new), now);
        if of.plural == "cronjobs" {
            self.plan_cron(namespace, &name);
        }
        self.settle();
        let found = self.store.get(of.plural, namespace, &name).ok_or_else(|| Refusal::not_found(of, &name))?;
        Ok(self.view(of, found))
    }

    /// Deletes an object: `Some` is how it is left where it goes later.
    pub fn delete(
        &mut self,
        of: &'static Type,
        namespace: &str,
        name: &str,
        how: &Deletion,
        dry: bool,
    ) -> Result<(Value, bool), Refusal> {
        let found = self.store.get(of.plural, namespace, name).ok_or_else(|| Refusal::not_found(of, name))?;
        let old = self.view(of, found);
        let wrong = |what: &str, asked: &Option<String>, field: &str| {
            let there = text(&old, field);
            asked.as_deref().filter(|asked| *asked != there).map(|asked| {
                let why =
                    format!("Precondition failed: {what} in precondition: {asked}, {what} in object meta: {there}");
                Refusal::conflict(of, name, &why)
            })
        };
        let wrong = wrong("UID", &how.uid, "/metadata/uid")
            .or_else(|| wrong("ResourceVersion", &how.version, "/metadata/resourceVersion"));
        if let Some(refusal) = wrong {
            return Err(refusal);
        }
        if dry {
            return Ok((old, of.plural == "pods"));
        }
        let stays = match of.plural {
            "pods" => {
                self.terminate(namespace, name, how.grace);
                self.store.pod(namespace, name).is_some()
            }
            _ => self.delete_doc(of, (namespace, name), &old, how.policy.as_deref()),
        };
        let left = self.store.get(of.plural, namespace, name).map_or(old, |object| self.view(of, object));
        if of.namespaced {
            self.touch(namespace);
        } else {
            self.touch_all();
        }
        self.settle();
        Ok((left, stays))
    }

    /// Says whether it stays for a while.
    fn delete_doc(&mut self, of: &'static Type, at: (&str, &str), old: &Value, policy: Option<&str>) -> bool {
        let (namespace, name) = at;
        let now = self.now;
        if policy == Some("Orphan") {
            self.disown(namespace, text(old, "/metadata/uid"));
        }
        let waits = list(old, "/metadata/finalizers").iter().any(Value::is_string);
        let foreground = policy == Some("Foreground")
            && matches!(of.plural, "deployments" | "replicasets" | "statefulsets" | "daemonsets" | "jobs");
        if foreground {
            self.store.edit(of.plural, namespace, name, |it| finalize(it, "foregroundDeletion", now));
        } else if waits {
            self.store
                .edit(of.plural, namespace, name, |it| set(it, &["metadata", "deletionTimestamp"], stamp(now).into()));
        } else {
            self.store.remove(of.plural, namespace, name, now);
        }
        foreground || waits
    }

    /// What an object has is nobody's from now on.
    fn disown(&mut self, namespace: &str, uid: &str) {
        for plural in ["replicasets", "jobs", "controllerrevisions"] {
            let own = self
                .store
                .docs(plural, namespace)
                .filter(|it| Store::owner(it).is_some_and(|owner| owner["uid"] == uid));
            let own: Vec<String> = own.map(|it| text(it, "/metadata/name").to_owned()).collect();
            for name in own {
                self.store
                    .edit(plural, namespace, &name, |it| drop(super::json::unset(it, "/metadata", "ownerReferences")));
            }
        }
        let own: Vec<String> =
            self.store.pods(namespace).filter(|pod| pod.is_owned_by(uid)).map(|pod| pod.name.to_string()).collect();
        for name in own {
            self.store.edit_pod(namespace, &name, |pod| pod.owner = None);
        }
    }

    /// Evicts a pod, if its disruption budget allows that.
    pub fn evict(&mut self, namespace: &str, name: &str, how: &Deletion, dry: bool) -> Result<(), Refusal> {
        let of = Type::of("pods").ok_or_else(|| Refusal::new(500, "InternalError", "no pods"))?;
        let pod = self.store.pod(namespace, name).ok_or_else(|| Refusal::not_found(of, name))?;
        if let Some(budget) = self.protected_by(pod) {
            let (budget, needed, healthy) = (
                text(budget, "/metadata/name"),
                int(budget, "/status/desiredHealthy").unwrap_or(0),
                int(budget, "/status/currentHealthy").unwrap_or(0),
            );
            let message = "Cannot evict pod as it would violate the pod's disruption budget.";
            let why = format!("The disruption budget {budget} needs {needed} healthy pods and has {healthy} currently");
            return Err(Refusal {
                cause: Some(("DisruptionBudget".to_owned(), why)),
                ..Refusal::new(429, "TooManyRequests", message)
            });
        }
        self.delete(of, namespace, name, how, dry).map(drop)
    }
}

/// Without what follows from its place.
fn bare(mut json: Value) -> Value {
    if let Some(map) = json.as_object_mut() {
        map.shift_remove("apiVersion");
        map.shift_remove("kind");
    }
    super::json::unset(&mut json, "/metadata", "resourceVersion");
    super::json::unset(&mut json, "/metadata", "managedFields");
    json
}

/// A node that takes no pods has a taint that says so.
fn unschedulable(node: &mut Value, now: &str) {
    const KEY: &str = "node.kubernetes.io/unschedulable";
    let mut taints = list(node, "/spec/taints").to_vec();
    let (on, there) = (node["spec"]["unschedulable"] == true, taints.iter().any(|taint| taint["key"] == KEY));
    if on && !there {
        taints.push(json!({ "key": KEY, "effect": "NoSchedule", "timeAdded": now }));
    } else if !on {
        taints.retain(|taint| taint["key"] != KEY);
        super::json::unset(node, "/spec", "unschedulable");
    }
    if taints.is_empty() {
        super::json::unset(node, "/spec", "taints");
    } else {
        node["spec"]["taints"] = taints.into();
    }
}

fn validate(of: &Type, name: &str, old: Option<&Value>, new: &Value) -> Result<(), Refusal> {
    let invalid = |field: &str, why: String| Err(Refusal::invalid(of, name, field, why));
    let has = |pointer: &str| new.pointer(pointer).filter(|it| !it.is_null());
    if let Some(replicas) = has("/spec/replicas") {
        match replicas.as_i64() {
            None => return invalid("spec.replicas", "Invalid value: must be a whole number".to_owned()),
            Some(count) if count < 0 => {
                return invalid("spec.replicas", format!("Invalid value: {count}: must be greater than or equal to 0"));
            }
            Some(_) => {}
        }
    }
    if !matches!(of.plural, "deployments" | "statefulsets" | "daemonsets" | "replicasets") {
        return Ok(());
    }
    if let Some(old) = old.filter(|old| old["spec"]["selector"] != new["spec"]["selector"]) {
        let why = format!("Invalid value: {}: field is immutable", old["spec"]["selector"]);
        return invalid("spec.selector", why);
    }
    if list(new, "/spec/template/spec/containers").is_empty() {
        return invalid("spec.template.spec.containers", "Required value".to_owned());
    }
    let labels = &new["spec"]["template"]["metadata"]["labels"];
    let fits = super::selects(&new["spec"]["selector"], |key| labels.get(key).and_then(Value::as_str));
    if !fits {
        let why = format!("Invalid value: {labels}: `selector` does not match template `labels`");
        return invalid("spec.template.metadata.labels", why);
    }
    Ok(())
}
