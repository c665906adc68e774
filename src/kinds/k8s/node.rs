//! Nodes as the API sends them, with as much of them as is needed.

use jiff::Timestamp;
use kube::core::ObjectMeta;
use serde::Deserialize;

use super::meta::{Condition, or_default};

/// A node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Name, labels.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(deserialize_with = "or_default")]
    pub spec: NodeSpec,
    /// What there is.
    #[serde(deserialize_with = "or_default")]
    pub status: NodeStatus,
}

crate::object!(Node: "" "v1" "Node" "nodes", false);

/// What is wanted of a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    /// What it is to its cloud: `aws:///eu-central-1a/i-0123456789abcdef0`.
    #[serde(rename = "providerID")]
    pub provider_id: Option<String>,
    /// It is cordoned: no new pods are placed on it.
    #[serde(deserialize_with = "or_default")]
    pub unschedulable: bool,
    /// What keeps pods away.
    #[serde(deserialize_with = "or_default")]
    pub taints: Vec<Taint>,
}

/// What keeps pods away that do not tolerate it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Taint {
    /// Its key.
    #[serde(deserialize_with = "or_default")]
    pub key: String,
    /// Its value.
    pub value: Option<String>,
    /// `NoSchedule`, `PreferNoSchedule`, `NoExecute`.
    #[serde(deserialize_with = "or_default")]
    pub effect: String,
    /// Since when, where the server says so.
    pub time_added: Option<Timestamp>,
}

/// How a node is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatus {
    /// `Ready`, `MemoryPressure`…
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
    /// What pods may have.
    #[serde(deserialize_with = "or_default")]
    pub allocatable: Amounts,
    /// What the machine has.
    #[serde(deserialize_with = "or_default")]
    pub capacity: Amounts,
    /// Where it can be reached.
    #[serde(deserialize_with = "or_default")]
    pub addresses: Vec<Address>,
    /// What runs on it.
    #[serde(deserialize_with = "or_default")]
    pub node_info: NodeInfo,
}

/// Amounts of resources, as quantities.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Amounts {
    /// Cores.
    pub cpu: Option<String>,
    /// Bytes.
    pub memory: Option<String>,
    /// Pods.
    pub pods: Option<String>,
    /// Bytes of disk for pods.
    #[serde(rename = "ephemeral-storage")]
    pub disk: Option<String>,
}

/// An address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Address {
    /// `InternalIP`, `ExternalIP`, `Hostname`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub sort: String,
    /// The address.
    #[serde(deserialize_with = "or_default")]
    pub address: String,
}

/// What runs on a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeInfo {
    /// Version of its kubelet, such as `v1.33.2-eks-1552ad0`.
    pub kubelet_version: Option<String>,
    /// Its operating system.
    pub os_image: Option<String>,
    /// Its kernel.
    pub kernel_version: Option<String>,
    /// What runs its containers.
    pub container_runtime_version: Option<String>,
    /// `amd64`, `arm64`.
    pub architecture: Option<String>,
}
