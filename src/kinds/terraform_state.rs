//! `terraform-state`: Terraform states on S3, what is in them, whether their digests match and who has locked them.
//!
//! A list makes the calls of `terraform-lock`, and reads each state that has changed since it was read last, up to a size and a number.
//! A detail reads one state and calls `ListObjectVersions` once.

mod row;

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use jiff::Timestamp;

use super::parts::{self, encoded};
use super::terraform::objects::{self, Version};
use super::terraform::{
    Bucket, ITEM, MOST, Place, Record, SURVEYS, State, Stores, Table, VERSIONS, contents, path, read_state, records,
    split, state, stores, survey,
};
use super::{Asked, Column, KindDef, Op, Relation, Show, Sink, System, no_logs};
use crate::model::{Detail, Fault, FaultClass, Resource, ResourceId, Section, Value, text};
use crate::providers::Env;
use crate::providers::aws::raw::pretty;

pub use row::{Parts, digest_matches};

/// Id of the kind.
pub const KIND: &str = "terraform-state";

const READS: &[Op] = &[SURVEYS[0], SURVEYS[1], SURVEYS[2], SURVEYS[3], SURVEYS[4], ITEM, VERSIONS];

/// The largest state that is shown raw.
const RAW: u64 = 8 << 20;

/// Terraform states. Their ids are `BUCKET/KEY`.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "states",
    aliases: &["state", "tfstate", "tfstates", "terraform-states"],
    doc: "Terraform states on S3: serial, resources, outputs, versions, digest and lock",
    system: System::Aws,
    pane: None,
    columns: COLUMNS,
    reads: READS,
    cadence: Duration::from_mins(2),
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console: |state| {
        let (bucket, key) = split(&state.id.id)?;
        let region = parts::text_of(&DEF, state, "backend_region");
        Some(format!("s3/object/{bucket}?region={region}&prefix={}", encoded(key)))
    },
};

const COLUMNS: &[Column] = &[
    Column::number("serial", "SERIAL", 6, Show::Table(0), "Raised with each write"),
    Column::number("resources", "RESOURCES", 9, Show::Table(1), "Instances of resources in it"),
    Column::text("written", "WRITTEN", (4, 8), Show::Table(2), "When it was written last"),
    Column::text("lock", "LOCKED BY", (6, 32), Show::Table(3), "Who has locked it"),
    Column::text("digest", "DIGEST", (4, 7), Show::Table(4), "Whether the digest in DynamoDB is this state's"),
    Column::text("terraform_version", "TERRAFORM", (6, 9), Show::Table(5), "The Terraform that wrote it last"),
    Column::number("size", "SIZE", 8, Show::Table(6), "Length of the object"),
    Column::text("lineage", "LINEAGE", (36, 36), Show::Data, "What stays the same for one state"),
    Column::text("resource_types", "TYPES", (16, 80), Show::Data, "Types of its resources, each with how many"),
    Column::text("outputs", "OUTPUTS", (8, 80), Show::Data, "Names of its outputs"),
    Column::text("md5", "MD5", (32, 32), Show::Data, "The digest of its content"),
    Column::text("lock_id", "LOCK ID", (36, 36), Show::Data, "Id of the lock that is held"),
    Column::text("bucket", "BUCKET", (8, 40), Show::Data, "The bucket it is in"),
    Column::text("key", "KEY", (8, 80), Show::Data, "Its key"),
    Column::text("backend_profile", "PROFILE", (8, 40), Show::Data, "The profile of the account it is in, if another"),
    Column::text("backend_region", "BACKEND REGION", (9, 14), Show::Data, "The region it is in"),
];

fn list<'a>(env: &'a Env, _: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        let survey = survey(env).await?;
        let contents = contents(env, &survey.states).await;
        let now = Timestamp::now();
        let rows = survey.states.iter().zip(contents).map(|(found, content)| {
            let state = path(&found.bucket.name, &found.object.key);
            let records = survey.records.iter().map(|(record, _)| record).filter(|record| *record.path == *state);
            let parts = Parts {
                path: &state,
                place: &found.bucket.place,
                size: found.object.size,
                etag: Some(&found.object.etag),
                written: found.object.written,
                content: content.as_deref().map_err(String::as_str),
                records: records.collect(),
            };
            row::of(env, &parts, now)
        });
        sink.page(rows.collect());
        survey.faults.into_iter().for_each(|fault| sink.lacks(fault));
        Ok(())
    })
}

/// A state with everything that is noted about it, read afresh.
pub struct Whole {
    /// Bucket and key.
    pub bucket: String,
    /// See `bucket`.
    pub key: String,
    /// Where it is.
    pub place: Place,
    /// The tables that can hold its lock and digest.
    pub tables: Vec<Table>,
    /// Whether the configuration names those tables for its bucket; else they are all that were found.
    pub named: bool,
    /// Whether its lock is an object beside it, as far as the configuration says.
    pub lockfile: Option<bool>,
    /// The object and its content; `None`: there is none.
    pub state: Option<State>,
    /// Its locks and its digest.
    pub records: Vec<Record>,
    /// What could not be read about locks and digest.
    pub faults: Vec<Fault>,
}

/// Reads the state `BUCKET/KEY` with its locks and digest. `most`: the largest whose content is read.
pub async fn whole(env: &Env, id: &str, most: u64) -> Result<Whole, Fault> {
    let invalid = || Fault::new(FaultClass::Invalid, format!("`{id}` is no path of a state: it is written BUCKET/KEY"));
    let (bucket, key) = split(id).ok_or_else(invalid)?;
    let known = configured(env, bucket);
    let place = known.as_ref().map_or_else(|| Place::own(env), |known| known.place.clone());
    let backends = known.map(|known| known.backends).unwrap_or_default();
    let tables = backends.iter().filter_map(|backend| backend.table.clone());
    let tables: Vec<Table> = tables.map(|name| Table { place: place.clone(), name }).collect();
    let (named, lockfile) = (!tables.is_empty(), backends.iter().filter_map(|backend| backend.lockfile).max());
    let read = read_state(env, &place, bucket, key, most);
    let (state, (records, faults, tables)) = join(read, noted(env, &place, id, tables)).await;
    let (bucket, key) = (bucket.to_owned(), key.to_owned());
    Ok(Whole { bucket, key, place, tables, named, lockfile, state: state?, records, faults })
}

/// What the configuration says of a bucket.
fn configured(env: &Env, bucket: &str) -> Option<Bucket> {
    Stores::configured(env).buckets.into_iter().find(|known| *known.name == *bucket)
}

/// Where a bucket is.
pub fn place(env: &Env, bucket: &str) -> Place {
    configured(env, bucket).map_or_else(|| Place::own(env), |known| known.place)
}

/// Locks and digest of a state: in the tables that its backend names, else in every table that may hold them, and beside it.
async fn noted(env: &Env, place: &Place, path: &str, configured: Vec<Table>) -> (Vec<Record>, Vec<Fault>, Vec<Table>) {
    let (tables, fault) = if configured.is_empty() {
        let (stores, fault) = stores(env).await;
        (stores.tables, fault)
    } else {
        (configured, None)
    };
    let in_tables: Vec<_> = tables.iter().map(|table| in_table(env, table, path).boxed()).collect();
    let (in_tables, beside) = join(join_all(in_tables), beside(env, place, path)).await;
    let mut faults: Vec<Fault> = fault.into_iter().collect();
    let mut records = Vec::new();
    for read in in_tables.into_iter().chain([beside]) {
        match read {
            Ok(found) => records.extend(found),
            Err(fault) => faults.push(fault),
        }
    }
    (records, faults, tables)
}

async fn in_table(env: &Env, table: &Table, path: &str) -> Result<Vec<Record>, Fault> {
    records::both(&*table.place.env(env).await?, table, path).await
}

async fn beside(env: &Env, place: &Place, path: &str) -> Result<Vec<Record>, Fault> {
    Ok(records::lockfile(&*place.env(env).await?, place, path).await?.into_iter().collect())
}

async fn versions(env: &Env, id: &str) -> Result<(Vec<Version>, bool), Fault> {
    let (bucket, key) = split(id).unwrap_or((id, ""));
    objects::versions(&*place(env, bucket).env(env).await?, bucket, key).await
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let (whole, versions) = join(whole(env, &id.id, MOST), versions(env, &id.id)).await;
        let whole = whole?;
        let (read, content) = whole.state.as_ref().ok_or_else(|| parts::gone(id))?;
        let parts = Parts {
            path: &id.id,
            place: &whole.place,
            size: read.size,
            etag: read.etag.as_deref(),
            written: read.written,
            content: content.as_deref().map_err(String::as_str),
            records: whole.records.iter().collect(),
        };
        let mut sections = vec![parts::summary(&DEF, &row::of(env, &parts, Timestamp::now()))];
        sections.extend(whole.faults.iter().map(|fault| parts::or_why("Locks and digest", Err(fault.clone()))));
        if let Ok(summary) = content {
            sections.extend([row::types(summary), row::outputs(summary)]);
        }
        sections.push(parts::or_why("Versions", versions.map(|(versions, all)| version_table(&versions, all))));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

fn version_table(versions: &[Version], all: bool) -> Section {
    let row = |version: &Version| {
        let size = version.size.map_or_else(|| Value::text("deleted"), Value::Bytes);
        let written = version.written.map_or(Value::None, Value::Instant);
        let now = if version.latest { Value::text("now") } else { Value::None };
        (vec![written, size, Value::text(&version.id), now], None)
    };
    let title = if all { "Versions" } else { "Newest versions" };
    Section::Table { title, columns: vec!["written", "size", "version", ""], rows: versions.iter().map(row).collect() }
}

/// The state itself, with everything masked that is sensitive.
fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let (bucket, key) = split(&id.id).ok_or_else(|| parts::gone(id))?;
        let there = place(env, bucket).env(env).await?;
        let read = objects::read(&there, bucket, key, None, RAW).await?.ok_or_else(|| parts::gone(id))?;
        let Some(body) = read.body else {
            let words = format!("{} are more than the {} that are shown", text::bytes(read.size), text::bytes(RAW));
            return Err(Fault::new(FaultClass::Invalid, words));
        };
        let shown = tokio::task::spawn_blocking(move || state::shown(&body).and_then(|shown| pretty(&shown))).await;
        shown.unwrap_or_else(|error| Err(Fault::new(FaultClass::Bug, error.to_string())))
    })
}

fn relations(state: &Resource) -> Vec<Relation> {
    vec![parts::to_those(
        "locks",
        &state.id.scope,
        super::terraform_lock::KIND,
        parts::exactly("state", [&*state.id.id]),
    )]
}
