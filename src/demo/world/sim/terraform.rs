//! Terraform at work on its states: a run takes the lock, changes something, writes the state with the next serial and its digest,
//! and releases the lock.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::store::md5;
use crate::demo::world::account::Account;
use crate::demo::world::agenda::Act;
use crate::demo::world::dice::{hash, hex};
use crate::demo::world::stories::Beat;

/// Terraform's version in the estate.
pub(in crate::demo::world) const VERSION: &str = "1.11.4";

/// A pipeline that applies something every now and then, for ever.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::demo::world) struct Pipeline {
    pub(in crate::demo::world) bucket: String,
    pub(in crate::demo::world) table: String,
    pub(in crate::demo::world) key: String,
    pub(in crate::demo::world) who: String,
    /// Seconds from one run to the next, and how many of them a run takes.
    pub(in crate::demo::world) every: i64,
    pub(in crate::demo::world) takes: i64,
}

/// What Terraform writes down as a lock.
pub(in crate::demo::world) fn lock_text(
    id: &str,
    operation: &str,
    who: &str,
    created: Timestamp,
    path: &str,
) -> String {
    let created = created.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string();
    json!({ "ID": id, "Operation": operation, "Info": "", "Who": who, "Version": VERSION, "Created": created, "Path": path })
        .to_string()
}

/// An id like Terraform's: a UUID, always the same one for the same thing.
pub(in crate::demo::world) fn uuid(seed: u64, what: &str) -> String {
    let digits = hex(hash(seed, what), 32);
    format!("{}-{}-4{}-a{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..])
}

impl Account {
    /// A run begins; its lock is there until it has ended. Where another one is held it gives up, as Terraform does.
    pub(in crate::demo::world) fn begin_apply(&mut self, pipeline: Box<Pipeline>) {
        let path = format!("{}/{}", pipeline.bucket, pipeline.key);
        let held = self.tables.get(&pipeline.table).is_some_and(|table| table.items.contains_key(&path));
        if held {
            self.later(pipeline.every, Act::Story(Beat::Apply(pipeline, None)));
            return;
        }
        let id = uuid(self.seed, &format!("{path} {}", self.now));
        let text = lock_text(&id, "OperationTypeApply", &pipeline.who, self.now, &path);
        let item = json!({ "LockID": { "S": path }, "Info": { "S": text } });
        self.put_item(&pipeline.table, item.as_object().cloned().unwrap_or_default());
        self.later(pipeline.takes, Act::Story(Beat::Apply(pipeline, Some(text))));
    }

    /// It has ended: the state is written, and its lock released if it is still the one that was taken.
    pub(in crate::demo::world) fn end_apply(&mut self, pipeline: Box<Pipeline>, lock: &str) {
        let Pipeline { bucket, table, key, every, takes, .. } = &*pipeline;
        let path = format!("{bucket}/{key}");
        let before = self.buckets.get(bucket).and_then(|found| found.object(key)?.body.clone());
        if let Some(mut state) = before.and_then(|body| serde_json::from_str::<Value>(&body).ok()) {
            state["serial"] = json!(state["serial"].as_i64().unwrap_or_default() + 1);
            let body = format!("{state:#}\n");
            self.put_object(bucket, key, &body, "application/json");
            self.note_digest(table, &path, &md5(&body));
        }
        let held = self.tables.get(table).and_then(|table| table.items.get(&path)?.get("Info")?.get("S")?.as_str());
        if held == Some(lock) {
            self.delete_item(table, &path);
        }
        self.later(every - takes, Act::Story(Beat::Apply(pipeline, None)));
    }
}
