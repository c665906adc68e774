//! `terraform-state-restore`: an earlier version of a Terraform state, or a file, put in place of the one that is there. It takes the
//! lock, copies the present state beside itself, writes the earlier one with a serial above the present one, rewrites the digest and
//! releases the lock; each request is conditional on what was seen.

mod source;
mod way;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::join;
use jiff::Timestamp;

use super::parts;
use super::terraform::{
    self, COPY_OBJECT, DELETE_ITEM, DELETE_OBJECT, PUT_ITEM, PUT_OBJECT, aws_command, digests, invalid, kept, locks,
};
use super::terraform_digest_repair::{located, state_field};
use super::{ActionDef, Asked, FieldDef, FieldSort};
use crate::guard::Permit;
use crate::kinds::parts as kind;
use crate::kinds::terraform::state::{md5, with_serial};
use crate::kinds::terraform::{MOST, SURVEYS, Summary, VERSIONS};
use crate::kinds::terraform_state::{DEF as STATES, KIND, Whole, digest_matches, whole};
use crate::model::{
    Fault, FieldChange, Fields, Order, Plan, Precondition, Resource, ResourceId, Risk, Sent, Step, Undo, Value,
};
use crate::providers::Acting;
use crate::providers::aws::sha256;
use source::Source;
use way::Way;

/// Id of the action.
const ID: &str = "terraform-state-restore";

/// What the lock's text stands under among the changes.
const LOCK: &str = "lock, while it is done";
/// What the serial stands under.
const SERIAL: &str = "serial";

/// Puts an earlier state back.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "restore",
    doc: "Put an earlier version of a Terraform state back, or a file",
    kinds: &[KIND],
    fields: &[
        state_field(),
        FieldDef::new(
            "version",
            "version",
            "The version of the object, or the key of a copy beside it",
            "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo",
            FieldSort::Chosen,
        ),
        FieldDef::new(
            "file",
            "file",
            "Instead of a version: a file on this machine",
            "state-backup.json",
            FieldSort::Text,
        ),
    ],
    sends: &[PUT_ITEM, PUT_OBJECT, COPY_OBJECT, DELETE_ITEM, DELETE_OBJECT],
    reads: &[SURVEYS[0], SURVEYS[1], SURVEYS[2], SURVEYS[3], SURVEYS[4], VERSIONS],
    risk: "critical",
    undo: "the state that was there before is put back in the same way",
    example: "terraform-state-restore -e dhbw-prod --state tfstate-dhbw/prod/terraform.tfstate --version 3sL4kqtJlcpXroDT",
    applies,
    form: |_, _| Fields::new(),
    choices: |acting, target, field| source::choices(acting, target, field).boxed(),
    locate: |acting, fields| async move { located(acting, fields) }.boxed(),
    plan,
    look: |acting, _, step| terraform::look(acting, step).boxed(),
    send: |acting, plan, step, permit| send(acting, plan, step, permit).boxed(),
    follow: terraform::follow,
};

fn applies(state: &Resource) -> Result<(), String> {
    match kind::text_of(&STATES, state, "lock") {
        "" => Ok(()),
        who => Err(format!("it is locked by {who}")),
    }
}

/// What would be written.
struct Restored {
    body: String,
    summary: Summary,
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let source = Source::of(fields)?;
        let (whole, earlier) = join(whole(&acting.env, &target.id, MOST), source.read(acting, &target.id)).await;
        let (whole, earlier) = (whole?, earlier?);
        let present = whole.state.as_ref().and_then(|(_, content)| content.as_deref().ok());
        let restored = restored(earlier, present).await?;
        let way = Way::of(&whole, present, Timestamp::now());
        let mut plan = parts::plan(acting, ID, target, fields, None);
        plan.target.name = crate::model::text::clean(&target.id).into();
        plan.title = format!("restore {} from {source}, as serial {}", target.id, restored.summary.serial).into();
        plan.changes = changes(present, &restored.summary);
        plan.changes.push(FieldChange { field: LOCK.into(), from: Value::None, to: kept(&way.lock) });
        plan.preconditions = preconditions(&whole, present, &restored, &way);
        plan.affects = affects(present, &restored.summary);
        plan.steps = way.steps(acting, &whole, &restored).await?;
        plan.risk = Risk::Critical;
        plan.undo = undo(&plan, &whole, &way);
        plan.command = command(acting, &whole, &source);
        Ok(plan)
    }
    .boxed()
}

/// The earlier state with a serial above the present one, so that Terraform takes it for the newest.
async fn restored(earlier: String, present: Option<&Summary>) -> Result<Restored, Fault> {
    let summary = Summary::of(earlier.clone().into()).await.map_err(invalid)?;
    let serial = match present {
        Some(present) => summary.serial.max(present.serial.saturating_add(1)),
        None => summary.serial,
    };
    let body = with_serial(&earlier, serial).ok_or_else(|| invalid("it has no serial that could be raised"))?;
    let summary = Summary { serial, md5: md5(body.as_bytes()).into(), ..summary };
    Ok(Restored { body, summary })
}

fn changes(present: Option<&Summary>, restored: &Summary) -> Vec<FieldChange> {
    let number = |number: Option<i64>| number.map_or(Value::None, Value::Int);
    let count = |summary: &Summary| i64::try_from(summary.count()).unwrap_or(i64::MAX);
    let text = |text: Option<&Arc<str>>| Value::maybe(text.map(|text| &**text));
    vec![
        FieldChange {
            field: SERIAL.into(),
            from: number(present.map(|it| it.serial)),
            to: Value::Int(restored.serial),
        },
        FieldChange { field: "resources".into(), from: number(present.map(count)), to: Value::Int(count(restored)) },
        FieldChange {
            field: "terraform version".into(),
            from: text(present.map(|it| &it.terraform_version)),
            to: text(Some(&restored.terraform_version)),
        },
        FieldChange { field: "digest".into(), from: text(present.map(|it| &it.md5)), to: text(Some(&restored.md5)) },
    ]
}

fn preconditions(whole: &Whole, present: Option<&Summary>, restored: &Restored, way: &Way) -> Vec<Precondition> {
    let mut all = vec![unlocked(whole), lineage(whole, present, &restored.summary)];
    if let (Some(present), Some((read, _))) = (present, &whole.state) {
        let same = read
            .body
            .as_deref()
            .and_then(|body| std::str::from_utf8(body).ok())
            .is_some_and(|body| with_serial(body, 0) == with_serial(&restored.body, 0));
        let words = format!(
            "serial {} is there; the two have {} content",
            present.serial,
            if same { "the same" } else { "different" }
        );
        all.push(parts::must("something changes", !same, words));
    }
    all.push(way.heeded());
    all.push(digest(whole, present));
    if let Some((read, _)) = &whole.state {
        let kept = read.version.is_some();
        let words = if kept {
            "the bucket keeps versions, and a copy is made"
        } else {
            "the bucket keeps no versions: there is only the copy"
        };
        all.push(parts::should("the present state is kept", kept, words));
    }
    all
}

/// Nobody else may be at work.
fn unlocked(whole: &Whole) -> Precondition {
    const NAME: &str = "nobody else holds the lock";
    if let Some(held) = locks(whole).next() {
        let words = held.lock().map_or_else(|why| format!("a lock that can't be read: {why}"), |lock| lock.words());
        return parts::must(NAME, false, words);
    }
    match whole.faults.first() {
        Some(fault) => parts::untold(NAME, fault),
        None => parts::must(NAME, true, "none is held"),
    }
}

fn lineage(whole: &Whole, present: Option<&Summary>, restored: &Summary) -> Precondition {
    const NAME: &str = "it is the same state's";
    match (present, &whole.state) {
        (Some(present), _) if present.lineage == restored.lineage => {
            parts::must(NAME, true, format!("both are of lineage {}", restored.lineage))
        }
        (Some(present), _) => {
            let words = format!("the present one is of lineage {}, this one of {}", present.lineage, restored.lineage);
            parts::must(NAME, false, words)
        }
        (None, None) => parts::should(
            NAME,
            false,
            format!("there is no present state; this one is of lineage {}", restored.lineage),
        ),
        (None, Some((_, content))) => {
            let why = content.as_ref().err().map_or("", String::as_str);
            parts::should(NAME, false, format!("the present state's lineage is not known: {why}"))
        }
    }
}

fn digest(whole: &Whole, present: Option<&Summary>) -> Precondition {
    const NAME: &str = "the digest is the present state's";
    let etag = whole.state.as_ref().and_then(|(read, _)| read.etag.as_deref());
    let known: Vec<&str> = digests(whole).filter_map(|row| row.text.as_deref()).collect();
    let told: Option<Vec<bool>> = known.iter().map(|digest| digest_matches(digest, present, etag)).collect();
    match told {
        _ if known.is_empty() => parts::should(NAME, true, "there is none"),
        Some(told) if told.iter().all(|matches| *matches) => parts::should(NAME, true, "they match"),
        Some(_) => parts::should(NAME, false, "it is another state's; it is rewritten"),
        None => parts::should(NAME, false, "could not tell; it is rewritten"),
    }
}

/// What Terraform would know of more or less than now.
fn affects(present: Option<&Summary>, restored: &Summary) -> Vec<Arc<str>> {
    let mut lines = vec!["Terraform plans against what this state says: what was made since is unknown to it".into()];
    lines.extend(present.map(|present| differences(present, restored)).unwrap_or_default());
    lines
}

/// The types of which another number is in a state.
fn differences(from: &Summary, to: &Summary) -> Vec<Arc<str>> {
    let types: std::collections::BTreeSet<&Arc<str>> = from.types.keys().chain(to.types.keys()).collect();
    let count = |summary: &Summary, sort: &Arc<str>| summary.types.get(sort).copied().unwrap_or_default();
    let different = types.into_iter().filter(|sort| count(from, sort) != count(to, sort));
    different.map(|sort| format!("{sort}: {} → {}", count(from, sort), count(to, sort)).into()).collect()
}

fn undo(plan: &Plan, whole: &Whole, way: &Way) -> Undo {
    let Some((read, _)) = &whole.state else {
        return Undo::No("there was no state before".into());
    };
    let version = read.version.as_deref().map_or_else(|| way.copy.clone(), str::to_owned);
    let order = Order { action: ID, target: Arc::clone(&plan.order.target), fields: [("version", version)].into() };
    Undo::By { words: "put the state that was there before back, in the same way".into(), order }
}

fn command(acting: &Acting, whole: &Whole, source: &Source) -> Arc<str> {
    let (file, fetch) = match source {
        Source::File(path) => (path.as_str(), None),
        Source::Version(id) => ("restored.tfstate", Some((whole.key.as_str(), Some(id.as_str())))),
        Source::Copy(key) => ("restored.tfstate", Some((key.as_str(), None))),
    };
    let push = format!("terraform state push {}", shell_words::quote(file));
    let Some((key, version)) = fetch else { return push.into() };
    let mut flags = vec![("bucket", whole.bucket.as_str()), ("key", key)];
    flags.extend(version.map(|version| ("version-id", version)));
    let fetch = aws_command(acting, &whole.place, &format!("s3api get-object {file}"), &flags);
    format!("{fetch} && {push}").into()
}

/// The content of a step is made again from where it came from; the permit is for just that one.
async fn send(acting: &Acting, plan: &Plan, step: &Step, permit: Permit) -> Sent {
    let Some(wanted) = parts::text_of(step, "BodySha256") else {
        return terraform::send(acting, step, None, permit).await;
    };
    let change = |name: &str| plan.changes.iter().find(|change| *change.field == *name).map(|change| &change.to);
    let lock = match change(LOCK) {
        Some(Value::Text(text)) => Some(&**text),
        _ => None,
    };
    if let Some(body) = terraform::with_digest(step, lock) {
        return terraform::send(acting, step, Some(body), permit).await;
    }
    let made = async {
        let earlier = Source::of(&plan.order.fields)?.read(acting, &plan.target.id.id).await?;
        let serial = if let Some(Value::Int(serial)) = change(SERIAL) { Some(*serial) } else { None };
        let body = serial.and_then(|serial| with_serial(&earlier, serial));
        body.filter(|body| sha256(body.as_bytes()) == wanted)
            .ok_or_else(|| invalid("what is to be restored has changed"))
    };
    match made.await {
        Ok(body) => terraform::send(acting, step, Some(body.into()), permit).await,
        Err(fault) => Sent::Refused(fault),
    }
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
