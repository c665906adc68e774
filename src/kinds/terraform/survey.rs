//! Everything that an environment's stores hold: locks, digests, and the objects that can be states. What can't be read is told beside
//! what can.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{join, join_all};

use super::objects::{self, Object};
use super::records::{self, Record};
use super::stores::{Bucket, Place, Stores, stores};
use super::{Attribution, LOCKFILE, Lock, Sort, attribution, path, split};
use crate::model::{Backend, Environment, Fault, FaultClass, text};
use crate::providers::Env;

/// What was found.
#[derive(Debug, Default)]
pub struct Survey {
    /// The stores that were looked at.
    pub stores: Stores,
    /// Locks and digests, and whose they are; those of other environments left out.
    pub records: Vec<(Record, Attribution)>,
    /// The environment's states, by where they are.
    pub states: Vec<Found>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// An object that is a state.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its bucket.
    pub bucket: Bucket,
    /// The object.
    pub object: Object,
}

/// States in buckets that no configuration names, looked for because a lock table has their digests.
const NOTED: usize = 50;

/// Looks at all stores at once. `Err` where nothing at all could be read.
pub async fn survey(env: &Env) -> Result<Survey, Fault> {
    let (stores, fault) = stores(env).await;
    let mut gathered = Gathered { faults: fault.into_iter().collect(), ..Gathered::default() };
    let tables: Vec<_> = stores.tables.iter().map(|table| records::scan(env, table).boxed()).collect();
    let (tables, buckets) = join(join_all(tables), read_all(env, stores.buckets.clone())).await;
    for table in tables {
        match table {
            Ok(records) => gathered.read(|all| all.records.extend(records)),
            Err(fault) => gathered.faults.push(fault),
        }
    }
    gathered.take(buckets);
    let all = env.around.list();
    let environment = &*env.environment;
    let (noted, fault) = noted(&Place::own(env), &gathered.records, |bucket, key| {
        let named = stores.buckets.iter().any(|known| *known.name == *bucket);
        !named && attribution(environment, &all, bucket, key) == Attribution::Own
    });
    gathered.faults.extend(fault);
    gathered.take(read_all(env, noted).await);
    if gathered.answers == 0 && !gathered.faults.is_empty() {
        return Err(gathered.faults.swap_remove(0));
    }
    let states = states(gathered.objects, &gathered.records, environment, &all);
    let records = attributed(gathered.records, environment, &all);
    remember(env, &records);
    Ok(Survey { stores, records, states, faults: gathered.faults })
}

/// The locks of an environment and region as they were read last, each under its id.
type Locks = Vec<(String, Lock)>;

fn remember(env: &Env, records: &[(Record, Attribution)]) {
    let locks = records.iter().map(|(record, _)| record).filter(|record| record.is_lock());
    let locks: Locks = locks.filter_map(|record| Some((record.id(env), record.lock().ok()?))).collect();
    env.memory.keep(locks_in(env), Arc::new(locks));
}

/// The lock of this id as it was read last; it need not be the one that is there now.
pub fn known_lock(env: &Env, id: &str) -> Option<Lock> {
    let locks = env.memory.get::<Locks>(&locks_in(env))?;
    locks.iter().find(|(known, _)| known == id).map(|(_, lock)| lock.clone())
}

fn locks_in(env: &Env) -> String {
    format!("terraform locks {}", env.scope.region)
}

/// What has come so far.
#[derive(Default)]
struct Gathered {
    answers: usize,
    records: Vec<Record>,
    objects: Vec<Found>,
    faults: Vec<Fault>,
}

impl Gathered {
    fn read(&mut self, take: impl FnOnce(&mut Self)) {
        self.answers += 1;
        take(self);
    }

    fn take(&mut self, buckets: Vec<(Bucket, Result<BucketRead, Fault>)>) {
        for (bucket, read) in buckets {
            match read {
                Err(fault) => self.faults.push(fault),
                Ok((objects, lockfiles, fault)) => self.read(|all| {
                    all.faults.extend(fault);
                    for lockfile in lockfiles {
                        match lockfile {
                            Ok(record) => all.records.push(record),
                            Err(fault) => all.faults.push(fault),
                        }
                    }
                    all.objects.extend(objects.into_iter().map(|object| Found { bucket: bucket.clone(), object }));
                }),
            }
        }
    }
}

type BucketRead = (Vec<Object>, Vec<Result<Record, Fault>>, Option<Fault>);

async fn read_all(env: &Env, buckets: Vec<Bucket>) -> Vec<(Bucket, Result<BucketRead, Fault>)> {
    join_all(buckets.into_iter().map(|bucket| read(env, bucket)).collect::<Vec<_>>()).await
}

async fn read(env: &Env, bucket: Bucket) -> (Bucket, Result<BucketRead, Fault>) {
    let read = match objects::listed(env, &bucket).await {
        Ok((objects, fault)) => {
            let lockfiles = records::lockfiles(env, &bucket, &objects).await;
            Ok((objects, lockfiles, fault))
        }
        Err(fault) => Err(fault),
    };
    (bucket, read)
}

/// The buckets that only the digests in the account's own lock tables name, and the keys in them; and that these are not all.
fn noted(own: &Place, records: &[Record], is_ours: impl Fn(&str, &str) -> bool) -> (Vec<Bucket>, Option<Fault>) {
    let mut buckets: Vec<Bucket> = Vec::new();
    let digests = records.iter().filter(|record| record.sort == Sort::Digest && record.place == *own);
    let mut states = digests.filter_map(|record| split(&record.path)).filter(|(bucket, key)| is_ours(bucket, key));
    for (bucket, key) in states.by_ref().take(NOTED) {
        let backend = Backend { bucket: Some(bucket.into()), key: Some(key.into()), ..Backend::default() };
        match buckets.iter_mut().find(|known| *known.name == *bucket) {
            Some(known) => known.backends.push(backend),
            None => buckets.push(Bucket { name: bucket.into(), place: own.clone(), backends: vec![backend] }),
        }
    }
    let fault = match states.count() {
        0 => None,
        more => {
            let states = text::counted(more, "state", "states");
            let words = format!("{states} more than are read are known by their digests alone: name their buckets");
            Some(Fault::new(FaultClass::Invalid, words))
        }
    };
    (buckets, fault)
}

/// Records and whose they are, those of other environments left out, in an order that stays.
fn attributed(found: Vec<Record>, own: &Environment, all: &[Arc<Environment>]) -> Vec<(Record, Attribution)> {
    let whose = |record: &Record| match split(&record.path) {
        Some((bucket, key)) => attribution(own, all, bucket, key),
        None => Attribution::Nobody,
    };
    let mut records: Vec<_> = found.into_iter().map(|record| (whose(&record), record)).collect();
    records.retain(|(whose, _)| *whose != Attribution::Other);
    records.sort_by(|(_, a), (_, b)| (&a.path, a.sort, &a.place, &a.store).cmp(&(&b.path, b.sort, &b.place, &b.store)));
    records.into_iter().map(|(whose, record)| (record, whose)).collect()
}

/// The objects that are states: by their names, because the configuration names them, or because something is noted about them.
fn states(objects: Vec<Found>, records: &[Record], own: &Environment, all: &[Arc<Environment>]) -> Vec<Found> {
    let noted: HashSet<&str> = records.iter().map(|record| &*record.path).collect();
    let is_state = |found: &Found| {
        let (bucket, key) = (&*found.bucket.name, &*found.object.key);
        let named = found.bucket.backends.iter().any(|backend| backend.key.is_some() && backend.holds(key));
        !key.ends_with(LOCKFILE) && (key.ends_with(".tfstate") || named || noted.contains(&*path(bucket, key)))
    };
    let is_own = |found: &Found| attribution(own, all, &found.bucket.name, &found.object.key) == Attribution::Own;
    objects.into_iter().filter(|found| is_state(found) && is_own(found)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_that_are_not_followed_are_told() {
        let own = Place { profile: None, region: "eu-central-1".into() };
        let digest = |number: usize| Record {
            sort: Sort::Digest,
            place: own.clone(),
            store: "locks".into(),
            path: format!("states-{}/{number}.tfstate", number % 2).into(),
            text: None,
            untold: None,
            etag: None,
        };
        let of = |count: usize| noted(&own, &(0..count).map(digest).collect::<Vec<_>>(), |_, _| true);
        let (buckets, fault) = of(NOTED);
        assert_eq!((buckets.len(), fault), (2, None));
        let (buckets, fault) = of(NOTED + 3);
        assert_eq!(buckets.iter().map(|bucket| bucket.backends.len()).sum::<usize>(), NOTED);
        assert!(fault.unwrap().summary.starts_with("3 states more than are read"));
    }
}
