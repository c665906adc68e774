//! One Kubernetes cluster as an environment reaches it: its watches, single reads, and who one is there.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kube::Client;
use serde::de::DeserializeOwned;

use super::discovery::Found;
use super::fault::fault;
use super::lately::Lately;
use super::moves::Moves;
use super::object::{Object, Shelf};
use super::watch::{Place, Watch};
use crate::model::{Fault, FaultClass, Scope};

/// A cluster.
pub struct Cluster {
    /// Its name: the context's, or the EKS cluster's.
    pub name: Arc<str>,
    /// Environment, region and cluster.
    pub scope: Scope,
    /// For reads. It lets nothing pass that could change something.
    pub(super) reads: Client,
    /// The only namespace that may be read, where the cluster refuses more.
    pub(super) namespace: Mutex<Option<Arc<str>>>,
    pub(super) watches: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    pub(super) moves: Arc<Moves>,
    /// The types that its API server has.
    pub(super) found: Found,
    pub(super) lately: Lately,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl Cluster {
    /// All objects of a type, as soon as they are known. From then on they are watched for as long as this is asked again now and
    /// then; what has moved is told.
    pub async fn watched<K: Object>(&self) -> Result<Shelf<K>, Fault> {
        self.watch::<K>().read(false).await
    }

    /// The same for who looks only now and then: what is watched already is read, and nothing is watched for longer on account of this.
    pub async fn glanced<K: Object>(&self) -> Result<Shelf<K>, Fault> {
        self.watch::<K>().read(true).await
    }

    /// The only namespace that may be read, where the cluster refuses more.
    pub fn only(&self) -> Option<Arc<str>> {
        self.namespace.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn watch<K: Object>(&self) -> Arc<Watch<K>> {
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let known = watches.get(&TypeId::of::<K>()).cloned().and_then(|known| known.downcast::<Watch<K>>().ok());
        if let Some(known) = known.filter(|known| !known.is_over()) {
            return known;
        }
        let new = Arc::new(Watch::<K>::start(Place {
            client: self.reads.clone(),
            namespace: self.only(),
            scope: self.scope.region_scope(),
            moves: Arc::clone(&self.moves),
        }));
        watches.insert(TypeId::of::<K>(), Arc::clone(&new) as Arc<dyn Any + Send + Sync>);
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
        self.reads.request(request(path, query)?).await.map_err(|error| fault(path, &error))
    }

    /// What lies at a path and is no JSON, such as a log.
    pub async fn text(&self, path: &str, query: &[(&str, &str)]) -> Result<String, Fault> {
        self.reads.request_text(request(path, query)?).await.map_err(|error| fault(path, &error))
    }

    /// What lies at a path, with its query, in another form than plain objects have. What can't be read is told by its place alone:
    /// it may be secret.
    pub async fn read_as<T: DeserializeOwned>(&self, path: &str, accept: &str) -> Result<T, Fault> {
        let request = http::Request::get(path).header(http::header::ACCEPT, accept).body(Vec::new());
        let request = request.map_err(|error| fault(path, &kube::Error::HttpError(error)))?;
        let what = path.split('?').next().unwrap_or(path);
        let text = self.reads.request_text(request).await.map_err(|error| fault(what, &error))?;
        serde_json::from_str(&text).map_err(|error| fault(what, &kube::Error::SerdeError(error)))
    }
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
