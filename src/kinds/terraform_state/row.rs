//! States as rows, and what is in them as blocks of a detail.

use std::sync::Arc;

use jiff::Timestamp;

use super::KIND;
use crate::kinds::parts::{self, Verdict, fine};
use crate::kinds::terraform::{Place, Record, Sort, Summary, split};
use crate::model::{Health, Resource, Section, Value};
use crate::providers::Env;

/// What is known of a state.
pub struct Parts<'a> {
    /// `BUCKET/KEY`.
    pub path: &'a str,
    /// Where it is.
    pub place: &'a Place,
    /// Bytes.
    pub size: u64,
    /// `ETag` of the object, in its quotes.
    pub etag: Option<&'a str>,
    /// When it was written.
    pub written: Option<Timestamp>,
    /// What it says, or why that is not known.
    pub content: Result<&'a Summary, &'a str>,
    /// Its locks and its digest.
    pub records: Vec<&'a Record>,
}

/// Whether the digest in a table is that of the state; `None` where it can't be told. An `ETag` is the digest of the content unless the
/// object is encrypted with a key of KMS or was uploaded in parts: so it can only tell that they are the same.
pub fn digest_matches(digest: &str, content: Option<&Summary>, etag: Option<&str>) -> Option<bool> {
    match content {
        Some(summary) => Some(*summary.md5 == *digest),
        None => (etag.map(|etag| etag.trim_matches('"')) == Some(digest)).then_some(true),
    }
}

/// A state as a row.
pub fn of(env: &Env, state: &Parts, now: Timestamp) -> Resource {
    let content = state.content.ok();
    let digests = state.records.iter().filter(|record| record.sort == Sort::Digest);
    let digests: Vec<&str> = digests.filter_map(|record| record.text.as_deref()).collect();
    let matches = digests.first().map(|_| matched(&digests, state));
    let lock = state.records.iter().find(|record| record.is_lock()).map(|record| record.lock());
    let held = lock.as_ref().and_then(|lock| lock.as_ref().ok());
    let said = |value: Option<&Arc<str>>| Value::maybe(value.map(|text| &**text));
    let types = content.map(|it| it.types.iter().map(|(sort, count)| format!("{sort} {count}")).collect::<Vec<_>>());
    let (bucket, key) = split(state.path).unwrap_or((state.path, ""));
    let cells = vec![
        parts::int(content.map(|it| it.serial)),
        parts::int(content.and_then(|it| i64::try_from(it.count()).ok())),
        state.written.map_or(Value::None, Value::Instant),
        match &lock {
            Some(Ok(lock)) => Value::text(if lock.who.is_empty() { "somebody" } else { &lock.who }),
            Some(Err(_)) => Value::text("unreadable"),
            None => Value::None,
        },
        match matches {
            None => Value::text("none"),
            Some(Some(true)) => Value::text("matches"),
            Some(Some(false)) => Value::text("differs"),
            Some(None) => Value::None,
        },
        said(content.map(|it| &it.terraform_version)),
        Value::Bytes(state.size),
        said(content.map(|it| &it.lineage)),
        types.map_or(Value::None, Value::list),
        content.map_or(Value::None, |it| Value::list(it.outputs.iter().map(|output| &*output.name))),
        said(content.map(|it| &it.md5)),
        said(held.map(|lock| &lock.id)),
        Value::text(bucket),
        Value::text(key),
        Value::maybe(state.place.profile.as_deref()),
        Value::text(&state.place.region),
    ];
    let verdict = verdict(state, matches.flatten(), lock.as_ref(), now);
    parts::row(parts::id(&env.scope, KIND, state.path), key, None, verdict, cells)
}

/// Several tables may have one: all must match.
fn matched(digests: &[&str], state: &Parts) -> Option<bool> {
    let content = state.content.ok();
    let told: Option<Vec<bool>> = digests.iter().map(|digest| digest_matches(digest, content, state.etag)).collect();
    told.map(|told| told.into_iter().all(|matches| matches))
}

fn verdict(
    state: &Parts,
    matches: Option<bool>,
    lock: Option<&Result<crate::kinds::terraform::Lock, String>>,
    now: Timestamp,
) -> Verdict {
    // A run that is under way writes the state first and its digest right after.
    let under_way = matches!(lock, Some(Ok(lock)) if lock.verdict(now).0 == Health::Progressing);
    match (matches, lock) {
        (Some(false), _) if !under_way => {
            (Health::Failed, "its digest in DynamoDB is another state's: Terraform refuses to work with it".to_owned())
        }
        (_, Some(Ok(lock))) => {
            let (health, words) = lock.verdict(now);
            (health, format!("locked: {words}"))
        }
        (_, Some(Err(why))) => (Health::Unknown, format!("locked by what can't be read: {why}")),
        (_, None) => match state.content {
            Ok(_) => fine(),
            Err(why) => (Health::Unknown, format!("its content is not known: {why}")),
        },
    }
}

/// Its resources by type.
pub fn types(summary: &Summary) -> Section {
    let mut types: Vec<(&Arc<str>, usize)> = summary.types.iter().map(|(sort, count)| (sort, *count)).collect();
    types.sort_by(|(a, m), (b, n)| (n, a).cmp(&(m, b)));
    let row = |(sort, count): (&Arc<str>, usize)| {
        (vec![Value::Text(Arc::clone(sort)), Value::Int(i64::try_from(count).unwrap_or(i64::MAX))], None)
    };
    Section::Table {
        title: "Resources by type",
        columns: vec!["type", "instances"],
        rows: types.into_iter().map(row).collect(),
    }
}

/// Its outputs, sensitive ones masked.
pub fn outputs(summary: &Summary) -> Section {
    let rows = summary.outputs.iter().map(|output| {
        let cells = [&output.name, &output.sort, &output.value].map(|text| Value::Text(Arc::clone(text)));
        (cells.to_vec(), None)
    });
    Section::Table { title: "Outputs", columns: vec!["output", "type", "value"], rows: rows.collect() }
}
