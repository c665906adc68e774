//! Pods as the API sends them, with as much of them as is needed.

use kube::core::ObjectMeta;
use serde::Deserialize;

/// A pod.
#[derive(Clone, Debug, Deserialize)]
pub struct Pod {
    /// Name, namespace, labels, owners.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(default)]
    pub spec: PodSpec,
    /// What there is.
    #[serde(default)]
    pub status: PodStatus,
}

crate::object!(Pod: "" "v1" "Pod" "pods", true);

/// What is wanted of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Where it runs.
    pub node_name: Option<String>,
}

/// How a pod is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed`.
    pub phase: Option<String>,
}
