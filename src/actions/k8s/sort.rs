//! The sorts of objects that are acted on: what they are called here, by kubectl and in the paths of the API.

use super::invalid;
use crate::model::{Fault, KindId, ResourceId, Scope};
use crate::providers::Acting;
use crate::providers::kube::ApiType;

/// The kind of objects of any type: their ids are `widgets.example.com/name`.
pub(in crate::actions) const ANY: KindId = "k8s-object";

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

/// The sort of a type that the cluster was asked for, where it has a kind of its own.
fn of_type(found: &ApiType) -> Option<&'static Sort> {
    ALL.iter().find(|sort| sort.group == found.group && sort.plural == found.plural)
}

/// The id of an object of such a type. What has a kind of its own is that, however it was asked for: a policy must find it.
pub(super) fn id_of(scope: Scope, found: &ApiType, name: &str) -> ResourceId {
    let scope = Scope { namespace: scope.namespace.filter(|_| found.namespaced), ..scope };
    match of_type(found) {
        Some(sort) => ResourceId { scope, kind: sort.kind, id: name.into() },
        None => ResourceId { scope, kind: ANY, id: format!("{}/{name}", found.name()).into() },
    }
}

/// What an object is to the API, and where it lies.
#[derive(Clone, Debug)]
pub(in crate::actions) struct Place {
    /// Its kind, that of its own wherever it was found.
    pub(in crate::actions) kind: KindId,
    /// Its id as one of that kind.
    pub(in crate::actions) id: ResourceId,
    /// kubectl's word for its sort.
    pub(in crate::actions) word: String,
    pub(in crate::actions) group: String,
    pub(in crate::actions) plural: String,
    pub(in crate::actions) name: String,
    pub(in crate::actions) path: String,
}

/// Where an object lies. Of a sort that is not known here the cluster is asked, unless it was lately.
pub(in crate::actions) async fn place(acting: &Acting, id: &ResourceId) -> Result<Place, Fault> {
    if id.kind != ANY {
        let sort = of_id(id)?;
        let (word, group, plural) = (sort.word.to_owned(), sort.group.to_owned(), sort.plural.to_owned());
        let (name, path) = (id.id.to_string(), sort.path(id));
        return Ok(Place { kind: sort.kind, id: id.clone(), word, group, plural, name, path });
    }
    let (word, name) = id.id.split_once('/').ok_or_else(|| invalid(format!("`{}` names no object", id.id)))?;
    let found = discovered(acting, id.scope.cluster.as_ref(), word).await?;
    let known = of_type(&found);
    Ok(Place {
        kind: known.map_or(ANY, |sort| sort.kind),
        id: id_of(id.scope.clone(), &found, name),
        word: known.map_or_else(|| found.name(), |sort| sort.word.to_owned()),
        name: name.to_owned(),
        path: format!("{}/{name}", found.path(id.scope.namespace.as_deref())),
        group: found.group,
        plural: found.plural,
    })
}

/// The type that a word names in a cluster.
pub(in crate::actions) async fn discovered(
    acting: &Acting,
    cluster: Option<&std::sync::Arc<str>>,
    word: &str,
) -> Result<ApiType, Fault> {
    let missing = || invalid(format!("the cluster has no type `{word}`"));
    let cluster = acting.env.cluster(cluster.ok_or_else(missing)?).await?;
    cluster.type_called(word).await?.ok_or_else(missing)
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
