//! Events as the API sends them, and those of one object for its detail.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use kube::core::ObjectMeta;
use serde::Deserialize;

use super::meta::{object_id, or_default};
use crate::kinds::parts;
use crate::model::{Fault, ResourceId, Scope, Section, Value};
use crate::providers::kube::{Cluster, Object};

/// Events of one object that its detail shows.
const SHOWN: usize = 50;
/// Events of one object that are read for that.
const READ: &str = "500";

/// The title of the block of events in a detail.
pub const TITLE: &str = "Events";

/// An event, as `kubectl get events` reads it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Name and namespace.
    pub metadata: ObjectMeta,
    /// What it is about.
    #[serde(default, deserialize_with = "or_default")]
    pub involved_object: Involved,
    /// In one word.
    #[serde(default)]
    pub reason: Option<String>,
    /// In words.
    #[serde(default)]
    pub message: Option<String>,
    /// `Normal` or `Warning`.
    #[serde(default, rename = "type")]
    pub sort: Option<String>,
    /// How often it came.
    #[serde(default)]
    pub count: Option<i64>,
    /// When it came first,
    #[serde(default)]
    pub first_timestamp: Option<Time>,
    /// and last.
    #[serde(default)]
    pub last_timestamp: Option<Time>,
    /// When it came, where it is told by the newer API.
    #[serde(default)]
    pub event_time: Option<MicroTime>,
    /// The same event again and again, by the newer API.
    #[serde(default)]
    pub series: Option<Series>,
    /// Who tells it.
    #[serde(default, deserialize_with = "or_default")]
    pub source: Source,
    /// Who tells it, by the newer API.
    #[serde(default)]
    pub reporting_component: Option<String>,
}

crate::object!(Event: "" "v1" "Event" "events", true, newest 5_000 by Event::last);

/// What an event is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Involved {
    /// Kind of the API.
    pub kind: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its uid.
    pub uid: Option<String>,
    /// Which part of it, such as `spec.containers{web}`.
    pub field_path: Option<String>,
}

/// How often an event came again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Series {
    /// How often.
    pub count: Option<i64>,
    /// When last.
    pub last_observed_time: Option<MicroTime>,
}

/// Who tells an event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Source {
    /// Such as `kubelet`.
    pub component: Option<String>,
    /// The node it runs on.
    pub host: Option<String>,
}

impl Event {
    /// When it came last.
    pub fn last(&self) -> Option<Timestamp> {
        let again = self.series.as_ref().and_then(|series| series.last_observed_time.as_ref()).map(|at| at.0);
        again
            .or_else(|| self.last_timestamp.as_ref().map(|at| at.0))
            .or_else(|| self.event_time.as_ref().map(|at| at.0))
            .or_else(|| self.first_timestamp.as_ref().map(|at| at.0))
            .or_else(|| super::meta::created(&self.metadata))
    }

    /// When it came first.
    pub fn first(&self) -> Option<Timestamp> {
        let first = self.first_timestamp.as_ref().map(|at| at.0).or_else(|| self.event_time.as_ref().map(|at| at.0));
        first.or_else(|| super::meta::created(&self.metadata))
    }

    /// How often it came.
    pub fn times(&self) -> i64 {
        let again = self.series.as_ref().and_then(|series| series.count);
        again.or(self.count).unwrap_or(1).max(1)
    }

    /// Whether it tells of trouble.
    pub fn is_warning(&self) -> bool {
        self.sort.as_deref() == Some("Warning")
    }

    /// Its reason; empty where none is told.
    pub fn why(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// Its words.
    pub fn words(&self) -> &str {
        self.message.as_deref().unwrap_or_default().trim()
    }

    /// Who tells it.
    pub fn teller(&self) -> Option<&str> {
        let newer = self.reporting_component.as_deref().filter(|teller| !teller.is_empty());
        self.source.component.as_deref().filter(|teller| !teller.is_empty()).or(newer)
    }

    /// What it is about, as `kind/name`.
    pub fn about(&self) -> Option<String> {
        let Involved { kind, name, .. } = &self.involved_object;
        Some(format!("{}/{}", kind.as_deref()?.to_ascii_lowercase(), name.as_deref()?))
    }

    /// What it is about, as a resource in the same cluster.
    pub fn about_id(&self, scope: &Scope) -> Option<Arc<ResourceId>> {
        let Involved { kind, namespace, name, .. } = &self.involved_object;
        object_id(scope, kind.as_deref()?, namespace.as_deref(), name.as_deref()?)
    }

    /// Itself as a resource of this cluster.
    pub fn id(&self, scope: &Scope) -> Option<Arc<ResourceId>> {
        object_id(scope, "Event", self.metadata.namespace.as_deref(), self.metadata.name.as_deref()?)
    }
}

/// A list of events that was read.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Events {
    /// The events.
    #[serde(default, deserialize_with = "or_default")]
    pub items: Vec<Event>,
}

/// The newest events about one object, read now. `kind` is the API's word. What lies in no namespace is known to events by its name.
pub async fn about(cluster: &Cluster, kind: &str, meta: &ObjectMeta) -> Result<Vec<Event>, Fault> {
    let (name, uid) = (meta.name.as_deref().unwrap_or_default(), meta.uid.as_deref().unwrap_or_default());
    let (path, selector) = match &meta.namespace {
        Some(namespace) => (Event::of(Some(namespace)), format!("involvedObject.uid={uid}")),
        None => (Event::of(None), format!("involvedObject.kind={kind},involvedObject.name={name}")),
    };
    let events: Events = cluster.ask(&path, &[("fieldSelector", &selector), ("limit", READ)]).await?;
    let mut events = events.items;
    events.sort_by_key(|event| std::cmp::Reverse(event.last()));
    events.truncate(SHOWN);
    Ok(events)
}

/// The block of the events about one object, or why it can't be had.
pub async fn recent(cluster: &Cluster, kind: &str, meta: &ObjectMeta) -> Section {
    let events = about(cluster, kind, meta).await;
    parts::or_why(TITLE, events.map(|events| section(&cluster.scope, &events)))
}

/// A block of events; each row leads to its event.
pub fn section(scope: &Scope, events: &[Event]) -> Section {
    let row = |event: &Event| {
        let cells = vec![
            event.last().map_or(Value::None, Value::Instant),
            Value::maybe(event.sort.as_deref()),
            Value::text(event.why()),
            Value::Int(event.times()),
            Value::maybe(event.teller()),
            Value::text(event.words()),
        ];
        (cells, event.id(scope))
    };
    let columns = vec!["last", "type", "reason", "count", "from", "message"];
    Section::Table { title: TITLE, columns, rows: events.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newer_api_counts_in_a_series() {
        let event: Event = serde_json::from_value(json!({
            "metadata": { "name": "web-1.abc", "namespace": "shop", "creationTimestamp": "2026-03-02T08:00:00Z" },
            "involvedObject": { "kind": "Pod", "namespace": "shop", "name": "web-1", "uid": "u" },
            "reason": "Unhealthy", "type": "Warning", "message": "Liveness probe failed: timeout\n",
            "firstTimestamp": null, "lastTimestamp": null, "eventTime": "2026-03-02T08:00:00.123456Z",
            "series": { "count": 7, "lastObservedTime": "2026-03-02T09:00:00.000000Z" },
            "source": {}, "reportingComponent": "kubelet",
        }))
        .unwrap();
        assert_eq!(event.last(), Some("2026-03-02T09:00:00Z".parse().unwrap()));
        assert_eq!(
            (event.times(), event.teller(), event.words()),
            (7, Some("kubelet"), "Liveness probe failed: timeout")
        );
        assert_eq!(event.about().as_deref(), Some("pod/web-1"));
    }

    #[test]
    fn the_older_api_counts_itself() {
        let event: Event = serde_json::from_value(json!({
            "metadata": { "name": "web-1.abc" }, "involvedObject": null, "count": 3, "source": { "component": "scheduler" },
            "firstTimestamp": "2026-03-02T08:00:00Z", "lastTimestamp": "2026-03-02T08:30:00Z", "eventTime": null,
        }))
        .unwrap();
        assert_eq!(event.last(), Some("2026-03-02T08:30:00Z".parse().unwrap()));
        assert_eq!((event.times(), event.teller(), event.about()), (3, Some("scheduler"), None));
    }
}
