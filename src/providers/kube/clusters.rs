//! Which clusters an environment has, and the way into each: contexts of the kubeconfig that belong to it, and the EKS clusters of
//! its account. A cluster is opened when it is first asked for, and kept until what it stands on changes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::access::{Access, Credential, Giver};
use super::client::{Road, Transport};
use super::cluster::Cluster;
use super::contexts::{KubeFiles, KubeSource};
use super::eks::{self, Described, Known};
use super::identity::{self, Pinned};
use super::moves::Moves;
use super::once::Once;
use super::reach::Reach;
use crate::model::{Environment, Fault, FaultClass, Scope};
use crate::providers::Env;
use crate::providers::aws::{CallStats, Pins};
use crate::providers::restraint::{Attention, Restraint};

/// What stands in for the API server of an environment's cluster.
pub type Stand = Arc<dyn Fn(&str, &str) -> Option<Transport> + Send + Sync>;

/// Where clusters are.
#[derive(Clone)]
pub enum Ground {
    /// The kubeconfig files, and the network.
    Files(Arc<KubeSource>),
    /// Something stands in for them.
    Stand(Stand),
}

/// The clusters of one environment.
pub struct Clusters {
    environment: Arc<Environment>,
    ground: Ground,
    pins: Arc<Pins>,
    stats: Arc<CallStats>,
    known: Known,
    opened: Mutex<HashMap<Scope, Opened>>,
    moves: Arc<Moves>,
    attention: Arc<Attention>,
}

/// An opened cluster, and where it is.
#[derive(Clone)]
struct Opened {
    cluster: Arc<Cluster>,
    /// Of an EKS cluster: it may be another one tomorrow.
    described: Option<Arc<Described>>,
}

impl fmt::Debug for Clusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clusters").field("environment", &self.environment.name).finish_non_exhaustive()
    }
}

/// The names of the clusters of a region.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Those that are known.
    pub names: Vec<Arc<str>>,
    /// Why some may be missing.
    pub fault: Option<Fault>,
}

impl Clusters {
    /// None is opened before it is asked for. What moves in them is told to `moves`; programs for them are held back as
    /// `attention` allows.
    pub(in crate::providers) fn new(
        environment: Arc<Environment>,
        ground: Ground,
        pins: Arc<Pins>,
        stats: Arc<CallStats>,
        moves: Arc<Moves>,
        attention: Arc<Attention>,
    ) -> Self {
        let (known, opened) = (Known::default(), Mutex::default());
        Self { environment, ground, pins, stats, known, opened, moves, attention }
    }

    /// The clusters in a region. A context lies in the environment's first region. An EKS cluster that a context leads to, too, is
    /// named once.
    async fn names(&self, env: &Env) -> Names {
        let first = self.environment.regions.first() == Some(&env.scope.region);
        let mut all =
            Names { names: if first { self.environment.kube_contexts.clone() } else { Vec::new() }, fault: None };
        if self.environment.without_aws {
            return all;
        }
        let (listed, fault) = self.known.list(env).await;
        all.fault = fault;
        for name in listed.iter().filter(|name| !self.environment.kube_contexts.contains(name)) {
            if self.context_to(env, name).await.is_none() {
                all.names.push(Arc::clone(name));
            }
        }
        all
    }

    /// The context that leads to an EKS cluster.
    async fn context_to(&self, env: &Env, name: &Arc<str>) -> Option<Arc<str>> {
        let Ground::Files(files) = &self.ground else { return None };
        if self.environment.kube_contexts.is_empty() {
            return None;
        }
        let (described, files) = (self.known.described(env, name).await.ok()?, files.files().await.ok()?);
        let leads = |context: &&Arc<str>| files.entry(context).is_ok_and(|entry| described.is_at(entry.server()));
        self.environment.kube_contexts.iter().find(leads).cloned()
    }

    /// The cluster of this name, opened if it is not yet.
    async fn open(&self, env: &Env, name: &Arc<str>) -> Result<Arc<Cluster>, Fault> {
        if self.environment.kube_contexts.contains(name) {
            return self.open_context(env, name).await;
        }
        if self.environment.without_aws {
            let words = format!("{} has no cluster {name}", self.environment.name);
            return Err(Fault::new(FaultClass::NotFound, words));
        }
        match self.context_to(env, name).await {
            Some(context) => self.open_context(env, &context).await,
            None => self.open_eks(env, name).await,
        }
    }

    /// The cluster of this name as actions reach it.
    pub(in crate::providers) async fn reach(&self, env: &Env, name: &Arc<str>) -> Result<Arc<Reach>, Fault> {
        let cluster = self.open(env, name).await?;
        let context = self.environment.kube_contexts.contains(&cluster.name).then(|| Arc::clone(&cluster.name));
        Ok(Arc::new(Reach::new(&cluster, context)))
    }

    async fn open_context(&self, env: &Env, name: &Arc<str>) -> Result<Arc<Cluster>, Fault> {
        let region = self.environment.regions.first().unwrap_or(&env.scope.region);
        let scope = Scope { region: Arc::clone(region), ..env.scope.in_cluster(Arc::clone(name)) };
        if let Some(Opened { cluster, .. }) = self.opened(&scope) {
            return Ok(cluster);
        }
        let pinned = Pinned {
            pins: Arc::clone(&self.pins),
            environment: Arc::clone(&self.environment.name),
            context: Arc::clone(name),
        };
        let (access, user) = match &self.ground {
            Ground::Stand(stand) => {
                let road = Road::Given(self.stands(stand, name)?);
                let giver = Giver::Fixed(Credential::default());
                (
                    self.access(name, giver, road, identity::address(name, None), Some(pinned), None),
                    Arc::from("console"),
                )
            }
            Ground::Files(source) => {
                let entry = source.files().await?.entry(name)?;
                let user = entry.context.user.clone().unwrap_or_default().into();
                let (environment, variables) = (Arc::clone(&self.environment), source.variables().clone());
                // Certificates are read from files.
                let made = tokio::task::spawn_blocking(move || {
                    let (giver, road) = entry.way(&environment, &variables)?;
                    Ok((giver, road, entry.address(), entry.namespace()))
                });
                let made = made.await.map_err(|error| Fault::new(FaultClass::Bug, error.to_string()))?;
                let (giver, road, address, namespace) = made?;
                (self.access(name, giver, road, address, Some(pinned), namespace), user)
            }
        };
        Ok(self.keep(Cluster::new(scope, access, user, Arc::clone(&self.moves)), None))
    }

    async fn open_eks(&self, env: &Env, name: &Arc<str>) -> Result<Arc<Cluster>, Fault> {
        let scope = env.scope.in_cluster(Arc::clone(name));
        let described = self.known.described(env, name).await?;
        if let Some(Opened { cluster, .. }) = self.opened(&scope).filter(|it| it.described.as_ref() == Some(&described))
        {
            return Ok(cluster);
        }
        let road = match &self.ground {
            Ground::Stand(stand) => Road::Given(self.stands(stand, name)?),
            Ground::Files(_) => described.road(),
        };
        let giver = Giver::Eks(Box::new(eks::presigner(env, name).await?));
        let access = self.access(name, giver, road, described.address(), None, None);
        let user = Arc::clone(&env.identity.arn);
        Ok(self.keep(Cluster::new(scope, access, user, Arc::clone(&self.moves)), Some(described)))
    }

    fn stands(&self, stand: &Stand, name: &str) -> Result<Transport, Fault> {
        stand(&self.environment.name, name).ok_or_else(|| {
            Fault::new(FaultClass::Unreachable, format!("{name}: nothing stands in for its API server here"))
        })
    }

    fn access(
        &self,
        name: &Arc<str>,
        giver: Giver,
        road: Road,
        address: String,
        pinned: Option<Pinned>,
        own_namespace: Option<Arc<str>>,
    ) -> Access {
        let (name, stats) = (Arc::clone(name), Arc::clone(&self.stats));
        let program = Restraint::new(Arc::clone(&self.attention));
        Access { name, giver, road, address, pinned, own_namespace, stats, program, held: Once::default() }
    }

    fn opened(&self, scope: &Scope) -> Option<Opened> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(scope).cloned()
    }

    /// Keeps a cluster; whoever was first with the same counts, so that all share its connections.
    fn keep(&self, cluster: Cluster, described: Option<Arc<Described>>) -> Arc<Cluster> {
        let scope = cluster.scope.clone();
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = opened.get(&scope).filter(|known| known.described == described) {
            return Arc::clone(&known.cluster);
        }
        let cluster = Arc::new(cluster);
        opened.insert(scope, Opened { cluster: Arc::clone(&cluster), described });
        cluster
    }

    /// The kubeconfig has changed: what stands on something else now is opened anew.
    pub(in crate::providers) fn changed(&self, before: &KubeFiles, now: &KubeFiles) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |name: &str| !now.differs(before, name);
        opened.retain(|_, it| it.described.is_some() || same(&it.cluster.name));
    }

    /// Somebody has signed in: what failed may work now.
    pub(in crate::providers) fn forgive(&self) {
        for opened in self.opened.lock().unwrap_or_else(PoisonError::into_inner).values() {
            opened.cluster.access.forgive();
        }
    }
}

/// Whether one of an environment's contexts stands on something else in these files than in the ones before.
pub(in crate::providers) fn concerned(environment: &Environment, before: &KubeFiles, now: &KubeFiles) -> bool {
    environment.kube_contexts.iter().any(|context| now.differs(before, context))
}

impl Env {
    /// The names of the Kubernetes clusters here, as far as they are known.
    pub async fn clusters(&self) -> Result<Vec<Arc<str>>, Fault> {
        let Names { names, fault } = self.named_clusters().await;
        fault.filter(|_| names.is_empty()).map_or(Ok(names), Err)
    }

    /// The same, and why some may be missing.
    pub async fn named_clusters(&self) -> Names {
        self.kube.names(self).await
    }

    /// The cluster of this name. Nothing is asked of it yet.
    pub async fn cluster(&self, name: &Arc<str>) -> Result<Arc<Cluster>, Fault> {
        self.kube.open(self, name).await
    }
}

#[cfg(test)]
mod tests;
