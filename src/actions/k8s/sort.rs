//! The sorts of objects that are acted on: what they are called here, by kubectl and in the paths of the API.

use super::invalid;
use crate::model::{Fault, KindId, ResourceId};

/// A sort of object.
#[derive(Debug)]
pub(in crate::actions) struct Sort {
    pub(in crate::actions) kind: KindId,
    /// kubectl's word.
    pub(in crate::actions) word: &'static str,
    /// API group; empty for the first one.
    pub(in crate::actions) group: &'static str,
    version: &'static str,
    pub(in crate::actions) plural: &'static str,
    pub(in crate::actions) namespaced: bool,
}

const fn sort_of(
    kind: KindId,
    word: &'static str,
    api: (&'static str, &'static str),
    plural: &'static str,
    namespaced: bool,
) -> Sort {
    Sort { kind, word, group: api.0, version: api.1, plural, namespaced }
}

const CORE: (&str, &str) = ("", "v1");
const APPS: (&str, &str) = ("apps", "v1");
const BATCH: (&str, &str) = ("batch", "v1");

const ALL: &[Sort] = &[
    sort_of("pod", "pod", CORE, "pods", true),
    sort_of("deployment", "deployment", APPS, "deployments", true),
    sort_of("statefulset", "statefulset", APPS, "statefulsets", true),
    sort_of("daemonset", "daemonset", APPS, "daemonsets", true),
    sort_of("replicaset", "replicaset", APPS, "replicasets", true),
    sort_of("job", "job", BATCH, "jobs", true),
    sort_of("cronjob", "cronjob", BATCH, "cronjobs", true),
    sort_of("k8s-service", "service", CORE, "services", true),
    sort_of("ingress", "ingress", ("networking.k8s.io", "v1"), "ingresses", true),
    sort_of("hpa", "hpa", ("autoscaling", "v2"), "horizontalpodautoscalers", true),
    sort_of("pvc", "pvc", CORE, "persistentvolumeclaims", true),
    sort_of("configmap", "configmap", CORE, "configmaps", true),
    sort_of("k8s-secret", "secret", CORE, "secrets", true),
    sort_of("k8s-certificate", "certificate", ("cert-manager.io", "v1"), "certificates", true),
    sort_of("namespace", "namespace", CORE, "namespaces", false),
    sort_of("k8s-node", "node", CORE, "nodes", false),
];

/// By kubectl's word, the plural or the kind's id.
pub(in crate::actions) fn sort(word: &str) -> Option<&'static Sort> {
    ALL.iter().find(|sort| sort.word == word || sort.kind == word || sort.plural == word)
}

/// The sort of a resource.
pub(in crate::actions) fn of_id(id: &ResourceId) -> Result<&'static Sort, Fault> {
    ALL.iter()
        .find(|sort| sort.kind == id.kind)
        .ok_or_else(|| invalid(format!("{} is no object of Kubernetes", id.kind)))
}

impl Sort {
    /// Where all of them lie, in a namespace or in the cluster.
    pub(in crate::actions) fn list(&self, namespace: Option<&str>) -> String {
        let api = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        match namespace {
            Some(namespace) => format!("{api}/namespaces/{namespace}/{}", self.plural),
            None => format!("{api}/{}", self.plural),
        }
    }

    /// Where one lies.
    pub(in crate::actions) fn path(&self, id: &ResourceId) -> String {
        let namespace = id.scope.namespace.as_deref().filter(|_| self.namespaced);
        format!("{}/{}", self.list(namespace), id.id)
    }
}
