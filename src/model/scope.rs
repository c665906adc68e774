//! Where something lives: environment and region, and below it cluster and namespace.

use std::fmt;
use std::sync::Arc;

/// Environment and region, and below it cluster and namespace. The account is attested to it, never part of it: an account id
/// arrives later than the first row and must not change what a row is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// Name of the environment, as configured.
    pub environment: Arc<str>,
    /// AWS region, such as `eu-central-1`.
    pub region: Arc<str>,
    /// ECS or Kubernetes cluster, where the thing lives in one.
    pub cluster: Option<Arc<str>>,
    /// Kubernetes namespace.
    pub namespace: Option<Arc<str>>,
}

impl Scope {
    /// The scope of a whole region of an environment.
    pub fn new(environment: impl Into<Arc<str>>, region: impl Into<Arc<str>>) -> Self {
        Self { environment: environment.into(), region: region.into(), cluster: None, namespace: None }
    }

    /// The same place, narrowed to a cluster.
    #[must_use]
    pub fn in_cluster(&self, cluster: impl Into<Arc<str>>) -> Self {
        Self { cluster: Some(cluster.into()), ..self.clone() }
    }

    /// The environment and region it lies in.
    #[must_use]
    pub fn region_scope(&self) -> Self {
        Self { cluster: None, namespace: None, ..self.clone() }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.environment, self.region)?;
        for part in [&self.cluster, &self.namespace].into_iter().flatten() {
            write!(f, "/{part}")?;
        }
        Ok(())
    }
}
