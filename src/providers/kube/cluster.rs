//! One Kubernetes cluster as an environment reaches it: its watches and single reads. Where it refuses the whole and its context
//! names a namespace, that one is read instead.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kube::Client;
use serde::de::DeserializeOwned;

use super::access::Access;
use super::client;
use super::discovery::Found;
use super::fault::fault;
use super::kept::Kept;
use super::lately::Lately;
use super::moves::Moves;
use super::object::{Object, Shelf};
use super::tables::TableWatch;
use super::watch::{self, Place, Watch};
use crate::model::{Fault, FaultClass, Scope};

/// A single read, its answer included.
const PATIENCE: Duration = Duration::from_secs(25);

/// What was refused is asked for again after this long: somebody may have been given the right.
const AGAIN: Duration = Duration::from_mins(10);

/// A type, and the namespace where only that one is watched.
type Watched = (TypeId, Option<Arc<str>>);

/// A cluster.
pub struct Cluster {
    /// Its name: the context's, or the EKS cluster's.
    pub name: Arc<str>,
    /// Environment, region and cluster.
    pub scope: Scope,
    /// Whether it is an EKS cluster that is reached through the environment's AWS account.
    pub is_of_account: bool,
    /// For reads. It lets nothing pass that could change something.
    pub(super) reads: Client,
    pub(super) access: Arc<Access>,
    /// What the kubeconfig calls the user.
    pub(super) user_of_context: Arc<str>,
    /// Types that may only be read in the context's own namespace: since when that is known, and what is missing.
    narrow: Mutex<HashMap<TypeId, (Instant, Fault)>>,
    watches: Mutex<HashMap<Watched, Arc<dyn Any + Send + Sync>>>,
    /// Types that are watched as the server prints them, by their names.
    pub(super) tables: Mutex<HashMap<String, Arc<TableWatch>>>,
    pub(super) moves: Arc<Moves>,
    /// The types that its API server has.
    pub(super) found: Found,
    pub(super) lately: Lately,
    /// What an action has opened and not taken yet.
    pub(super) kept: Kept,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl Cluster {
    /// A cluster that this is the way into. Nothing is asked yet.
    pub(super) fn new(scope: Scope, access: Access, user_of_context: Arc<str>, moves: Arc<Moves>) -> Self {
        let access = Arc::new(access);
        Self {
            name: scope.cluster.clone().unwrap_or_default(),
            scope,
            is_of_account: access.pinned.is_none(),
            reads: client::reads(&access),
            access,
            user_of_context,
            narrow: Mutex::default(),
            watches: Mutex::default(),
            tables: Mutex::default(),
            moves,
            found: Found::default(),
            lately: Lately::default(),
            kept: Kept::default(),
        }
    }

    /// A client for plans and permitted changes, on connections of its own.
    pub(super) fn acting(&self) -> Client {
        client::acting(&self.access, &self.scope)
    }

    /// All objects of a type, as soon as they are known. From then on they are watched for as long as this is asked again now and
    /// then; what has moved is told.
    pub async fn watched<K: Object>(&self) -> Result<Shelf<K>, Fault> {
        self.shelf(false).await
    }

    /// The same for who looks only now and then: what is watched already is read, and nothing is watched for longer on account of this.
    pub async fn glanced<K: Object>(&self) -> Result<Shelf<K>, Fault> {
        self.shelf(true).await
    }

    /// The objects of a type in the whole cluster, where they are watched already and are as they should be. Starts nothing, keeps
    /// nothing alive.
    pub fn known<K: Object>(&self) -> Option<Vec<Arc<K>>> {
        let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let known = watches.get(&(TypeId::of::<K>(), None)).cloned();
        drop(watches);
        known?.downcast::<Watch<K>>().ok()?.present()
    }

    async fn shelf<K: Object>(&self, glance: bool) -> Result<Shelf<K>, Fault> {
        if let Some(namespace) = self.only_for::<K>() {
            return self.narrowed::<K>(&namespace, glance).await;
        }
        let whole = self.watch::<K>(None).read(glance).await;
        let namespace = self.access.own_namespace.clone().filter(|_| K::NAMESPACED);
        match (whole, namespace) {
            (Err(fault), Some(namespace)) if matches!(fault.class, FaultClass::Denied { .. }) => {
                let words = format!("{}: only namespace {namespace}: {}", self.name, fault.summary);
                let since = (Instant::now(), Fault { summary: words, ..fault });
                self.narrow.lock().unwrap_or_else(PoisonError::into_inner).insert(TypeId::of::<K>(), since);
                self.watches.lock().unwrap_or_else(PoisonError::into_inner).remove(&(TypeId::of::<K>(), None));
                self.narrowed::<K>(&namespace, glance).await
            }
            (whole, _) => whole,
        }
    }

    /// The objects of the only namespace that may be read; the shelf says what is missing.
    async fn narrowed<K: Object>(&self, namespace: &Arc<str>, glance: bool) -> Result<Shelf<K>, Fault> {
        let mut shelf = self.watch::<K>(Some(namespace)).read(glance).await?;
        let narrow = self.narrow.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = narrow.get(&TypeId::of::<K>()).map(|(_, missing)| missing.clone());
        shelf.fault = shelf.fault.or(missing);
        Ok(shelf)
    }

    /// The namespace that is read in place of the whole cluster, where it refuses something.
    pub fn only(&self) -> Option<Arc<str>> {
        let narrow = self.narrow.lock().unwrap_or_else(PoisonError::into_inner);
        self.access.own_namespace.clone().filter(|_| !narrow.is_empty())
    }

    /// The namespace in which alone a type may be read, where that is so.
    fn only_for<K: Object>(&self) -> Option<Arc<str>> {
        let mut narrow = self.narrow.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, _) = narrow.get(&TypeId::of::<K>())?;
        if since.elapsed() < AGAIN {
            return self.access.own_namespace.clone();
        }
        narrow.remove(&TypeId::of::<K>());
        None
    }

    fn watch<K: Object>(&self, namespace: Option<&Arc<str>>) -> Arc<Watch<K>> {
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (TypeId::of::<K>(), namespace.cloned());
        let known = watches.get(&key).cloned().and_then(|known| known.downcast::<Watch<K>>().ok());
        if let Some(known) = known.filter(|known| !known.is_over()) {
            return known;
        }
        let place = Place { scope: self.scope.region_scope(), moves: Arc::clone(&self.moves), what: K::PLURAL };
        let events = watch::events::<K>(self.reads.clone(), namespace.map(|namespace| &**namespace));
        let new = Arc::new(Watch::<K>::start(place, events));
        watches.insert(key, Arc::clone(&new) as Arc<dyn Any + Send + Sync>);
        new
    }

    /// One object, read now.
    pub async fn get<K: Object>(&self, namespace: Option<&str>, name: &str) -> Result<K, Fault> {
        self.read(&K::path(namespace, name)).await
    }

    /// What lies at a path of the API, read now.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        self.ask(path, &[]).await
    }

    /// The same with what stands behind the question mark.
    pub async fn ask<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, Fault> {
        in_time(path, self.reads.request(request(path, query)?)).await
    }

    /// What lies at a path and is no JSON, such as a log.
    pub async fn text(&self, path: &str, query: &[(&str, &str)]) -> Result<String, Fault> {
        in_time(path, self.reads.request_text(request(path, query)?)).await
    }

    /// What lies at a path, with its query, in another form than plain objects have. What can't be read is told by its place alone:
    /// it may be secret.
    pub async fn read_as<T: DeserializeOwned>(&self, path: &str, accept: &str) -> Result<T, Fault> {
        let request = http::Request::get(path).header(http::header::ACCEPT, accept).body(Vec::new());
        let request = request.map_err(|error| fault(path, &kube::Error::HttpError(error)))?;
        let what = path.split('?').next().unwrap_or(path);
        let text = in_time(what, self.reads.request_text(request)).await?;
        serde_json::from_str(&text).map_err(|error| fault(what, &kube::Error::SerdeError(error)))
    }
}

async fn in_time<T>(path: &str, asked: impl Future<Output = kube::Result<T>>) -> Result<T, Fault> {
    let late = |_| Fault::new(FaultClass::TimedOut, format!("{path}: no answer within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, asked).await.map_err(late)?.map_err(|error| fault(path, &error))
}

pub(super) fn request(path: &str, query: &[(&str, &str)]) -> Result<http::Request<Vec<u8>>, Fault> {
    let mut target = path.to_owned();
    if !query.is_empty() {
        target.push('?');
        target.push_str(&form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
    }
    let built = http::Request::get(target).body(Vec::new());
    built.map_err(|error| Fault::new(FaultClass::Bug, format!("{path}: {error}")))
}
