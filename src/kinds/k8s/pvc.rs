//! Claims of persistent volumes as the API sends them, with as much of them as is needed.

use kube::core::ObjectMeta;
use serde::Deserialize;

use super::meta::{Condition, or_default};

/// A claim of a volume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pvc {
    /// Name, namespace.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(deserialize_with = "or_default")]
    pub spec: PvcSpec,
    /// What there is.
    #[serde(deserialize_with = "or_default")]
    pub status: PvcStatus,
}

crate::object!(Pvc: "" "v1" "PersistentVolumeClaim" "persistentvolumeclaims", true);

/// What is wanted of a volume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PvcSpec {
    /// `ReadWriteOnce`, `ReadWriteMany`…
    #[serde(deserialize_with = "or_default")]
    pub access_modes: Vec<String>,
    /// What makes the volume.
    pub storage_class_name: Option<String>,
    /// `Filesystem`, `Block`.
    pub volume_mode: Option<String>,
    /// The volume it got.
    pub volume_name: Option<String>,
    /// How much it asks for.
    #[serde(deserialize_with = "or_default")]
    pub resources: Claimed,
}

/// How much is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Claimed {
    /// At least.
    #[serde(deserialize_with = "or_default")]
    pub requests: Storage,
}

/// An amount of storage.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Storage {
    /// As a quantity.
    pub storage: Option<String>,
}

/// How a claim is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PvcStatus {
    /// `Pending`, `Bound`, `Lost`.
    pub phase: Option<String>,
    /// `Resizing`, `FileSystemResizePending`…
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
    /// What it has.
    #[serde(deserialize_with = "or_default")]
    pub capacity: Storage,
}
