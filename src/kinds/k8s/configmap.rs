//! Config maps as the API sends them, without their values.

use std::collections::BTreeMap;

use kube::core::ObjectMeta;
use serde::Deserialize;

use super::length::{Base64Length, TextLength};
use super::meta::or_default;

/// A config map.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMap {
    /// Name, namespace.
    pub metadata: ObjectMeta,
    /// Texts by key.
    #[serde(deserialize_with = "or_default")]
    pub data: BTreeMap<String, TextLength>,
    /// What is no text, by key.
    #[serde(deserialize_with = "or_default")]
    pub binary_data: BTreeMap<String, Base64Length>,
    /// It can't be changed any more.
    #[serde(deserialize_with = "or_default")]
    pub immutable: bool,
}

crate::object!(ConfigMap: "" "v1" "ConfigMap" "configmaps", true);

impl ConfigMap {
    /// Its keys with the bytes under each.
    pub fn keys(&self) -> impl Iterator<Item = (&str, u64)> {
        let texts = self.data.iter().map(|(key, length)| (key.as_str(), length.0));
        texts.chain(self.binary_data.iter().map(|(key, length)| (key.as_str(), length.0)))
    }
}
