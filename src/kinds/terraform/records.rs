//! Locks and digests where they are written down: items of a DynamoDB table and lockfiles in a bucket.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};

use super::objects::{self, Object};
use super::stores::{Bucket, Place, Table};
use super::{DIGEST, ITEM, LOCKFILE, Lock, SCAN, path, split};
use crate::model::{Fault, FaultClass};
use crate::providers::Env;
use crate::providers::aws::fault;

/// Pages of a scan that are followed, of a mebibyte each.
const PAGES: usize = 20;
/// Lockfiles that one look reads, and how many at once.
const LOCKFILES: usize = 200;
const AT_ONCE: usize = 8;
/// The longest text of a lock: Terraform's own has a few hundred bytes.
pub const LONGEST: u64 = 64 << 10;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A lock in a DynamoDB table.
    DynamoDb,
    /// A lock in an object beside the state.
    S3,
    /// The digest of a state in a DynamoDB table. It is no lock.
    Digest,
}

impl Sort {
    /// The word in ids, columns and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DynamoDb => "dynamodb",
            Self::S3 => "s3",
            Self::Digest => "digest",
        }
    }
}

/// A lock or a digest, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub sort: Sort,
    /// Where it is.
    pub place: Place,
    /// The table or bucket.
    pub store: Arc<str>,
    /// The state it is about: `BUCKET/KEY`.
    pub path: Arc<str>,
    /// Just what is written down: the lock's text or the digest. `None`: nothing, or something that is no text.
    pub text: Option<Arc<str>>,
    /// Why there is no text although there is something.
    pub untold: Option<Arc<str>>,
    /// `ETag` of the object.
    pub etag: Option<Arc<str>>,
}

impl Record {
    /// The lock, or why it can't be read.
    pub fn lock(&self) -> Result<Lock, String> {
        match (&self.text, &self.untold) {
            (Some(text), _) => Lock::parse(text),
            (None, Some(why)) => Err(why.to_string()),
            (None, None) => Err("it has no text".to_owned()),
        }
    }

    /// Whether it is a lock, read or not.
    pub fn is_lock(&self) -> bool {
        self.sort != Sort::Digest
    }

    /// Its key where it is written down: the item's `LockID` or the object's key.
    pub fn key(&self) -> String {
        match self.sort {
            Sort::DynamoDb => self.path.to_string(),
            Sort::Digest => format!("{}{DIGEST}", self.path),
            Sort::S3 => format!("{}{LOCKFILE}", split(&self.path).map_or(&*self.path, |(_, key)| key)),
        }
    }

    /// Enough to find it again, from an environment and region.
    pub fn id(&self, env: &Env) -> String {
        format!("{}:{}{}:{}", self.sort.word(), self.store, self.place.mark(env), self.path)
    }
}

/// The record that an id stands for, with nothing written down.
pub fn empty(env: &Env, id: &str) -> Result<Record, Fault> {
    let unknown = || Fault::new(FaultClass::Invalid, format!("`{id}` is no id of a lock"));
    let (sort, rest) = id.split_once(':').ok_or_else(unknown)?;
    let (store, path) = rest.split_once(':').ok_or_else(unknown)?;
    let (store, mark) = store.split_once('@').unwrap_or((store, ""));
    let sort = [Sort::DynamoDb, Sort::S3, Sort::Digest].into_iter().find(|known| known.word() == sort);
    Ok(Record {
        sort: sort.ok_or_else(unknown)?,
        place: Place::of_mark(mark, env).ok_or_else(unknown)?,
        store: store.into(),
        path: path.into(),
        text: None,
        untold: None,
        etag: None,
    })
}

/// Reads the record of this id afresh; `None` where there is none any more.
pub async fn find(env: &Env, id: &str) -> Result<Option<Record>, Fault> {
    let empty = empty(env, id)?;
    let there = empty.place.env(env).await?;
    if empty.sort == Sort::S3 {
        return lockfile(&there, &empty.place, &empty.path).await;
    }
    let table = Table { place: empty.place.clone(), name: Arc::clone(&empty.store) };
    let found = item(&there, &table, &empty.key()).await?;
    // What has come to be something else under the same key is not what the id stands for.
    Ok(found.filter(|found| found.sort == empty.sort))
}

/// The item of this `LockID`; `there` has the clients of the table's place.
pub async fn item(there: &Env, table: &Table, lock_id: &str) -> Result<Option<Record>, Fault> {
    let key = AttributeValue::S(lock_id.to_owned());
    let call = there.aws.dynamodb().get_item().table_name(&*table.name).key("LockID", key).consistent_read(true);
    let answer = call.send().await.map_err(|error| fault(ITEM, &error))?;
    Ok(answer.item.and_then(|item| of_item(table, &item)))
}

/// Lock and digest of a state in a table.
pub async fn both(there: &Env, table: &Table, path: &str) -> Result<Vec<Record>, Fault> {
    let digest = format!("{path}{DIGEST}");
    let (lock, digest) = futures_util::future::join(item(there, table, path), item(there, table, &digest)).await;
    Ok(lock?.into_iter().chain(digest?).collect())
}

/// The lockfile of a state; `there` has the clients of the bucket's place.
pub async fn lockfile(there: &Env, place: &Place, path: &str) -> Result<Option<Record>, Fault> {
    let Some((bucket, key)) = split(path) else {
        return Err(Fault::new(FaultClass::Invalid, format!("`{path}` is no path of a state")));
    };
    of_lockfile(there, place, bucket, &format!("{key}{LOCKFILE}")).await
}

async fn of_lockfile(there: &Env, place: &Place, bucket: &str, key: &str) -> Result<Option<Record>, Fault> {
    let Some(read) = objects::read(there, bucket, key, None, LONGEST).await? else { return Ok(None) };
    let text = read.body.as_deref().map(|body| std::str::from_utf8(body).map_err(|_| "it is no text"));
    let untold = match &text {
        None => Some("it is too long for a lock"),
        Some(Err(why)) => Some(*why),
        Some(Ok(_)) => None,
    };
    Ok(Some(Record {
        sort: Sort::S3,
        place: place.clone(),
        store: bucket.into(),
        path: path(bucket, key.strip_suffix(LOCKFILE).unwrap_or(key)).into(),
        text: text.and_then(Result::ok).map(Into::into),
        untold: untold.map(Into::into),
        etag: read.etag,
    }))
}

/// Everything in a lock table.
pub async fn scan(env: &Env, table: &Table) -> Result<Vec<Record>, Fault> {
    let there = table.place.env(env).await?;
    let mut records = Vec::new();
    let mut start: Option<HashMap<String, AttributeValue>> = None;
    for _ in 0..PAGES {
        let call = there.aws.dynamodb().scan().table_name(&*table.name).consistent_read(true);
        let call = call.projection_expression("LockID, #info, Digest").expression_attribute_names("#info", "Info");
        let page = call.set_exclusive_start_key(start.clone()).send().await.map_err(|error| fault(SCAN, &error))?;
        records.extend(page.items().iter().filter_map(|item| of_item(table, item)));
        match page.last_evaluated_key {
            None => return Ok(records),
            next if next == start => {
                return Err(Fault::new(FaultClass::Malformed, format!("{SCAN}: a page token was repeated")));
            }
            next => start = next,
        }
    }
    Err(Fault::new(FaultClass::Invalid, format!("{} is too large to be a lock table", table.name)))
}

/// An item as a record. What has an `Info` is a lock, whatever its key ends with: a state's key may end so, too.
fn of_item(table: &Table, item: &HashMap<String, AttributeValue>) -> Option<Record> {
    let lock_id = item.get("LockID")?.as_s().ok()?;
    let digest_of = lock_id.strip_suffix(DIGEST).filter(|_| !item.contains_key("Info"));
    let (sort, path, value) = match digest_of {
        Some(path) => (Sort::Digest, path, item.get("Digest")),
        None => (Sort::DynamoDb, lock_id.as_str(), item.get("Info")),
    };
    let text = value.map(|value| value.as_s().map_err(|_| "it is no text"));
    Some(Record {
        sort,
        place: table.place.clone(),
        store: Arc::clone(&table.name),
        path: path.into(),
        text: text.as_ref().and_then(|text| text.as_deref().ok()).map(|text| text.as_str().into()),
        untold: text.and_then(Result::err).map(Into::into),
        etag: None,
    })
}

/// The lockfiles among the objects of a bucket.
pub async fn lockfiles(env: &Env, bucket: &Bucket, objects: &[Object]) -> Vec<Result<Record, Fault>> {
    let keys: Vec<&str> = objects.iter().map(|object| &*object.key).filter(|key| key.ends_with(LOCKFILE)).collect();
    if keys.is_empty() {
        return Vec::new();
    }
    let there = match bucket.place.env(env).await {
        Ok(there) => there,
        Err(fault) => return vec![Err(fault)],
    };
    let more = keys.len().saturating_sub(LOCKFILES);
    let keys = keys.into_iter().take(LOCKFILES);
    let reads: Vec<_> = keys.map(|key| of_lockfile(&there, &bucket.place, &bucket.name, key).boxed()).collect();
    let read: Vec<_> = stream::iter(reads).buffered(AT_ONCE).collect().await;
    // One that was released since it was listed is none.
    let mut found: Vec<Result<Record, Fault>> = read.into_iter().filter_map(Result::transpose).collect();
    if more > 0 {
        let words = format!("{} has {more} lockfiles more than are read", bucket.name);
        found.push(Err(Fault::new(FaultClass::Invalid, words)));
    }
    found
}
