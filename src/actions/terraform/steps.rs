//! The requests that change a lock or a digest, each on a condition that lets it do nothing but what was planned.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{DELETE_ITEM, DELETE_OBJECT, NOTHING, PUT_ITEM, PUT_OBJECT, given, invalid, name_of, seen_of};
use crate::kinds::terraform::{DIGEST, Record, Sort, Table};
use crate::model::{Fault, Seen, Step};
use crate::providers::Env;
use crate::providers::aws::sha256;

/// What the content of a lockfile is.
pub(crate) const JSON: &str = "application/json";

/// A step that is sent from `there`.
pub(crate) fn step(there: &Env, operation: &'static str, words: impl AsRef<str>, input: &Json, seen: Seen) -> Step {
    let input = input.as_object().cloned().unwrap_or_default();
    let words = crate::model::text::clean(words.as_ref()).into();
    Step { operation, words, scope: there.scope.clone(), input, seen, sender: Arc::clone(&there.identity) }
}

/// Releases a lock: just the one that was seen, never one taken since. A lockfile is deleted as Terraform deletes it: in a bucket with
/// versioning a marker hides it.
pub(crate) fn release(there: &Env, record: &Record, words: impl AsRef<str>) -> Result<Step, Fault> {
    let seen = Seen::default().with(&name_of(there, record), seen_of(Some(record)));
    let (operation, input) = match record.sort {
        Sort::S3 => {
            let etag = record
                .etag
                .as_deref()
                .ok_or_else(|| invalid("the lockfile has no ETag: it can't be told from another"))?;
            (DELETE_OBJECT, json!({ "Bucket": &*record.store, "Key": record.key(), "IfMatch": etag }))
        }
        Sort::DynamoDb => {
            let (condition, values) = match (&record.text, &record.untold) {
                (Some(text), _) => ("#info = :info", Some(json!({ ":info": { "S": &**text } }))),
                (None, None) => ("attribute_not_exists(#info)", None),
                (None, Some(why)) => return Err(invalid(format!("its Info can't be compared: {why}"))),
            };
            let input = given([
                ("TableName", Some(json!(&*record.store))),
                ("Key", Some(json!({ "LockID": { "S": record.key() } }))),
                ("ConditionExpression", Some(json!(condition))),
                ("ExpressionAttributeNames", Some(json!({ "#info": "Info" }))),
                ("ExpressionAttributeValues", values),
            ]);
            (DELETE_ITEM, Json::Object(input))
        }
        Sort::Digest => {
            return Err(invalid(format!("it is the digest of {}, not a lock: it is never deleted", record.path)));
        }
    };
    Ok(step(there, operation, words, &input, seen))
}

/// Writes a lock down, where there is none.
pub(crate) fn take(there: &Env, record: &Record, text: &str, words: impl AsRef<str>, seen: Seen) -> Step {
    let seen = seen.with(&name_of(there, record), NOTHING);
    let (operation, input) = match record.sort {
        Sort::S3 => {
            let input = json!({
                "Bucket": &*record.store, "Key": record.key(), "IfNoneMatch": "*", "ContentType": JSON,
                "BodySha256": sha256(text.as_bytes()),
            });
            (PUT_OBJECT, input)
        }
        Sort::DynamoDb | Sort::Digest => {
            let input = json!({
                "TableName": &*record.store,
                "Item": { "LockID": { "S": record.key() }, "Info": { "S": text } },
                "ConditionExpression": "attribute_not_exists(LockID)",
            });
            (PUT_ITEM, input)
        }
    };
    step(there, operation, words, &input, seen)
}

/// Writes a digest down in place of the one that was seen, or of none.
pub(crate) fn digest(there: &Env, before: &Digest, digest: &str, words: impl AsRef<str>, seen: Seen) -> Step {
    let known = before.known.as_deref();
    let seen = seen.with(&name_of(there, &before.record()), before.seen());
    let (condition, values) = match known {
        Some(known) => ("Digest = :before", Some(json!({ ":before": { "S": known } }))),
        None => ("attribute_not_exists(LockID)", None),
    };
    let input = given([
        ("TableName", Some(json!(&*before.table.name))),
        ("Item", Some(json!({ "LockID": { "S": format!("{}{DIGEST}", before.path) }, "Digest": { "S": digest } }))),
        ("ConditionExpression", Some(json!(condition))),
        ("ExpressionAttributeValues", values),
    ]);
    step(there, PUT_ITEM, words, &Json::Object(input), seen)
}

/// A digest row as it was seen.
#[derive(Clone, Debug)]
pub(crate) struct Digest {
    /// The table it is in.
    pub(crate) table: Table,
    /// The state it is of.
    pub(crate) path: Arc<str>,
    /// What it says; `None`: there is no such row.
    pub(crate) known: Option<Arc<str>>,
}

impl Digest {
    /// What was seen of it.
    pub(crate) fn seen(&self) -> &str {
        self.known.as_deref().unwrap_or(NOTHING)
    }

    /// The row as a record.
    pub(crate) fn record(&self) -> Record {
        Record {
            sort: Sort::Digest,
            place: self.table.place.clone(),
            store: Arc::clone(&self.table.name),
            path: Arc::clone(&self.path),
            text: self.known.clone(),
            untold: None,
            etag: None,
        }
    }
}
