//! CloudTrail's management events that write, out of `LookupEvents`. An account may call it twice a second in a region, so pages are
//! taken at that pace and no more than [`PAGES`] of them; where that is not all, the answer says so.

mod record;
mod touched;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::{Change, ChangeSource, Line, Told, change};
use crate::kinds::{Op, parts};
use crate::model::{Fault, FaultClass, ResourceId, Scope};
use crate::providers::Env;
use crate::providers::aws::{fault, pages};

const LOOKUP: Op = "cloudtrail:LookupEvents";

/// What is called here.
pub const READS: &[Op] = &[LOOKUP];

/// The most events on a page.
const PAGE: i32 = 50;
/// The most pages for one answer: a quarter of a minute.
const PAGES: usize = 30;
/// Twice a second.
const PACE: Duration = Duration::from_millis(500);

/// Of one resource, or of all. CloudTrail names resources unreliably (ECS services not at all), so the records decide, not its index.
pub async fn read(env: &Env, since: Timestamp, about: Option<&ResourceId>) -> Told {
    let found = Mutex::new(Reading::default());
    let end = pages(LOOKUP, |token| {
        let found = &found;
        async move {
            let next = found.lock().unwrap_or_else(PoisonError::into_inner).next;
            if let Some(next) = next {
                sleep_until(next).await;
            }
            let asked = Instant::now();
            let (events, token) = page(env, since, token).await?;
            found.lock().unwrap_or_else(PoisonError::into_inner).take(&env.scope, &events, about, asked, token)
        }
    })
    .await;
    Told::new(found.into_inner().unwrap_or_else(PoisonError::into_inner).changes, end)
}

async fn page(env: &Env, since: Timestamp, token: Option<String>) -> Result<(Vec<Event>, Option<String>), Fault> {
    let writes = LookupAttribute::builder().attribute_key(LookupAttributeKey::ReadOnly).attribute_value("false");
    let writes = writes.build().map_err(|error| Fault::new(FaultClass::Bug, error.to_string()))?;
    let call = env.aws.cloudtrail().lookup_events().lookup_attributes(writes).max_results(PAGE);
    let call = call.start_time(DateTime::from_secs(since.as_second())).set_next_token(token);
    let page = call.send().await.map_err(|error| fault(LOOKUP, &error))?;
    Ok((page.events.unwrap_or_default(), page.next_token))
}

/// How far the reading has come.
#[derive(Default)]
struct Reading {
    changes: Vec<Change>,
    pages: usize,
    /// When the next page may be asked for.
    next: Option<Instant>,
    oldest: Option<Timestamp>,
}

impl Reading {
    /// Takes a page, and gives the token of the next one, unless there have been enough.
    fn take(
        &mut self,
        scope: &Scope,
        events: &[Event],
        about: Option<&ResourceId>,
        asked: Instant,
        token: Option<String>,
    ) -> Result<Option<String>, Fault> {
        self.pages += 1;
        self.next = Some(asked + PACE);
        self.oldest = events.iter().filter_map(|event| parts::instant(event.event_time())).min().or(self.oldest);
        self.changes.extend(events.iter().filter_map(|event| of_event(scope, event, about)));
        if token.is_none() || self.pages < PAGES {
            return Ok(token);
        }
        let back = self.oldest.map(|at| format!(", back to {}", parts::minute(at))).unwrap_or_default();
        let words = format!("{LOOKUP}: only the newest {} events are read{back}", self.pages * PAGE as usize);
        Err(Fault::new(FaultClass::Throttled { until: None }, words))
    }
}

/// An event as a change, if it concerns the resource that is asked about.
fn of_event(scope: &Scope, event: &Event, about: Option<&ResourceId>) -> Option<Change> {
    let record: Value = event.cloud_trail_event().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let event_name = event.event_name().or(record["eventName"].as_str())?;
    let touched = touched::by(scope, event, &record);
    if about.is_some_and(|about| !touched.resources.iter().any(|id| concerns(id, about))) {
        return None;
    }
    let line = Line {
        at: parts::instant(event.event_time())?,
        source: ChangeSource::CloudTrail,
        id: event.event_id(),
        who: &record::who(&record, event.username()),
        what: &record::what(event_name, &record),
        name: &touched.name,
        resource: touched.resources.first().cloned(),
        failed: record["errorCode"].is_string(),
    };
    Some(change(scope, line))
}

/// Whether a change of one resource is of interest to who asks about another: itself, what is in a cluster, other revisions.
fn concerns(changed: &ResourceId, about: &ResourceId) -> bool {
    let family = |id: &ResourceId| id.id.split(':').next().map(str::to_owned);
    match about.kind {
        "ecs-cluster" if changed.scope.cluster.is_some() => changed.scope.cluster.as_deref() == Some(&*about.id),
        "ecs-task-definition" => changed.kind == about.kind && family(changed) == family(about),
        _ => changed.kind == about.kind && changed.id == about.id && changed.scope.cluster == about.scope.cluster,
    }
}

#[cfg(test)]
mod tests;
