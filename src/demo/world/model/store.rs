//! S3 buckets and DynamoDB tables, as far as Terraform keeps its states and locks in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    pub name: String,
    pub versioned: bool,
    /// Versions by key, oldest first. Without versioning there is one.
    pub objects: BTreeMap<String, Vec<ObjectVersion>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ObjectVersion {
    /// `null` in a bucket without versioning.
    pub id: String,
    /// `None`: a delete marker.
    pub body: Option<Arc<str>>,
    /// In its quotes.
    pub etag: String,
    pub written_at: Timestamp,
    pub content_type: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub name: String,
    pub arn: String,
    pub hash_key: String,
    pub created_at: Timestamp,
    /// Items in the API's own form, by their hash keys, which are strings.
    pub items: BTreeMap<String, serde_json::Map<String, Value>>,
}

/// Where the environment's Terraform keeps its states, as its operators would configure it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateBackend {
    pub bucket: String,
    pub table: Option<String>,
    pub lockfile: bool,
    pub key_prefix: Option<String>,
    /// The profile of the account that holds it, where it is not the environment's own.
    pub profile: Option<String>,
    pub region: Option<String>,
}

impl Bucket {
    /// The object of a key as it is now.
    pub fn object(&self, key: &str) -> Option<&ObjectVersion> {
        self.objects.get(key)?.last().filter(|version| version.body.is_some())
    }
}
