//! S3: objects listed, read, written, copied and deleted, with versions and with conditions.

use super::super::change::Change;
use super::super::failure::Failure;
use super::super::node::{Fields, Node, fields};
use super::super::object::Object;
use crate::demo::world::{Bucket, ObjectVersion};

/// What S3 answers.
pub type Answer = Result<Object, Failure>;

/// As many keys are on a page.
const PAGE: i64 = 1_000;

/// What S3 answers; `repeat_token`: paging must return the same token for ever.
pub fn answer(change: &mut Change<'_>, repeat_token: bool) -> Answer {
    match change.operation {
        "ListObjectsV2" => list_objects(change, repeat_token),
        "ListObjectVersions" => list_versions(change, repeat_token),
        "GetObject" => get_object(change, true),
        "HeadObject" => get_object(change, false),
        "PutObject" => put_object(change),
        "CopyObject" => copy_object(change),
        "DeleteObject" => delete_object(change),
        operation => Err(change.service.denied(&change.account.caller.arn, operation)),
    }
}

fn bucket<'a>(change: &'a Change<'_>) -> Result<&'a Bucket, Failure> {
    let found = change.account.buckets.get(change.required("Bucket")?);
    found.ok_or_else(|| Failure::new(404, "NoSuchBucket", "The specified bucket does not exist"))
}

fn no_such_key() -> Failure {
    Failure::new(404, "NoSuchKey", "The specified key does not exist.")
}

/// Where a page begins and ends in a list, and whether there is more.
fn page(change: &Change<'_>, start: usize, total: usize) -> (std::ops::Range<usize>, bool) {
    let size = change.input.whole("max-keys").unwrap_or(PAGE).clamp(1, PAGE) as usize;
    let end = start.saturating_add(size).min(total);
    (start.min(total)..end, end < total)
}

fn list_objects(change: &Change<'_>, repeat_token: bool) -> Answer {
    let prefix = change.input.text("prefix").unwrap_or_default();
    let bucket = bucket(change)?;
    let here = bucket.objects.keys().filter(|key| key.starts_with(prefix));
    let found: Vec<_> = here.filter_map(|key| Some((key, bucket.object(key)?))).collect();
    let token = change.input.text("continuation-token");
    let start = token.map_or(0, |token| found.partition_point(|(key, _)| key.as_str() <= token));
    let (range, more) = page(change, start, found.len());
    let mut answer = Fields::default();
    answer.put("Name", &bucket.name);
    answer.put("Prefix", prefix.to_owned());
    answer.put("KeyCount", range.len());
    answer.put("IsTruncated", more || repeat_token);
    let next = if repeat_token { Some(token.unwrap_or("again").to_owned()) } else { None };
    let last = found.get(range.clone()).and_then(<[_]>::last).map(|(key, _)| (*key).clone());
    answer.put("NextContinuationToken", next.or(last.filter(|_| more)));
    for (key, version) in &found[range] {
        answer.put("Contents", entry(key, version));
    }
    Ok(Object::tree("ListBucketResult", &Node::Map(answer)))
}

fn entry(key: &str, version: &ObjectVersion) -> Node {
    fields! {
        "Key": key.to_owned(),
        "LastModified": version.written_at,
        "ETag": &version.etag,
        "Size": version.body.as_ref().map(|body| body.len()),
        "StorageClass": "STANDARD",
    }
}

fn list_versions(change: &Change<'_>, repeat_token: bool) -> Answer {
    let prefix = change.input.text("prefix").unwrap_or_default();
    let bucket = bucket(change)?;
    let keys = bucket.objects.iter().filter(|(key, _)| key.starts_with(prefix));
    // Newest first within a key.
    let found: Vec<(&String, bool, &ObjectVersion)> = keys
        .flat_map(|(key, versions)| versions.iter().rev().enumerate().map(move |(nth, one)| (key, nth == 0, one)))
        .collect();
    let marker = change.input.text("version-id-marker");
    let start = marker.and_then(|marker| found.iter().position(|(_, _, version)| version.id == marker));
    let (range, more) = page(change, start.map_or(0, |at| at + 1), found.len());
    let mut answer = Fields::default();
    answer.put("Name", &bucket.name);
    answer.put("Prefix", prefix.to_owned());
    answer.put("IsTruncated", more || repeat_token);
    if let Some((key, _, version)) = found[range.clone()].last().filter(|_| more || repeat_token) {
        let next = if repeat_token { marker.unwrap_or(&version.id) } else { &version.id };
        answer.put("NextKeyMarker", *key);
        answer.put("NextVersionIdMarker", next.to_owned());
    }
    for (key, latest, version) in &found[range] {
        let mut one = match entry(key, version) {
            Node::Map(fields) => fields,
            _ => Fields::default(),
        };
        one.put("VersionId", &version.id);
        one.put("IsLatest", *latest);
        answer.put(if version.body.is_some() { "Version" } else { "DeleteMarker" }, Node::Map(one));
    }
    Ok(Object::tree("ListVersionsResult", &Node::Map(answer)))
}

fn get_object(change: &Change<'_>, with_body: bool) -> Answer {
    let (bucket, key) = (bucket(change)?, change.required("Key")?);
    let version = match change.input.text("versionId") {
        None => bucket.object(key).ok_or_else(no_such_key)?,
        Some(id) => {
            let versions = bucket.objects.get(key).ok_or_else(no_such_key)?;
            let found = versions.iter().find(|version| version.id == id);
            found.ok_or_else(|| Failure::new(404, "NoSuchVersion", "The specified version does not exist."))?
        }
    };
    let body = version.body.as_deref().ok_or_else(|| {
        Failure::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
    })?;
    if change.input.text("IfMatch").is_some_and(|wanted| wanted != version.etag) {
        return Err(precondition_failed());
    }
    let mut headers = told(bucket, version);
    headers.push(("content-type", version.content_type.clone()));
    headers.push(("last-modified", version.written_at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
    headers.push(("content-length", body.len().to_string()));
    Ok(Object { headers, body: if with_body { body.as_bytes().to_vec() } else { Vec::new() } })
}

/// What is told of an object that was read or written.
fn told(bucket: &Bucket, version: &ObjectVersion) -> Vec<(&'static str, String)> {
    let mut headers = vec![("x-amz-server-side-encryption", "AES256".to_owned())];
    if !version.etag.is_empty() {
        headers.push(("etag", version.etag.clone()));
    }
    if bucket.versioned {
        headers.push(("x-amz-version-id", version.id.clone()));
    }
    headers
}

fn precondition_failed() -> Failure {
    Failure::new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
}

/// Whether the conditions of a write hold for the object that is there.
fn may_write(change: &Change<'_>, key: &str) -> Result<(), Failure> {
    let there = bucket(change)?.object(key);
    let wanted = change.input.text("IfMatch");
    if wanted.is_some() && there.is_none() {
        return Err(no_such_key());
    }
    let other = wanted.is_some_and(|wanted| there.is_none_or(|there| there.etag != wanted));
    let taken = change.input.text("IfNoneMatch") == Some("*") && there.is_some();
    if other || taken { Err(precondition_failed()) } else { Ok(()) }
}

fn put_object(change: &mut Change<'_>) -> Answer {
    let key = change.required("Key")?.to_owned();
    may_write(change, &key)?;
    let body = change.input.text("Body").unwrap_or_default().to_owned();
    write(change, &key, &body)
}

fn write(change: &mut Change<'_>, key: &str, body: &str) -> Answer {
    let bucket = bucket(change)?.name.clone();
    let content_type = change.input.text("ContentType").unwrap_or("binary/octet-stream");
    change.account.put_object(&bucket, key, body, content_type);
    let there = &change.account.buckets[&bucket];
    let headers = there.object(key).map(|version| told(there, version)).unwrap_or_default();
    Ok(Object { headers, body: Vec::new() })
}

fn copy_object(change: &mut Change<'_>) -> Answer {
    let key = change.required("Key")?.to_owned();
    let source = super::super::query::decode(change.required("CopySource")?.replace('+', "%2B").as_bytes());
    let (path, version) =
        source.split_once("?versionId=").map_or((source.as_str(), None), |(path, id)| (path, Some(id)));
    let (from, from_key) = path.trim_start_matches('/').split_once('/').ok_or_else(no_such_key)?;
    let found = change.account.buckets.get(from).and_then(|bucket| match version {
        None => bucket.object(from_key),
        Some(id) => bucket.objects.get(from_key)?.iter().find(|version| version.id == id),
    });
    let found = found.ok_or_else(no_such_key)?.clone();
    if change.input.text("CopySourceIfMatch").is_some_and(|wanted| wanted != found.etag) {
        return Err(precondition_failed());
    }
    may_write(change, &key)?;
    let headers = write(change, &key, found.body.as_deref().unwrap_or_default())?.headers;
    let told = fields! { "ETag": &found.etag, "LastModified": change.account.now };
    Ok(Object { headers, ..Object::tree("CopyObjectResult", &told) })
}

fn delete_object(change: &mut Change<'_>) -> Answer {
    let key = change.required("Key")?.to_owned();
    may_write(change, &key)?;
    let bucket = bucket(change)?.name.clone();
    let marker = change.account.delete_object(&bucket, &key);
    let headers =
        marker.map(|marker| vec![("x-amz-delete-marker", "true".to_owned()), ("x-amz-version-id", marker.id)]);
    Ok(Object { headers: headers.unwrap_or_default(), body: Vec::new() })
}
