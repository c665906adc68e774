//! Namespaces and their quotas as the API sends them, with as much of them as is needed.

use std::collections::BTreeMap;

use kube::core::ObjectMeta;
use serde::Deserialize;

use super::meta::{Condition, or_default};

/// A namespace.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Namespace {
    /// Name, labels.
    pub metadata: ObjectMeta,
    /// What there is.
    #[serde(deserialize_with = "or_default")]
    pub status: NamespaceStatus,
}

crate::object!(Namespace: "" "v1" "Namespace" "namespaces", false);

/// How a namespace is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NamespaceStatus {
    /// `Active`, `Terminating`.
    pub phase: Option<String>,
    /// Why it is still there.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

/// What a namespace may have at most.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Quota {
    /// Name, namespace.
    pub metadata: ObjectMeta,
    /// What there is.
    #[serde(deserialize_with = "or_default")]
    pub status: QuotaStatus,
}

crate::object!(Quota: "" "v1" "ResourceQuota" "resourcequotas", true);

/// How much of a quota is used.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct QuotaStatus {
    /// The most there may be, as quantities by resource: `requests.cpu`, `pods`, `count/secrets`.
    #[serde(deserialize_with = "or_default")]
    pub hard: BTreeMap<String, String>,
    /// What is used of it.
    #[serde(deserialize_with = "or_default")]
    pub used: BTreeMap<String, String>,
}
