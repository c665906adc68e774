//! What the actions on Terraform's states and locks share: their requests, what they stand on, how they are sent and read again.
//! Every request is conditional on what was seen.

pub(super) mod alive;
#[cfg(test)]
#[cfg(feature = "demo")]
pub(super) mod rig;
pub(super) mod steps;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Map, Value as Json};

use super::parts::Stand;
use super::{Asked, Op, parts};
use crate::guard::{Permit, Watching};
use crate::kinds::terraform::{MOST, Place, Record, Sort, Table, objects, records, split};
use crate::kinds::terraform_state::Whole;
use crate::model::{Fault, FaultClass, Followed, Plan, Seen, Sent, Step, Value, text};
use crate::providers::aws::{Ride, sent, sha256};
use crate::providers::{Acting, Env};

pub(super) const PUT_ITEM: Op = "dynamodb:PutItem";
pub(super) const DELETE_ITEM: Op = "dynamodb:DeleteItem";
pub(super) const PUT_OBJECT: Op = "s3:PutObject";
pub(super) const COPY_OBJECT: Op = "s3:CopyObject";
pub(super) const DELETE_OBJECT: Op = "s3:DeleteObject";

/// Both stores tell at once what was written.
const PATIENCE: Duration = Duration::from_mins(1);

/// What nothing is called among what was seen.
const NOTHING: &str = "nothing";

/// The name of what a record is, among what a step stands on: enough to read it again from where the step is sent.
pub(super) fn name_of(there: &Env, record: &Record) -> String {
    record.id(there)
}

/// The same for a state.
pub(super) fn state_name(path: &str) -> String {
    format!("state:{path}")
}

/// What was seen of a record: who holds it, and just which text.
pub(super) fn seen_of(record: Option<&Record>) -> String {
    let Some(record) = record else { return NOTHING.to_owned() };
    let text = record.text.as_deref().map(|text| short(text.as_bytes()));
    let text = text.map_or_else(|| "no text".to_owned(), |text| format!("text {text}"));
    match (record.sort, record.lock()) {
        (Sort::Digest, _) => record.text.as_deref().unwrap_or("no text").to_owned(),
        (_, Ok(lock)) => format!("{} {} ({text})", lock.id, lock.words()),
        (_, Err(_)) => format!("a lock that can't be read ({text})"),
    }
}

/// What was seen of a state.
pub(super) fn seen_of_state(etag: Option<&str>) -> String {
    etag.unwrap_or(NOTHING).to_owned()
}

/// The start of a digest: enough to tell two texts apart.
fn short(bytes: &[u8]) -> String {
    sha256(bytes).chars().take(12).collect()
}

/// Reads again what a step stands on: each name says where it is.
pub(super) async fn look(acting: &Acting, step: &Step) -> Result<Seen, Fault> {
    let names: Vec<&Arc<str>> = step.seen.0.keys().collect();
    let read = join_all(names.iter().map(|name| look_at(&acting.env, name)).collect::<Vec<_>>()).await;
    names.into_iter().zip(read).try_fold(Seen::default(), |seen, (name, value)| Ok(seen.with(name, value?)))
}

async fn look_at(env: &Env, name: &str) -> Result<String, Fault> {
    let Some(path) = name.strip_prefix("state:") else {
        return Ok(seen_of(records::find(env, name).await?.as_ref()));
    };
    let (bucket, key) = split(path).ok_or_else(|| bug(format!("`{path}` is no path of a state")))?;
    let read = objects::read(env, bucket, key, None, 0).await?;
    Ok(seen_of_state(read.and_then(|read| read.etag).as_deref()))
}

/// Sends a step as its input says. `body` is the content whose digest the input has, where it has one.
pub(super) async fn send(acting: &Acting, step: &Step, body: Option<Bytes>, permit: Permit) -> Sent {
    let ride = Ride::with(permit);
    let text = |name: &str| parts::text_of(step, name).map(str::to_owned);
    let (dynamodb, s3) = (acting.writes.dynamodb(), acting.writes.s3());
    match step.operation {
        PUT_ITEM => {
            let call = dynamodb.put_item().set_table_name(text("TableName")).set_item(attributes(step, "Item"));
            let call = call.set_condition_expression(text("ConditionExpression"));
            let call = call.set_expression_attribute_names(names(step));
            let call = call.set_expression_attribute_values(attributes(step, "ExpressionAttributeValues"));
            sent(PUT_ITEM, call.customize().interceptor(ride).send().await)
        }
        DELETE_ITEM => {
            let call = dynamodb.delete_item().set_table_name(text("TableName")).set_key(attributes(step, "Key"));
            let call = call.set_condition_expression(text("ConditionExpression"));
            let call = call.set_expression_attribute_names(names(step));
            let call = call.set_expression_attribute_values(attributes(step, "ExpressionAttributeValues"));
            sent(DELETE_ITEM, call.customize().interceptor(ride).send().await)
        }
        PUT_OBJECT => {
            let Some(body) = body else { return Sent::Refused(bug("the content is not there any more".to_owned())) };
            let call = s3.put_object().set_bucket(text("Bucket")).set_key(text("Key")).body(ByteStream::from(body));
            let call = call.set_if_match(text("IfMatch")).set_if_none_match(text("IfNoneMatch"));
            let call = call.set_content_type(text("ContentType")).set_ssekms_key_id(text("SSEKMSKeyId"));
            let call = call.set_server_side_encryption(text("ServerSideEncryption").map(|sort| sort.as_str().into()));
            sent(PUT_OBJECT, call.customize().interceptor(ride).send().await)
        }
        COPY_OBJECT => {
            let call = s3.copy_object().set_bucket(text("Bucket")).set_key(text("Key"));
            let call = call.set_copy_source(text("CopySource")).set_copy_source_if_match(text("CopySourceIfMatch"));
            let call = call.set_if_none_match(text("IfNoneMatch")).set_ssekms_key_id(text("SSEKMSKeyId"));
            let call = call.set_server_side_encryption(text("ServerSideEncryption").map(|sort| sort.as_str().into()));
            sent(COPY_OBJECT, call.customize().interceptor(ride).send().await)
        }
        DELETE_OBJECT => {
            let call = s3.delete_object().set_bucket(text("Bucket")).set_key(text("Key"));
            let call = call.set_if_match(text("IfMatch"));
            sent(DELETE_OBJECT, call.customize().interceptor(ride).send().await)
        }
        other => Sent::Refused(bug(format!("{other} is not known here"))),
    }
}

/// Attributes in the API's own form. Only text is written here.
fn attributes(step: &Step, name: &str) -> Option<std::collections::HashMap<String, AttributeValue>> {
    let written = step.input.get(name)?.as_object()?;
    let text = |value: &Json| Some(AttributeValue::S(value.get("S")?.as_str()?.to_owned()));
    Some(written.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect())
}

fn names(step: &Step) -> Option<std::collections::HashMap<String, String>> {
    let written = step.input.get("ExpressionAttributeNames")?.as_object()?;
    Some(written.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect())
}

/// What has come of a step, whatever it does.
pub(super) async fn followed(acting: &Acting, step: &Step) -> Result<Stand, Fault> {
    match step.operation {
        PUT_ITEM => written_item(acting, step).await,
        PUT_OBJECT | COPY_OBJECT => written_object(acting, step).await,
        _ => released(acting, step).await,
    }
}

/// Whether an item is what a step has written.
async fn written_item(acting: &Acting, step: &Step) -> Result<Stand, Fault> {
    let table =
        Table { place: Place::own(&acting.env), name: parts::text_of(step, "TableName").unwrap_or_default().into() };
    let said = |name: &str| step.input.get("Item")?.get(name)?.get("S")?.as_str();
    let lock_id = said("LockID").unwrap_or_default();
    let there = records::item(&acting.env, &table, lock_id).await?;
    let text = there.as_ref().and_then(|record| record.text.as_deref());
    match (said("Info"), said("Digest")) {
        (Some(info), _) if text == Some(info) => Ok(parts::verified("the lock is held")),
        (_, Some(digest)) if text == Some(digest) => Ok(parts::verified(format!("the digest is {digest}"))),
        _ => Ok(parts::failed(format!("{lock_id} in {} is another one by now", table.name))),
    }
}

/// Whether an object is what a step has written.
async fn written_object(acting: &Acting, step: &Step) -> Result<Stand, Fault> {
    let [bucket, key] = ["Bucket", "Key"].map(|name| parts::text_of(step, name).unwrap_or_default());
    let digest = parts::text_of(step, "BodySha256");
    let read = objects::read(&acting.env, bucket, key, None, if digest.is_some() { MOST } else { 0 }).await?;
    let Some(read) = read else { return Ok(parts::failed(format!("there is no {key} in {bucket}"))) };
    let size = text::bytes(read.size);
    match (digest, read.body) {
        (None, _) => Ok(parts::verified(format!("{key} is there, {size}"))),
        (Some(digest), Some(body)) if sha256(&body) == digest => {
            Ok(parts::verified(format!("{key} is written, {size}")))
        }
        _ => Ok(parts::failed(format!("{key} is another one by now"))),
    }
}

/// Whether the lock that a step deletes is gone.
async fn released(acting: &Acting, step: &Step) -> Result<Stand, Fault> {
    for (name, before) in step.seen.0.iter().filter(|(name, _)| !name.starts_with("state:")) {
        match records::find(&acting.env, name).await? {
            Some(record) if seen_of(Some(&record)) == **before => {
                return Ok(parts::going("the lock is still there", None));
            }
            Some(record) if record.is_lock() => {
                let words = record.lock().map_or_else(|_| "by somebody".to_owned(), |lock| lock.words());
                return Ok(parts::verified(format!("it is released; another one has been taken since, {words}")));
            }
            _ => {}
        }
    }
    Ok(parts::verified("the lock is released"))
}

/// The one of these texts whose digest a step's input has.
pub(super) fn with_digest<'a>(step: &Step, texts: impl IntoIterator<Item = &'a str>) -> Option<Bytes> {
    let wanted = parts::text_of(step, "BodySha256")?;
    let found = texts.into_iter().find(|text| sha256(text.as_bytes()) == wanted)?;
    Some(Bytes::copy_from_slice(found.as_bytes()))
}

/// A text for the journal and the screen, from which just this text can be had again: as it is where nothing in it could do harm,
/// else as JSON writes it.
pub(super) fn kept(exact: &str) -> Value {
    let safe = if text::clean(exact) == exact { exact.to_owned() } else { Json::from(exact).to_string() };
    Value::Text(text::clean(&safe).into())
}

/// The locks of a state.
pub(super) fn locks(whole: &Whole) -> impl Iterator<Item = &Record> {
    whole.records.iter().filter(|record| record.is_lock())
}

/// The digests of a state.
pub(super) fn digests(whole: &Whole) -> impl Iterator<Item = &Record> {
    whole.records.iter().filter(|record| record.sort == Sort::Digest)
}

/// An `aws` command to paste, for what is in this place.
pub(super) fn aws_command(acting: &Acting, place: &Place, words: &str, flags: &[(&str, &str)]) -> Arc<str> {
    let profile = place.profile.as_deref().or(acting.profile.as_deref());
    parts::aws_command_at(profile, &place.region, words, flags)
}

/// Follows a step until what it writes or deletes is so. There is little to wait for: both stores are consistent at once.
pub(super) fn follow<'a>(acting: &'a Acting, _: &'a Plan, step: &'a Step, watch: Watching<'a>) -> Asked<'a, Followed> {
    async move { parts::until_ended(PATIENCE, watch, || followed(acting, step)).await }.boxed()
}

/// Lines in a sentence.
pub(super) fn listed<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join("; ")
}

/// A map out of pairs, those that have a value.
pub(super) fn given<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<Json>)>) -> Map<String, Json> {
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

pub(super) fn invalid(words: impl Into<String>) -> Fault {
    Fault::new(FaultClass::Invalid, words)
}

fn bug(words: String) -> Fault {
    Fault::new(FaultClass::Bug, words)
}
