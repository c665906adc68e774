//! What an object of the Kubernetes API is to the console: as much of it as is needed, by types that kinds define. What is not
//! named in a type is skipped while it is read, so that thousands of objects stay small.

use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use kube::Resource;
use kube::core::DynamicResourceScope;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};

/// The annotation in which `kubectl apply` repeats a whole object: of a secret its values.
pub const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Reads `null` as nothing: the API writes empty lists and structs in both ways.
pub fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A type of object.
pub trait Object:
    Resource<DynamicType = (), Scope = DynamicResourceScope> + DeserializeOwned + Clone + Debug + Send + Sync + 'static
{
    /// Its name in paths, such as `deployments`: what a watch of it is known by.
    const PLURAL: &'static str;
    /// Whether it lives in a namespace.
    const NAMESPACED: bool;
    /// How many of them are kept at most while they are watched: the newest. Nothing bounds what a cluster needs to run.
    const KEPT: usize = usize::MAX;

    /// What tells the newest, where not all are kept.
    fn at(&self) -> Option<Timestamp> {
        self.meta().creation_timestamp.as_ref().map(|at| at.0)
    }

    /// Where those of a namespace, or all of them, lie on the API server.
    fn of(namespace: Option<&str>) -> String {
        Self::url_path(&(), namespace)
    }

    /// Where one lies on the API server: `/apis/apps/v1/namespaces/x/deployments/y`.
    fn path(namespace: Option<&str>, name: &str) -> String {
        format!("{}/{name}", Self::of(namespace))
    }
}

/// Says what a struct with a field `metadata: ObjectMeta` is to the API: `object!(Pod: "" "v1" "Pod" "pods", true)`. What comes without
/// end says how many are kept, and by which instant: `newest 5_000 by Event::last`.
#[macro_export]
macro_rules! object {
    ($type:ty: $group:literal $version:literal $kind:literal $plural:literal, $namespaced:literal $(, newest $kept:literal by $at:expr)?) => {
        impl kube::Resource for $type {
            type DynamicType = ();
            type Scope = kube::core::DynamicResourceScope;

            fn kind((): &()) -> std::borrow::Cow<'_, str> {
                $kind.into()
            }

            fn group((): &()) -> std::borrow::Cow<'_, str> {
                $group.into()
            }

            fn version((): &()) -> std::borrow::Cow<'_, str> {
                $version.into()
            }

            fn plural((): &()) -> std::borrow::Cow<'_, str> {
                $plural.into()
            }

            fn meta(&self) -> &kube::core::ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut kube::core::ObjectMeta {
                &mut self.metadata
            }
        }

        impl $crate::providers::kube::Object for $type {
            const PLURAL: &'static str = $plural;
            const NAMESPACED: bool = $namespaced;
            $(
                const KEPT: usize = $kept;

                fn at(&self) -> Option<jiff::Timestamp> {
                    $at(self)
                }
            )?
        }
    };
}

/// The objects of one type as last seen, ordered by namespace and name.
#[derive(Clone, Debug)]
pub struct Shelf<K> {
    /// The objects.
    pub items: Vec<Arc<K>>,
    /// Why they may be old: the watch is broken, and is being taken up again.
    pub fault: Option<crate::model::Fault>,
}
