//! Which clusters an environment has, and the way into each: contexts of the kubeconfig that belong to it, and the EKS clusters of
//! its account. A cluster is opened when it is first asked for, and kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kube::Client;
use kube::config::Kubeconfig;

use super::client;
use super::cluster::Cluster;
use super::discovery::Found;
use super::gate::Gate;
use super::lately::Lately;
use super::moves::Moves;
use super::reach::Reach;
use crate::model::{Environment, Fault, FaultClass, Scope};
use crate::providers::Env;

/// The clusters of one environment.
pub struct Clusters {
    environment: Arc<Environment>,
    opened: Mutex<HashMap<Scope, Arc<Cluster>>>,
    /// What actions go by, on connections of their own.
    reached: Mutex<HashMap<Scope, Arc<Reach>>>,
    moves: Arc<Moves>,
}

impl fmt::Debug for Clusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clusters").field("environment", &self.environment.name).finish_non_exhaustive()
    }
}

impl Clusters {
    /// None is opened before it is asked for. What moves in them is told to `moves`.
    pub fn new(environment: Arc<Environment>, moves: Arc<Moves>) -> Self {
        Self { environment, opened: Mutex::default(), reached: Mutex::default(), moves }
    }

    /// The names of the clusters in a region. A context lies in the environment's first region.
    pub(super) fn names(&self, env: &Env) -> Vec<Arc<str>> {
        let first = self.environment.regions.first() == Some(&env.scope.region);
        if first { self.environment.kube_contexts.clone() } else { Vec::new() }
    }

    /// The cluster of this name, opened if it is not yet.
    pub(super) async fn open(&self, env: &Env, name: &Arc<str>) -> Result<Arc<Cluster>, Fault> {
        let scope = env.scope.in_cluster(Arc::clone(name));
        let known = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&scope).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let reads = self.way_into(env, name, &Gate::reads()).await?;
        let cluster = Arc::new(Cluster {
            name: Arc::clone(name),
            scope: scope.clone(),
            reads,
            namespace: Mutex::default(),
            watches: Mutex::default(),
            moves: Arc::clone(&self.moves),
            found: Found::default(),
            lately: Lately::default(),
        });
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(opened.entry(scope).or_insert(cluster)))
    }

    /// The cluster of this name as actions reach it.
    pub(in crate::providers) async fn reach(&self, env: &Env, name: &Arc<str>) -> Result<Arc<Reach>, Fault> {
        let scope = env.scope.in_cluster(Arc::clone(name));
        let known = self.reached.lock().unwrap_or_else(PoisonError::into_inner).get(&scope).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let client = self.way_into(env, name, &Gate::permitting(&scope)).await?;
        let context = self.environment.kube_contexts.contains(name).then(|| Arc::clone(name));
        let reach = Arc::new(Reach::new(scope.clone(), context, client));
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(reached.entry(scope).or_insert(reach)))
    }

    async fn way_into(&self, _: &Env, name: &str, gate: &Gate) -> Result<Client, Fault> {
        let read = tokio::task::spawn_blocking(Kubeconfig::read).await;
        let read = read.map_err(|error| Fault::new(FaultClass::Bug, error.to_string()))?;
        let files = read.map_err(|error| Fault::new(FaultClass::Invalid, error.to_string()))?;
        client::of_context(files, name, gate).await
    }
}

impl Env {
    /// The names of the Kubernetes clusters here.
    pub async fn clusters(&self) -> Result<Vec<Arc<str>>, Fault> {
        Ok(self.kube.names(self))
    }

    /// The cluster of this name.
    pub async fn cluster(&self, name: &Arc<str>) -> Result<Arc<Cluster>, Fault> {
        self.kube.open(self, name).await
    }
}
