//! The contents of states, read within bounds and remembered by their `ETags`: what has not changed is not read again.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use futures_util::stream::{self, StreamExt};

use super::objects::{self, Read};
use super::stores::Place;
use super::survey::Found;
use super::{Summary, path};
use crate::model::{Fault, text};
use crate::providers::Env;

/// The largest state that is read at all.
pub const MOST: u64 = 50 << 20;
/// The largest state that a list reads, and as much as it reads altogether.
const EACH: u64 = 8 << 20;
const TOGETHER: u64 = 64 << 20;
/// As many states are read by one list; the next one reads more.
const STATES: usize = 100;
/// At once.
const AT_ONCE: usize = 4;

/// What the states say, in their order; else why it is not known.
pub async fn contents(env: &Env, states: &[Found]) -> Vec<Result<Arc<Summary>, String>> {
    let (mut bytes, mut count) = (0, 0);
    let mut reads: Vec<BoxFuture<'_, Result<Arc<Summary>, String>>> = Vec::with_capacity(states.len());
    for found in states {
        let size = found.object.size;
        let known = remembered(env, found);
        reads.push(if let Some(known) = known {
            ready(Ok(known)).boxed()
        } else if size > EACH {
            let (size, most) = (text::bytes(size), text::bytes(MOST));
            ready(Err(format!("{size} are not read for a list; its detail reads up to {most}"))).boxed()
        } else if count >= STATES || bytes + size > TOGETHER {
            ready(Err("there are more states than are read at once; its detail reads it".to_owned())).boxed()
        } else {
            (bytes, count) = (bytes + size, count + 1);
            of_listed(env, found).boxed()
        });
    }
    stream::iter(reads).buffered(AT_ONCE).collect().await
}

async fn of_listed(env: &Env, found: &Found) -> Result<Arc<Summary>, String> {
    let (bucket, object) = (&found.bucket, &found.object);
    match state(env, &bucket.place, &bucket.name, &object.key, EACH).await {
        Ok(Some((_, content))) => content,
        Ok(None) => Err("it is gone since it was listed".to_owned()),
        Err(fault) => Err(fault.summary),
    }
}

fn name(bucket: &str, key: &str, etag: &str) -> String {
    format!("terraform state {} {etag}", path(bucket, key))
}

fn remembered(env: &Env, found: &Found) -> Option<Arc<Summary>> {
    env.memory.get(&name(&found.bucket.name, &found.object.key, &found.object.etag))
}

/// A state that was read: the object, and what it says or why that is not known.
pub type State = (Read, Result<Arc<Summary>, String>);

/// Reads a state, unless it is longer than `most`. `None`: there is none.
pub async fn state(env: &Env, place: &Place, bucket: &str, key: &str, most: u64) -> Result<Option<State>, Fault> {
    let there = place.env(env).await?;
    let Some(read) = objects::read(&there, bucket, key, None, most).await? else { return Ok(None) };
    let content = match read.body.clone() {
        None => Err(format!("{} are more than the {} that are read", text::bytes(read.size), text::bytes(most))),
        Some(body) => Summary::of(body).await.map(Arc::new),
    };
    if let (Ok(summary), Some(etag)) = (&content, &read.etag) {
        env.memory.keep(name(bucket, key, etag), Arc::clone(summary));
    }
    Ok(Some((read, content)))
}
