//! `terraform-lock`: who holds which Terraform state, in DynamoDB tables and in lockfiles alike. The digests that stand beside the
//! locks in a table are shown for what they are.
//!
//! A list calls `ListTables` and, for each table not seen before, `DescribeTable`; it scans each lock table, lists each bucket and
//! reads each lockfile.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::parts::{self, Verdict, encoded};
use super::terraform::{Attribution, ITEM, Record, SURVEYS, Sort, attribution, records, split, survey};
use super::{Asked, Column, KindDef, Op, Relation, Show, Sink, System, no_logs};
use crate::model::{Detail, Fault, Health, Resource, ResourceId, Section, Value, text};
use crate::providers::Env;
use crate::providers::aws::raw::pretty;

/// Id of the kind.
pub const KIND: &str = "terraform-lock";

const READS: &[Op] = &[SURVEYS[0], SURVEYS[1], SURVEYS[2], SURVEYS[3], SURVEYS[4], ITEM];

/// Terraform locks. Their ids say where they are written down: `dynamodb:TABLE:BUCKET/KEY`, `s3:BUCKET:BUCKET/KEY`.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "locks",
    aliases: &["lock", "tflock", "tflocks", "terraform-locks"],
    doc: "Locks of Terraform states, in DynamoDB and S3: who holds them, since when, for what",
    system: System::Aws,
    pane: None,
    columns: COLUMNS,
    reads: READS,
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console,
};

const COLUMNS: &[Column] = &[
    Column::text("lock_id", "LOCK ID", (8, 36), Show::Table(0), "What terraform force-unlock takes"),
    Column::text("who", "WHO", (8, 32), Show::Table(1), "Who holds it: user and host"),
    Column::text("operation", "OPERATION", (9, 20), Show::Table(2), "What it was taken for"),
    Column::text("since", "SINCE", (4, 8), Show::Table(3), "Since when it is held"),
    Column::text("sort", "SORT", (6, 8), Show::Table(4), "dynamodb or s3; digest: no lock, but the digest of a state"),
    Column::text("backend", "BACKEND", (8, 32), Show::Table(5), "The table or bucket it is in"),
    Column::text("version", "TERRAFORM", (6, 9), Show::Table(6), "The Terraform that holds it"),
    Column::text(
        "belongs_to",
        "BELONGS TO",
        (8, 16),
        Show::Table(7),
        "The environment whose state it is; nobody: none's",
    ),
    Column::text("state", "STATE", (16, 80), Show::Data, "The state it is of: bucket and key"),
    Column::text("info", "INFO", (8, 60), Show::Data, "What its holder says besides"),
    Column::text("digest", "DIGEST", (32, 32), Show::Data, "The digest, where it is one"),
    Column::text("text", "TEXT", (16, 80), Show::Data, "What is written down, where it can't be read"),
    Column::text("backend_profile", "PROFILE", (8, 40), Show::Data, "The profile of the account it is in, if another"),
    Column::text("backend_region", "BACKEND REGION", (9, 14), Show::Data, "The region it is in"),
];

/// What nobody's is called.
const NOBODY: &str = "nobody";

fn list<'a>(env: &'a Env, _: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        let survey = survey(env).await?;
        let now = Timestamp::now();
        sink.page(survey.records.iter().map(|(record, whose)| row(env, record, *whose, now)).collect());
        survey.faults.into_iter().for_each(|fault| sink.lacks(fault));
        Ok(())
    })
}

/// A lock or a digest as a row.
pub fn row(env: &Env, record: &Record, whose: Attribution, now: Timestamp) -> Resource {
    let lock = record.is_lock().then(|| record.lock());
    let read = lock.as_ref().and_then(|lock| lock.as_ref().ok());
    let said = |text: fn(&super::terraform::Lock) -> &Arc<str>| Value::maybe(read.map(|lock| &**text(lock)));
    let unread = matches!(lock, Some(Err(_)));
    let cells = vec![
        said(|lock| &lock.id),
        said(|lock| &lock.who),
        said(|lock| &lock.operation),
        read.and_then(|lock| lock.created).map_or(Value::None, Value::Instant),
        Value::text(record.sort.word()),
        Value::text(&record.store),
        said(|lock| &lock.version),
        Value::text(if whose == Attribution::Nobody { NOBODY } else { &env.environment.name }),
        Value::text(&record.path),
        said(|lock| &lock.info),
        Value::maybe(record.text.as_deref().filter(|_| record.sort == Sort::Digest)),
        Value::maybe(record.text.as_deref().filter(|_| unread)),
        Value::maybe(record.place.profile.as_deref()),
        Value::text(&record.place.region),
    ];
    let id = parts::id(&env.scope, KIND, record.id(env));
    parts::row(id, &record.path, None, verdict(record, lock, whose, now), cells)
}

/// Whether a row is no lock, but the digest of a state.
pub fn is_digest(row: &Resource) -> bool {
    row.id.kind == KIND && parts::text_of(&DEF, row, "sort") == Sort::Digest.word()
}

fn verdict(
    record: &Record,
    lock: Option<Result<super::terraform::Lock, String>>,
    whose: Attribution,
    now: Timestamp,
) -> Verdict {
    let (health, mut reason) = match lock {
        None => return (Health::Ok, format!("digest of {}, not a lock", record.path)),
        Some(Ok(lock)) => lock.verdict(now),
        Some(Err(why)) => (Health::Unknown, format!("its text can't be read: {why}")),
    };
    if whose == Attribution::Nobody {
        reason.push_str("; belongs to no environment");
    }
    (health, reason)
}

/// The record of a row, read afresh, and whose it is.
pub async fn found(env: &Env, id: &ResourceId) -> Result<(Record, Attribution), Fault> {
    let record = records::find(env, &id.id).await?.ok_or_else(|| parts::gone(id))?;
    let (bucket, key) = split(&record.path).unwrap_or((&record.path, ""));
    let whose = attribution(&env.environment, &env.around.list(), bucket, key);
    Ok((record, whose))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let (record, whose) = found(env, id).await?;
        let row = row(env, &record, whose, Timestamp::now());
        let mut sections = vec![parts::summary(&DEF, &row)];
        if let Some(written) = record.text.as_deref().filter(|_| record.is_lock()) {
            let lines = written.lines().take(100).map(|line| Arc::from(text::clean(line))).collect();
            sections.push(Section::Text { title: "As it is written down", lines });
        }
        Ok(Detail { sections })
    })
}

/// What is written down, as JSON where it is.
fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let (record, _) = found(env, id).await?;
        let written = record.text.as_deref().unwrap_or_default();
        let said = serde_json::from_str::<serde_json::Value>(written).ok().filter(serde_json::Value::is_object);
        let (store, key) = if record.sort == Sort::S3 { ("Bucket", "Key") } else { ("TableName", "LockID") };
        let name = if record.sort == Sort::Digest { "Digest" } else { "Info" };
        pretty(&json!({ store: &*record.store, key: record.key(), name: said.unwrap_or_else(|| written.into()) }))
    })
}

fn relations(lock: &Resource) -> Vec<Relation> {
    let state = parts::text_of(&DEF, lock, "state");
    vec![parts::to_one("state", parts::id(&lock.id.scope, super::terraform_state::KIND, state))]
}

fn console(lock: &Resource) -> Option<String> {
    let (store, region) = (parts::text_of(&DEF, lock, "backend"), parts::text_of(&DEF, lock, "backend_region"));
    if parts::text_of(&DEF, lock, "sort") == Sort::S3.word() {
        let (_, key) = split(parts::text_of(&DEF, lock, "state"))?;
        let key = encoded(&format!("{key}{}", super::terraform::LOCKFILE));
        return Some(format!("s3/object/{store}?region={region}&prefix={key}"));
    }
    Some(format!("dynamodbv2/home?region={region}#item-explorer?table={}", encoded(store)))
}
