//! What pods and nodes use, as metrics-server tells it where there is one. It is read, at most every half minute, not watched.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Look;
use super::meta::or_default;
use super::pod::Amounts;
use crate::model::FaultClass;
use crate::providers::kube::Answered;

/// What a list of pods with figures stands on besides pods,
pub const PODS: &str = "pods.metrics.k8s.io";
/// and one of nodes.
pub const NODES: &str = "nodes.metrics.k8s.io";

/// The figures themselves are no younger than a quarter of a minute.
const AGE: Duration = Duration::from_secs(30);

/// What pods use, by namespace and name.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "List<PodFigures>")]
pub struct PodUse(HashMap<String, HashMap<String, Used>>);

/// What one pod uses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Used {
    /// All of it.
    pub whole: Amounts,
    /// Each container, by name.
    pub containers: Vec<(Box<str>, Amounts)>,
}

/// What nodes use, by name.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "List<NodeFigures>")]
pub struct NodeUse(HashMap<String, Amounts>);

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct List<T> {
    #[serde(default = "Vec::new", deserialize_with = "or_default")]
    items: Vec<T>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Name {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    namespace: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PodFigures {
    #[serde(deserialize_with = "or_default")]
    metadata: Name,
    #[serde(deserialize_with = "or_default")]
    containers: Vec<ContainerFigures>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerFigures {
    #[serde(deserialize_with = "or_default")]
    name: Box<str>,
    #[serde(deserialize_with = "or_default")]
    usage: Amounts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NodeFigures {
    #[serde(deserialize_with = "or_default")]
    metadata: Name,
    #[serde(deserialize_with = "or_default")]
    usage: Amounts,
}

impl From<List<PodFigures>> for PodUse {
    fn from(list: List<PodFigures>) -> Self {
        let mut by_namespace: HashMap<String, HashMap<String, Used>> = HashMap::new();
        for PodFigures { metadata, containers } in list.items {
            let containers: Vec<_> = containers.into_iter().map(|one| (one.name, one.usage)).collect();
            let sum = |part: fn(&Amounts) -> Option<u64>| {
                containers.iter().filter_map(|(_, used)| part(used)).reduce(u64::saturating_add)
            };
            let whole = Amounts { millicores: sum(|used| used.millicores), bytes: sum(|used| used.bytes) };
            by_namespace.entry(metadata.namespace).or_default().insert(metadata.name, Used { whole, containers });
        }
        Self(by_namespace)
    }
}

impl From<List<NodeFigures>> for NodeUse {
    fn from(list: List<NodeFigures>) -> Self {
        Self(list.items.into_iter().map(|node| (node.metadata.name, node.usage)).collect())
    }
}

impl PodUse {
    /// What a pod uses.
    pub fn of(&self, namespace: &str, name: &str) -> Option<&Used> {
        self.0.get(namespace)?.get(name)
    }
}

impl NodeUse {
    /// What a node uses.
    pub fn of(&self, name: &str) -> Option<Amounts> {
        self.0.get(name).copied()
    }
}

/// What pods use; nothing where nobody measures it.
pub async fn pods(look: &Look<'_>) -> Arc<PodUse> {
    let path = match look.cluster.only() {
        Some(namespace) => format!("/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods"),
        None => "/apis/metrics.k8s.io/v1beta1/pods".to_owned(),
    };
    figures(look, PODS, &path).await
}

/// What nodes use; nothing where nobody measures it.
pub async fn nodes(look: &Look<'_>) -> Arc<NodeUse> {
    figures(look, NODES, "/apis/metrics.k8s.io/v1beta1/nodes").await
}

async fn figures<T: Default + DeserializeOwned + Send + Sync + 'static>(
    look: &Look<'_>,
    name: &'static str,
    path: &str,
) -> Arc<T> {
    taken(look, look.cluster.lately(name, path, &[], AGE).await)
}

/// A cluster without metrics-server is not worth a word: it is not found, or there is nobody behind the API.
fn taken<T: Default>(look: &Look, answered: Option<Answered<T>>) -> Arc<T> {
    match answered {
        Some(Ok(figures)) => figures,
        Some(Err(fault)) if !matches!(fault.class, FaultClass::NotFound | FaultClass::Service) => {
            look.lacks(fault);
            Arc::default()
        }
        Some(Err(_)) | None => Arc::default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_uses_what_its_containers_use() {
        let list = json!({ "kind": "PodMetricsList", "items": [{
            "metadata": { "name": "web-1", "namespace": "shop" }, "timestamp": "2026-03-02T09:00:00Z", "window": "15s",
            "containers": [
                { "name": "web", "usage": { "cpu": "250500000n", "memory": "100Mi" } },
                { "name": "mesh", "usage": { "cpu": "20m", "memory": "28Mi" } },
            ],
        }, { "metadata": { "name": "idle", "namespace": "shop" }, "containers": null }] });
        let using: PodUse = serde_json::from_value(list).unwrap();
        let web = using.of("shop", "web-1").unwrap();
        assert_eq!(web.whole, Amounts { millicores: Some(271), bytes: Some(128 << 20) });
        assert_eq!(web.containers[1], ("mesh".into(), Amounts { millicores: Some(20), bytes: Some(28 << 20) }));
        assert_eq!((using.of("shop", "idle").unwrap().whole, using.of("other", "web-1")), (Amounts::default(), None));
    }

    #[test]
    fn nodes_are_known_by_name() {
        let list = json!({ "items": [{ "metadata": { "name": "n1" }, "usage": { "cpu": "1", "memory": "1Gi" } }] });
        let using: NodeUse = serde_json::from_value(list).unwrap();
        assert_eq!(using.of("n1"), Some(Amounts { millicores: Some(1_000), bytes: Some(1 << 30) }));
        assert_eq!(serde_json::from_value::<NodeUse>(json!({ "items": null })).unwrap().of("n1"), None);
    }
}
