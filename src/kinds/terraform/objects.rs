//! Objects of a bucket: listed, read up to a size, and their versions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use bytes::Bytes;
use jiff::Timestamp;

use super::stores::Bucket;
use super::{OBJECT, OBJECTS, VERSIONS};
use crate::kinds::parts::instant;
use crate::model::{Fault, FaultClass};
use crate::providers::Env;
use crate::providers::aws::{fault, gathered};

/// Pages of a listing that are followed, of a thousand objects each.
const PAGES: usize = 20;
/// Versions of an object that are listed.
pub const MOST_VERSIONS: i32 = 200;

/// An object as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: Arc<str>,
    /// Bytes.
    pub size: u64,
    /// In its quotes.
    pub etag: Arc<str>,
    /// When it was written.
    pub written: Option<Timestamp>,
}

/// An object that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// `None`: it is longer than was asked for.
    pub body: Option<Bytes>,
    /// Bytes.
    pub size: u64,
    /// In its quotes.
    pub etag: Option<Arc<str>>,
    /// When it was written.
    pub written: Option<Timestamp>,
    /// The version, in a bucket with versioning.
    pub version: Option<Arc<str>>,
    /// How it is encrypted, and with which key of KMS.
    pub encryption: Option<(Arc<str>, Option<Arc<str>>)>,
}

/// A version of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its id; `null` without versioning.
    pub id: Arc<str>,
    /// Bytes; a delete marker has none.
    pub size: Option<u64>,
    /// In its quotes.
    pub etag: Option<Arc<str>>,
    /// When it was written.
    pub written: Option<Timestamp>,
    /// Whether it is the object as it is now.
    pub latest: bool,
}

/// The objects that can be states or lockfiles of an environment: everything in the bucket where it may hold anything, so that what
/// is nobody's is found, too. With the fault where not all could be listed.
pub async fn listed(env: &Env, bucket: &Bucket) -> Result<(Vec<Object>, Option<Fault>), Fault> {
    let there = bucket.place.env(env).await?;
    let mut found = Vec::new();
    let mut fault = None;
    for prefix in prefixes(bucket) {
        let (objects, whole) = under(&there, &bucket.name, &prefix).await?;
        found.extend(objects);
        if !whole {
            let words = format!("{} has more objects than are listed: name a `key` or a `key_prefix`", bucket.name);
            fault = Some(Fault::new(FaultClass::Invalid, words));
            // What is the environment's own must not be missed for the sake of what is nobody's.
            for backend in bucket.backends.iter().filter(|_| prefix.is_empty()) {
                let Some(prefix) = &backend.key_prefix else { continue };
                found.extend(under(&there, &bucket.name, prefix).await?.0);
            }
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found.dedup_by(|a, b| a.key == b.key);
    Ok((found, fault))
}

/// Where to look: at the one key and its workspaces where only such are meant, else everywhere.
fn prefixes(bucket: &Bucket) -> Vec<String> {
    let mut prefixes = Vec::new();
    for backend in &bucket.backends {
        match &backend.key {
            Some(key) => prefixes.extend([key.to_string(), backend.workspaces()]),
            None => return vec![String::new()],
        }
    }
    prefixes.sort();
    prefixes.dedup();
    prefixes
}

/// The objects under a prefix, and whether that is all of them.
async fn under(there: &Env, bucket: &str, prefix: &str) -> Result<(Vec<Object>, bool), Fault> {
    let (nth, cut) = (&AtomicUsize::new(1), &AtomicUsize::new(0));
    let objects = gathered(OBJECTS, |token| async move {
        let call = there.aws.s3().list_objects_v2().bucket(bucket).prefix(prefix).set_continuation_token(token);
        let page = call.send().await.map_err(|error| fault(OBJECTS, &error))?;
        let mut next = page.next_continuation_token.clone();
        if next.is_some() && nth.fetch_add(1, Ordering::Relaxed) >= PAGES {
            cut.store(1, Ordering::Relaxed);
            next = None;
        }
        let objects: Vec<Object> = page.contents().iter().filter_map(of_listed).collect();
        Ok((objects, next))
    })
    .await?;
    Ok((objects, cut.load(Ordering::Relaxed) == 0))
}

fn of_listed(object: &aws_sdk_s3::types::Object) -> Option<Object> {
    Some(Object {
        key: object.key()?.into(),
        size: u64::try_from(object.size().unwrap_or_default()).unwrap_or_default(),
        etag: object.e_tag().unwrap_or_default().into(),
        written: instant(object.last_modified()),
    })
}

/// Reads an object, or one version of it, unless it is longer than `most`. `None`: there is none.
pub async fn read(
    there: &Env,
    bucket: &str,
    key: &str,
    version: Option<&str>,
    most: u64,
) -> Result<Option<Read>, Fault> {
    let call = there.aws.s3().get_object().bucket(bucket).key(key).set_version_id(version.map(str::to_owned));
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let fault = fault(OBJECT, &error);
            // A bucket that is not there is a mistake; an object that is not there is an answer.
            let gone = error.as_service_error().is_some_and(|error| {
                error.is_no_such_key() || matches!(error.meta().code(), Some("NoSuchVersion" | "NotFound"))
            });
            return if gone { Ok(None) } else { Err(fault) };
        }
    };
    let mut read = of_answer(&answer);
    if read.size <= most {
        let body = answer.body.collect().await;
        let cut = |error: aws_sdk_s3::primitives::ByteStreamError| {
            Fault::new(FaultClass::Malformed, format!("{OBJECT}: the answer is cut off")).with_raw(error.to_string())
        };
        read.body = Some(body.map_err(cut)?.into_bytes());
    }
    Ok(Some(read))
}

fn of_answer(answer: &GetObjectOutput) -> Read {
    let encryption =
        answer.server_side_encryption().map(|sort| (sort.as_str().into(), answer.ssekms_key_id().map(Into::into)));
    Read {
        body: None,
        size: u64::try_from(answer.content_length().unwrap_or_default()).unwrap_or_default(),
        etag: answer.e_tag().map(Into::into),
        written: instant(answer.last_modified()),
        // Where versions are no longer kept, the next write takes the place of `null`.
        version: answer.version_id().filter(|id| *id != "null").map(Into::into),
        encryption,
    }
}

/// The newest versions of an object, newest first, and whether those are all.
pub async fn versions(there: &Env, bucket: &str, key: &str) -> Result<(Vec<Version>, bool), Fault> {
    let call = there.aws.s3().list_object_versions().bucket(bucket).prefix(key).max_keys(MOST_VERSIONS);
    let answer = call.send().await.map_err(|error| fault(VERSIONS, &error))?;
    let whole = answer.versions().iter().filter(|version| version.key() == Some(key)).map(|version| Version {
        id: version.version_id().unwrap_or("null").into(),
        size: version.size().and_then(|size| u64::try_from(size).ok()),
        etag: version.e_tag().map(Into::into),
        written: instant(version.last_modified()),
        latest: version.is_latest().unwrap_or_default(),
    });
    let markers = answer.delete_markers().iter().filter(|marker| marker.key() == Some(key)).map(|marker| Version {
        id: marker.version_id().unwrap_or("null").into(),
        size: None,
        etag: None,
        written: instant(marker.last_modified()),
        latest: marker.is_latest().unwrap_or_default(),
    });
    let mut versions: Vec<Version> = whole.chain(markers).collect();
    versions.sort_by_key(|version| std::cmp::Reverse((version.latest, version.written)));
    Ok((versions, !answer.is_truncated().unwrap_or_default()))
}
