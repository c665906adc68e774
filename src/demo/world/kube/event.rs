//! Events: what the parts of a cluster say about its objects. The same thing said again is one event with a count.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::model::Word;
use super::super::signal::after;
use super::KubeCluster;
use super::json::{stamp, text};
use super::store::Object;
use super::types::Type;

/// Events are kept for an hour, and so many at most.
const KEPT: i64 = 3_600;
const MOST: usize = 2_000;

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) version: u64,
    pub(super) first: u64,
    pub(super) about: About,
    pub(super) reason: Word,
    pub(super) message: String,
    /// `Normal` or `Warning`.
    pub(super) kind: Word,
    pub(super) count: u32,
    pub(super) begun: Timestamp,
    pub(super) last: Timestamp,
    pub(super) source: Word,
    pub(super) host: Option<Arc<str>>,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct About {
    pub(super) plural: Word,
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) uid: String,
    /// Such as `spec.containers{api}`.
    pub(super) field: Option<String>,
}

/// What is said: `Normal` or `Warning`, the reason, the component that says it, and its words.
pub(super) struct Said(pub(super) Word, pub(super) Word, pub(super) Word, pub(super) String);

impl About {
    /// An object that is kept as JSON.
    pub(super) fn doc(plural: Word, json: &Value) -> Self {
        Self {
            plural,
            namespace: text(json, "/metadata/namespace").into(),
            name: text(json, "/metadata/name").into(),
            uid: text(json, "/metadata/uid").to_owned(),
            field: None,
        }
    }
}

impl KubeCluster {
    /// Says something about an object.
    pub(super) fn tell(&mut self, about: About, said: Said, host: Option<Arc<str>>) {
        let Said(kind, reason, source, message) = said;
        let namespace: Arc<str> =
            if about.namespace.is_empty() { "default".into() } else { Arc::clone(&about.namespace) };
        // The name follows from what is said, so that it is found again.
        let words =
            format!("{}/{}/{}/{reason}/{message}", about.plural, about.uid, about.field.as_deref().unwrap_or(""));
        let name = format!("{}.{:016x}", about.name, super::super::dice::hash(self.seed, &words));
        let now = self.now;
        if self.store.get("events", &namespace, &name).is_some() {
            self.store.edit_event(&namespace, &name, |event| {
                event.count += 1;
                event.last = now;
            });
            return;
        }
        let name = Arc::from(name);
        let event = Event {
            namespace,
            name,
            version: 0,
            first: 0,
            about,
            reason,
            message,
            kind,
            count: 1,
            begun: now,
            last: now,
            source,
            host,
        };
        self.store.put("events", Object::Event(Box::new(event)));
    }

    /// Lets events go that are past keeping, and the oldest where there are too many.
    pub(super) fn forget_events(&mut self) {
        let now = self.now;
        let all = self.store.list("events", None).filter_map(|object| match object {
            Object::Event(event) => Some((event.last, Arc::clone(&event.namespace), Arc::clone(&event.name))),
            _ => None,
        });
        let mut all: Vec<_> = all.collect();
        all.sort();
        let over = all.len().saturating_sub(MOST);
        for (number, (last, namespace, name)) in all.into_iter().enumerate() {
            if number < over || last < after(now, -KEPT) {
                self.store.remove("events", &namespace, &name, now);
            }
        }
    }
}

impl Event {
    /// The value of a field that events can be selected by.
    pub(super) fn field(&self, path: &str) -> Option<String> {
        let kind = Type::of(self.about.plural);
        Some(match path {
            "involvedObject.kind" => kind?.kind.to_owned(),
            "involvedObject.apiVersion" => kind?.api_version(),
            "involvedObject.name" => self.about.name.to_string(),
            "involvedObject.namespace" => self.about.namespace.to_string(),
            "involvedObject.uid" => self.about.uid.clone(),
            "involvedObject.fieldPath" => self.about.field.clone().unwrap_or_default(),
            "reason" => self.reason.to_owned(),
            "type" => self.kind.to_owned(),
            "source" => self.source.to_owned(),
            _ => return None,
        })
    }

    pub(super) fn render(&self) -> Value {
        let about = Type::of(self.about.plural);
        let mut involved = json!({
            "kind": about.map(|it| it.kind), "namespace": &*self.about.namespace, "name": &*self.about.name,
            "uid": self.about.uid, "apiVersion": about.map(Type::api_version), "fieldPath": self.about.field,
        });
        if let Some(map) = involved.as_object_mut() {
            map.retain(|_, value| !value.is_null() && value != "");
        }
        json!({
            "metadata": {
                "name": &*self.name, "namespace": &*self.namespace,
                "uid": super::super::dice::uuid(super::super::dice::hash(1, &self.name), super::super::dice::hash(2, &self.name)),
                "creationTimestamp": stamp(self.begun),
            },
            "involvedObject": involved,
            "reason": self.reason,
            "message": self.message,
            "source": { "component": self.source, "host": self.host.as_deref() },
            "firstTimestamp": stamp(self.begun),
            "lastTimestamp": stamp(self.last),
            "count": self.count,
            "type": self.kind,
            "eventTime": null,
            "reportingComponent": self.source,
            "reportingInstance": self.host.as_deref().unwrap_or_default(),
        })
    }
}
