//! Where an environment's states and locks are: what its configuration says, and the tables of its own account whose hash key is
//! `LockID`.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};

use super::{TABLE, TABLES};
use crate::kinds::parts::encoded;
use crate::model::{Backend, Environment, Fault};
use crate::providers::Env;
use crate::providers::aws::{fault, gathered};

/// Pages of table names that one look follows: a thousand tables.
const PAGES: usize = 10;
/// Tables that one look describes; what it leaves is described by the next one.
const DESCRIBED: usize = 100;
/// Tables described at once.
const AT_ONCE: usize = 8;
/// The hash key of a lock table.
const HASH_KEY: &str = "LockID";

/// An account and a region that something is kept in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The profile of the account, where it is not the environment's own.
    pub profile: Option<Arc<str>>,
    /// The region.
    pub region: Arc<str>,
}

impl Place {
    /// The environment's own account and region.
    pub fn own(env: &Env) -> Self {
        Self { profile: None, region: Arc::clone(&env.scope.region) }
    }

    fn of(backend: &Backend, environment: &Environment) -> Option<Self> {
        let own = |profile: &&Arc<str>| environment.profile.as_deref() != Some(&***profile);
        let region = backend.region.as_ref().or(environment.regions.first())?;
        Some(Self { profile: backend.profile.as_ref().filter(own).cloned(), region: Arc::clone(region) })
    }

    /// Its clients, on the same connections as those of `env`.
    pub async fn env(&self, env: &Env) -> Result<Arc<Env>, Fault> {
        env.elsewhere(self.profile.as_deref(), &self.region).await
    }

    /// How it is written in an id: nothing where it is the environment's own account and the region it is listed in.
    pub(super) fn mark(&self, env: &Env) -> String {
        if *self == Self::own(env) {
            return String::new();
        }
        format!("@{}/{}", encoded(self.profile.as_deref().unwrap_or_default()), self.region)
    }

    /// Reads such a mark.
    pub(super) fn of_mark(mark: &str, env: &Env) -> Option<Self> {
        if mark.is_empty() {
            return Some(Self::own(env));
        }
        let (profile, region) = mark.split_once('/')?;
        let profile = percent_encoding::percent_decode_str(profile).decode_utf8().ok()?;
        Some(Self { profile: Some(profile).filter(|it| !it.is_empty()).map(Into::into), region: region.into() })
    }
}

/// A bucket with states in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is.
    pub place: Place,
    /// What the configuration says of it.
    pub backends: Vec<Backend>,
}

/// A lock table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Table {
    /// Where it is.
    pub place: Place,
    /// Its name.
    pub name: Arc<str>,
}

/// The buckets and tables of an environment that are listed in one of its regions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stores {
    /// Buckets that the configuration names.
    pub buckets: Vec<Bucket>,
    /// Tables, of the configuration and found.
    pub tables: Vec<Table>,
}

impl Stores {
    /// Those that the configuration names. A backend is listed in its own region where the environment has it, else in the first.
    pub fn configured(env: &Env) -> Self {
        let environment = &*env.environment;
        let mut stores = Self::default();
        for backend in &environment.terraform {
            let Some(place) = Place::of(backend, environment) else { continue };
            let here = environment.regions.contains(&place.region).then_some(&place.region);
            if here.or(environment.regions.first()) == Some(&env.scope.region) {
                stores.add(backend, &place);
            }
        }
        stores
    }

    fn add(&mut self, backend: &Backend, place: &Place) {
        if let Some(name) = &backend.bucket {
            match self.buckets.iter_mut().find(|bucket| bucket.name == *name && bucket.place == *place) {
                Some(bucket) => bucket.backends.push(backend.clone()),
                None => self.buckets.push(Bucket {
                    name: Arc::clone(name),
                    place: place.clone(),
                    backends: vec![backend.clone()],
                }),
            }
        }
        if let Some(name) = &backend.table {
            self.add_table(Table { place: place.clone(), name: Arc::clone(name) });
        }
    }

    fn add_table(&mut self, table: Table) {
        if !self.tables.contains(&table) {
            self.tables.push(table);
        }
    }
}

/// The stores of an environment in this region. What could not be found out besides the configuration is a fault only where that
/// names no table: else what was asked for is there.
pub async fn stores(env: &Env) -> (Stores, Option<Fault>) {
    let mut stores = Stores::configured(env);
    match found(env).await {
        Ok(names) => {
            for name in names {
                stores.add_table(Table { place: Place::own(env), name });
            }
            (stores, None)
        }
        Err(fault) if stores.tables.is_empty() => (stores, Some(fault)),
        Err(fault) => {
            tracing::debug!(%fault, environment = %env.scope.environment, "lock tables are not looked for");
            (stores, None)
        }
    }
}

/// Which tables are lock tables, as far as known: a table's key never changes.
type Known = BTreeMap<Arc<str>, bool>;

/// The lock tables of the account and region.
async fn found(env: &Env) -> Result<Vec<Arc<str>>, Fault> {
    let memory = format!("lock tables {}", env.scope.region);
    let mut known: Known = env.memory.get::<Known>(&memory).as_deref().cloned().unwrap_or_default();
    let names = names(env).await?;
    known.retain(|name, _| names.contains(name));
    let mut unknown: Vec<&Arc<str>> = names.iter().filter(|name| !known.contains_key(*name)).collect();
    // Those that are called so come first, in case there are more than one look describes.
    unknown.sort_by_key(|name| !["lock", "terraform", "tf"].iter().any(|word| name.contains(word)));
    let unknown = unknown.into_iter().take(DESCRIBED).cloned();
    let asked: Vec<_> = unknown.map(|name| is_lock_table(env, name).boxed()).collect();
    let described: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    for (name, is) in described {
        match is {
            Ok(is) => drop(known.insert(name, is)),
            // It may be gone since, or not for these eyes: it is looked at again the next time.
            Err(fault) => tracing::debug!(%fault, table = %name, "is not described"),
        }
    }
    env.memory.keep(memory, Arc::new(known.clone()));
    Ok(known.into_iter().filter_map(|(name, is)| is.then_some(name)).collect())
}

async fn names(env: &Env) -> Result<Vec<Arc<str>>, Fault> {
    let page = std::sync::atomic::AtomicUsize::new(1);
    let names: Vec<String> = gathered(TABLES, |token| {
        let call = env.aws.dynamodb().list_tables().set_exclusive_start_table_name(token);
        let nth = page.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            let page = call.send().await.map_err(|error| fault(TABLES, &error))?;
            let next = page.last_evaluated_table_name.filter(|_| nth < PAGES);
            Ok((page.table_names.unwrap_or_default(), next))
        }
    })
    .await?;
    Ok(names.into_iter().map(Into::into).collect())
}

async fn is_lock_table(env: &Env, name: Arc<str>) -> (Arc<str>, Result<bool, Fault>) {
    let answer = env.aws.dynamodb().describe_table().table_name(&*name).send().await;
    let is = answer.map_err(|error| fault(TABLE, &error)).map(|answer| {
        let keys = answer.table.map(|table| table.key_schema.unwrap_or_default()).unwrap_or_default();
        matches!(keys.as_slice(), [key] if key.attribute_name() == HASH_KEY)
    });
    (name, is)
}
