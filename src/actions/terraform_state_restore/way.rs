//! The way a state is replaced: which locks are taken, what is written, on which conditions, in which order.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::Restored;
use crate::actions::parts;
use crate::actions::terraform::steps::{self, JSON};
use crate::actions::terraform::{COPY_OBJECT, PUT_OBJECT, digests, given, name_of, seen_of, seen_of_state, state_name};
use crate::kinds::terraform::state::md5;
use crate::kinds::terraform::{Record, Sort, Summary, Table, path};
use crate::kinds::terraform_state::Whole;
use crate::model::{Fault, Precondition, Seen, Step, text};
use crate::providers::aws::sha256;
use crate::providers::{Acting, Env};

/// How a state is replaced.
pub(super) struct Way {
    /// The text of the lock that is taken.
    pub(super) lock: String,
    /// Its id.
    id: String,
    /// The key of the copy of the present state.
    pub(super) copy: String,
    /// The tables that lock the state and hold its digest.
    tables: Vec<Table>,
    /// Whether a lockfile is taken.
    lockfile: bool,
    /// Whether that is all that is known to be heeded.
    guessed: bool,
}

impl Way {
    /// How this state is replaced: with the locks that its backend uses. Where nothing says which those are, a table that has its
    /// digest locks it; else the lockfile is taken, which harms nobody.
    pub(super) fn of(whole: &Whole, present: Option<&Summary>, now: Timestamp) -> Self {
        let has_digest = |table: &&Table| digests(whole).any(|row| row.store == table.name && row.place == table.place);
        let tables: Vec<Table> =
            if whole.named { whole.tables.clone() } else { whole.tables.iter().filter(has_digest).cloned().collect() };
        let guessed = tables.is_empty() && whole.lockfile != Some(true);
        let id = uuid();
        let who = format!("{}@{}", whoami::username().unwrap_or_default(), whoami::hostname().unwrap_or_default());
        let lock = json!({
            "ID": id, "Operation": "restore", "Info": "terraform-state-restore", "Who": who,
            "Version": present.map_or("", |it| &*it.terraform_version), "Created": now.to_string(),
            "Path": path(&whole.bucket, &whole.key),
        });
        let copy = format!("{}{}{}", whole.key, super::source::COPY, now.strftime("%Y%m%dT%H%M%S%.3fZ"));
        // Cleaned, since it stands among the plan's changes just as it is sent.
        let lock = text::clean(&lock.to_string()).into_owned();
        Self { lock, id, copy, tables, lockfile: whole.lockfile == Some(true) || guessed, guessed }
    }

    /// Whether those who work on the state see the lock.
    pub(super) fn heeded(&self) -> Precondition {
        const NAME: &str = "the lock is heeded";
        if self.guessed {
            let words =
                "nothing says how the state is locked; a lockfile is taken, which only `use_lockfile = true` heeds";
            return parts::should(NAME, false, words);
        }
        let tables = self.tables.iter().map(|table| format!("table {}", table.name));
        let places: Vec<String> = tables.chain(self.lockfile.then(|| "a lockfile".to_owned())).collect();
        parts::should(NAME, true, format!("it is taken in {}", places.join(" and ")))
    }

    /// The requests, in their order. What stands on the lock says so: if it is no longer ours, nothing more is sent.
    pub(super) async fn steps(&self, acting: &Acting, whole: &Whole, restored: &Restored) -> Result<Vec<Step>, Fault> {
        let there = &*whole.place.env(&acting.env).await?;
        let state = path(&whole.bucket, &whole.key);
        let etag = whole.state.as_ref().and_then(|(read, _)| read.etag.as_deref());
        let rows: Vec<steps::Digest> = self.tables.iter().map(|table| row(whole, table, &state)).collect();
        let mut untouched = Seen::default().with(&state_name(&state), seen_of_state(etag));
        for row in &rows {
            untouched = untouched.with(&name_of(there, &row.record()), row.seen());
        }
        let mut steps = Vec::new();
        let mut held = Seen::default();
        let free = format!("if what follows fails, `terraform-unlock --lock-id {}` releases it", self.id);
        for record in self.records(whole) {
            let words = format!("take the lock of {state} in {} ({free})", record.store);
            let mut step = steps::take(there, &record, &self.lock, words, merged(&untouched, &held));
            if record.sort == Sort::S3 {
                step.input.extend(encryption(whole));
            }
            steps.push(step);
            let ours = Record { text: Some(self.lock.as_str().into()), ..record };
            held = held.with(&name_of(there, &ours), seen_of(Some(&ours)));
        }
        let seen = merged(&untouched, &held);
        if let Some(etag) = etag {
            steps.push(self.backup(there, whole, etag, seen.clone()));
        }
        steps.push(put(there, whole, etag, restored, seen));
        for row in &rows {
            let words = format!("write the digest of {state} in table {}", row.table.name);
            steps.push(steps::digest(there, row, &restored.summary.md5, words, held.clone()));
        }
        for record in self.records(whole).into_iter().rev() {
            steps.push(self.release(there, whole, record)?);
        }
        Ok(steps)
    }

    /// Where the lock is taken, in Terraform's own order.
    fn records(&self, whole: &Whole) -> Vec<Record> {
        let record = |sort, store: &Arc<str>, place: &_| Record {
            sort,
            place: Clone::clone(place),
            store: Arc::clone(store),
            path: path(&whole.bucket, &whole.key).into(),
            text: None,
            untold: None,
            etag: None,
        };
        let bucket: Arc<str> = whole.bucket.as_str().into();
        let lockfile = self.lockfile.then(|| record(Sort::S3, &bucket, &whole.place));
        let tables = self.tables.iter().map(|table| record(Sort::DynamoDb, &table.name, &table.place));
        lockfile.into_iter().chain(tables).collect()
    }

    /// The present state copied beside itself, never over another copy.
    fn backup(&self, there: &Env, whole: &Whole, etag: &str, seen: Seen) -> Step {
        let mut input = given([
            ("Bucket", Some(json!(whole.bucket))),
            ("Key", Some(json!(self.copy))),
            ("CopySource", Some(json!(encoded(&path(&whole.bucket, &whole.key))))),
            ("CopySourceIfMatch", Some(json!(etag))),
            ("IfNoneMatch", Some(json!("*"))),
        ]);
        input.extend(encryption(whole));
        let words = format!("copy the present state to {}", self.copy);
        steps::step(there, COPY_OBJECT, &words, &Json::Object(input), seen)
    }

    fn release(&self, there: &Env, whole: &Whole, record: Record) -> Result<Step, Fault> {
        let ours = Record {
            text: Some(self.lock.as_str().into()),
            // What S3 makes of a content that is not encrypted with a key of KMS.
            etag: Some(format!("\"{}\"", md5(self.lock.as_bytes())).into()),
            ..record
        };
        let mut step = steps::release(there, &ours, format!("release the lock of {} in {}", ours.path, ours.store))?;
        if ours.sort == Sort::S3 && !has_plain_etags(whole) {
            // It can't be foretold: that the lock is still ours was read just before.
            step.input.remove("IfMatch");
        }
        Ok(step)
    }
}

/// The digest of the state in a table.
fn row(whole: &Whole, table: &Table, state: &str) -> steps::Digest {
    let same = |row: &&Record| row.store == table.name && row.place == table.place;
    let known = digests(whole).find(same).and_then(|row| row.text.clone());
    steps::Digest { table: table.clone(), path: state.into(), known }
}

/// The earlier state in place of the one that was seen.
fn put(there: &Env, whole: &Whole, etag: Option<&str>, restored: &Restored, seen: Seen) -> Step {
    let mut input = given([
        ("Bucket", Some(json!(whole.bucket))),
        ("Key", Some(json!(whole.key))),
        ("BodySha256", Some(json!(sha256(restored.body.as_bytes())))),
        ("ContentType", Some(json!(JSON))),
        ("IfMatch", etag.map(Json::from)),
        ("IfNoneMatch", etag.is_none().then(|| json!("*"))),
    ]);
    input.extend(encryption(whole));
    let words = format!("write {} with serial {}", path(&whole.bucket, &whole.key), restored.summary.serial);
    steps::step(there, PUT_OBJECT, &words, &Json::Object(input), seen)
}

/// Encrypted as the present state is.
fn encryption(whole: &Whole) -> serde_json::Map<String, Json> {
    let encryption = whole.state.as_ref().and_then(|(read, _)| read.encryption.clone());
    let (sort, key) = encryption.map_or((None, None), |(sort, key)| (Some(sort), key));
    let text = |text: Option<Arc<str>>| text.map(|text| json!(&*text));
    given([("ServerSideEncryption", text(sort)), ("SSEKMSKeyId", text(key))])
}

/// Whether the `ETag` of what is written as the present state was is its digest.
fn has_plain_etags(whole: &Whole) -> bool {
    let read = whole.state.as_ref().map(|(read, _)| read);
    read.is_some_and(|read| read.encryption.as_ref().is_none_or(|(sort, _)| &**sort == "AES256"))
}

fn merged(a: &Seen, b: &Seen) -> Seen {
    Seen(a.0.iter().chain(&b.0).map(|(name, value)| (Arc::clone(name), Arc::clone(value))).collect())
}

/// A path as the header of a copy has it.
fn encoded(path: &str) -> String {
    path.split('/').map(crate::kinds::terraform::encoded).collect::<Vec<_>>().join("/")
}

/// A UUID that nobody else has: the hasher's keys are random.
fn uuid() -> String {
    let random = || RandomState::new().build_hasher().finish();
    let (a, b) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        0x8000 | ((b >> 48) & 0x3fff),
        b & 0xffff_ffff_ffff
    )
}
