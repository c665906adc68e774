//! Which types an API server has, CRDs included: by aggregated discovery where it can be had (two calls), else by a call for each
//! group. What was found is kept for minutes: types seldom come and go.

mod wire;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;

use super::cluster::Cluster;
use crate::model::Fault;

/// Found types are good for so long.
const KEPT: Duration = Duration::from_mins(5);

/// A type that is not among the found ones is looked for again no sooner than this.
const AGAIN: Duration = Duration::from_secs(20);

/// Groups asked at once where there is no aggregated discovery.
const GROUPS: usize = 8;

/// Aggregated discovery in both of its versions, else what older servers have.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// A type of object that an API server has, in the version that it prefers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiType {
    /// Its group; empty for the core group.
    pub group: String,
    /// Its version, such as `v1`.
    pub version: String,
    /// The word in manifests, such as `Certificate`.
    pub kind: String,
    /// The word in paths, such as `certificates`.
    pub plural: String,
    /// The word for one, such as `certificate`.
    pub singular: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What can be done with it, such as `list` and `watch`.
    pub verbs: Vec<String>,
    /// Further words for it.
    pub short: Vec<String>,
}

impl ApiType {
    /// The name that no other type of the server has: `certificates.cert-manager.io`, `pods`.
    pub fn name(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether kubectl would understand this word as this type.
    pub fn is_called(&self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        let plain = [&self.plural, &self.singular].into_iter().chain(&self.short).any(|known| *known == word);
        plain || word == self.name() || word == format!("{}.{}.{}", self.plural, self.version, self.group)
    }

    /// Whether its objects can be had in this way.
    pub fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    /// Where its objects lie: `/apis/cert-manager.io/v1/namespaces/x/certificates`.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let Self { group, version, plural, .. } = self;
        let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        match namespace {
            Some(namespace) if self.namespaced => format!("{root}/namespaces/{namespace}/{plural}"),
            _ => format!("{root}/{plural}"),
        }
    }
}

/// The types of an API server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiTypes {
    /// The core group first, then as the server prefers its groups.
    pub items: Vec<ApiType>,
    /// Why some may be missing.
    pub faults: Vec<Fault>,
}

impl ApiTypes {
    /// The type that a word names; where several have it, the first that can be listed.
    pub fn called(&self, word: &str) -> Option<&ApiType> {
        let mut named = self.items.iter().filter(|known| known.is_called(word));
        let first = named.clone().next();
        named.find(|known| known.can("list")).or(first)
    }
}

/// What was found, and when.
#[derive(Debug, Default)]
pub(super) struct Found(Mutex<Option<(Instant, Arc<ApiTypes>)>>);

impl Found {
    fn younger_than(&self, age: Duration) -> Option<Arc<ApiTypes>> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.as_ref().filter(|(at, _)| at.elapsed() < age).map(|(_, types)| Arc::clone(types))
    }

    fn keep(&self, types: &Arc<ApiTypes>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(types)));
    }
}

impl Cluster {
    /// The types there are.
    pub async fn types(&self) -> Result<Arc<ApiTypes>, Fault> {
        match self.found.younger_than(KEPT) {
            Some(known) => Ok(known),
            None => self.discover().await,
        }
    }

    /// The type that a word names. One that has come lately is found, too.
    pub async fn type_called(&self, word: &str) -> Result<Option<ApiType>, Fault> {
        let known = self.types().await?;
        if let Some(found) = known.called(word) {
            return Ok(Some(found.clone()));
        }
        let known = match self.found.younger_than(AGAIN) {
            Some(known) => known,
            None => self.discover().await?,
        };
        Ok(known.called(word).cloned())
    }

    async fn discover(&self) -> Result<Arc<ApiTypes>, Fault> {
        let (core, groups) =
            futures_util::future::try_join(self.types_below("/api"), self.types_below("/apis")).await?;
        let mut types = core;
        types.items.extend(groups.items);
        types.faults.extend(groups.faults);
        let types = Arc::new(types);
        self.found.keep(&types);
        Ok(types)
    }

    async fn types_below(&self, root: &str) -> Result<ApiTypes, Fault> {
        match self.read_as::<wire::Answer>(root, AGGREGATED).await?.told() {
            wire::Told::Types(items) => Ok(ApiTypes { items, faults: Vec::new() }),
            wire::Told::Groups(groups) => Ok(self.types_of_groups(root, groups).await),
        }
    }

    /// Asks each version of each group. One that fails (an API server behind the API server that is down) hides none of the others.
    async fn types_of_groups(&self, root: &str, groups: Vec<wire::Group>) -> ApiTypes {
        let ask = |group: wire::Group| async move {
            let mut versions = Vec::new();
            let mut faults = Vec::new();
            for version in &group.versions {
                let path = match group.name.as_str() {
                    "" => format!("{root}/{version}"),
                    name => format!("{root}/{name}/{version}"),
                };
                match self.read_as::<wire::Resources>(&path, "application/json").await {
                    Ok(resources) => versions.push((version.clone(), resources)),
                    Err(fault) => faults.push(fault),
                }
            }
            (wire::of_group(&group.name, versions), faults)
        };
        let mut types = ApiTypes::default();
        let mut answers = stream::iter(groups).map(ask).buffered(GROUPS);
        while let Some((items, faults)) = answers.next().await {
            types.items.extend(items);
            types.faults.extend(faults);
        }
        types
    }
}
