//! Secrets as the API sends them, without their values: only how long each is reaches the memory.

use std::collections::BTreeMap;

use kube::core::ObjectMeta;
use serde::Deserialize;

use super::length::Base64Length;
use super::meta::or_default;

/// A secret.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Secret {
    /// Name, namespace.
    pub metadata: ObjectMeta,
    /// Such as `Opaque`, `kubernetes.io/tls`.
    #[serde(rename = "type")]
    pub sort: Option<String>,
    /// How long each value is, by key.
    #[serde(deserialize_with = "or_default")]
    pub data: BTreeMap<String, Base64Length>,
    /// It can't be changed any more.
    #[serde(deserialize_with = "or_default")]
    pub immutable: bool,
}

crate::object!(Secret: "" "v1" "Secret" "secrets", true);
