//! Objects written and deleted, items written and deleted. Whether it may be done is for the services that take the requests.

use std::sync::Arc;

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use crate::demo::world::account::Account;
use crate::demo::world::dice::{hash, hex};
use crate::demo::world::model::{Bucket, ObjectVersion, Table};

/// As many versions of an object are kept.
const VERSIONS: usize = 50;

/// A digest as hexadecimal digits: what the `ETag` of an object and the digest row of a state say.
pub fn md5(body: &str) -> String {
    use std::fmt::Write as _;
    Md5::digest(body.as_bytes()).iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

impl Account {
    /// Writes an object; returns it as it is then.
    pub fn put_object(&mut self, bucket: &str, key: &str, body: &str, content_type: &str) -> Option<&ObjectVersion> {
        let etag = format!("\"{}\"", md5(body));
        self.write_version(bucket, key, Some(body.into()), etag, content_type)
    }

    /// Deletes an object: with versioning a marker hides it. Returns the marker.
    pub fn delete_object(&mut self, bucket: &str, key: &str) -> Option<ObjectVersion> {
        let found = self.buckets.get_mut(bucket)?;
        if !found.versioned {
            found.objects.remove(key);
            return None;
        }
        self.write_version(bucket, key, None, String::new(), "").cloned()
    }

    fn write_version(
        &mut self,
        bucket: &str,
        key: &str,
        body: Option<Arc<str>>,
        etag: String,
        content_type: &str,
    ) -> Option<&ObjectVersion> {
        let (seed, written_at) = (self.seed, self.now);
        let Bucket { versioned, objects, .. } = self.buckets.get_mut(bucket)?;
        let versions = objects.entry(key.to_owned()).or_default();
        let id = if *versioned {
            let before = versions.last().map_or("", |version| version.id.as_str());
            hex(hash(seed, &format!("{bucket}/{key} {written_at} {before}")), 32)
        } else {
            versions.clear();
            "null".to_owned()
        };
        versions.push(ObjectVersion { id, body, etag, written_at, content_type: content_type.to_owned() });
        let over = versions.len().saturating_sub(VERSIONS);
        versions.drain(..over);
        versions.last()
    }

    /// Writes an item in place of the one with its hash key.
    pub fn put_item(&mut self, table: &str, item: Map<String, Value>) {
        let Some(Table { hash_key, items, .. }) = self.tables.get_mut(table) else { return };
        if let Some(key) = item.get(hash_key).and_then(|value| value.get("S")).and_then(Value::as_str) {
            items.insert(key.to_owned(), item);
        }
    }

    /// Deletes the item with this hash key.
    pub fn delete_item(&mut self, table: &str, key: &str) {
        if let Some(table) = self.tables.get_mut(table) {
            table.items.remove(key);
        }
    }

    /// Writes down a state's digest, as Terraform does after the state.
    pub(in crate::demo::world) fn note_digest(&mut self, table: &str, path: &str, digest: &str) {
        let item = json!({ "LockID": { "S": format!("{path}-md5") }, "Digest": { "S": digest } });
        self.put_item(table, item.as_object().cloned().unwrap_or_default());
    }
}
