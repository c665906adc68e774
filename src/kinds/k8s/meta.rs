//! What every object of Kubernetes has: owners, labels, conditions, an age; and cells and blocks made of them.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{OwnerReference, Time};
use kube::core::ObjectMeta;
use serde::{Deserialize, Deserializer};

use super::super::parts::field;
use crate::model::{KindId, ResourceId, Scope, Section, Value, text};
use crate::providers::kube::APPLIED;

/// A condition of an object, as nearly all types have them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// What it is about, such as `Ready`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub about: String,
    /// `True`, `False`, `Unknown`.
    #[serde(deserialize_with = "or_default")]
    pub status: String,
    /// Why, in one word.
    pub reason: Option<String>,
    /// Why, in words.
    pub message: Option<String>,
    /// Since when it is as it is.
    pub last_transition_time: Option<Time>,
}

impl Condition {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.status == "True"
    }

    /// The reason in one word; empty where none is told.
    pub fn why(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// The words, else the reason.
    pub fn words(&self) -> &str {
        self.message.as_deref().filter(|words| !words.is_empty()).unwrap_or_else(|| self.why())
    }
}

/// The condition about this.
pub fn condition<'a>(conditions: &'a [Condition], about: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.about == about)
}

/// What is missing or null is nothing.
pub fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// A cell of an instant.
pub fn time(at: Option<&Time>) -> Value {
    at.map_or(Value::None, |at| Value::Instant(at.0))
}

/// When an object was made.
pub fn created(meta: &ObjectMeta) -> Option<Timestamp> {
    meta.creation_timestamp.as_ref().map(|at| at.0)
}

/// The same as a cell.
pub fn age(meta: &ObjectMeta) -> Value {
    time(meta.creation_timestamp.as_ref())
}

/// Whether it is being deleted.
pub fn is_going(meta: &ObjectMeta) -> bool {
    meta.deletion_timestamp.is_some()
}

/// Who controls an object.
pub fn owner(meta: &ObjectMeta) -> Option<&OwnerReference> {
    let owners = meta.owner_references.as_deref()?;
    owners.iter().find(|owner| owner.controller == Some(true)).or(owners.first())
}

/// The uid of who controls an object.
pub fn owner_uid(meta: &ObjectMeta) -> Option<&str> {
    owner(meta).map(|owner| &*owner.uid)
}

/// Whether a resource owns an object, by kind and name: uids are not part of a resource's identity.
pub fn is_owned_by(meta: &ObjectMeta, id: &ResourceId) -> bool {
    let here = id.scope.namespace.is_none() || meta.namespace.as_deref() == id.scope.namespace.as_deref();
    let owners = meta.owner_references.as_deref().unwrap_or_default();
    here && owners.iter().any(|owner| *owner.name == *id.id && kind_of(&owner.kind) == Some(id.kind))
}

/// Kinds of the API, and the console's words for them.
const KINDS: [(&str, KindId); 17] = [
    ("Pod", "pod"),
    ("Deployment", "deployment"),
    ("ReplicaSet", "replicaset"),
    ("StatefulSet", "statefulset"),
    ("DaemonSet", "daemonset"),
    ("Job", "job"),
    ("CronJob", "cronjob"),
    ("Event", "k8s-event"),
    ("Node", "k8s-node"),
    ("Namespace", "namespace"),
    ("Service", "k8s-service"),
    ("Ingress", "ingress"),
    ("HorizontalPodAutoscaler", "hpa"),
    ("PersistentVolumeClaim", "pvc"),
    ("ConfigMap", "configmap"),
    ("Secret", "k8s-secret"),
    ("Certificate", "k8s-certificate"),
];

/// The console's word for a kind of the API, where it has a file of its own.
pub fn kind_of(kind: &str) -> Option<KindId> {
    KINDS.iter().find(|(api, _)| *api == kind).map(|(_, ours)| *ours)
}

/// The console's word for a kind of the API in lower case, as owners and events are shown.
pub fn kind_of_lower(kind: &str) -> Option<KindId> {
    KINDS.iter().find(|(api, _)| api.eq_ignore_ascii_case(kind)).map(|(_, ours)| *ours)
}

/// Where an object of a kind lives, by the scope of something that belongs to it: what lies in no namespace has none.
pub fn place_of(scope: &Scope, kind: KindId) -> Scope {
    let namespace = scope.namespace.clone().filter(|_| !matches!(kind, "k8s-node" | "namespace"));
    Scope { namespace, ..scope.clone() }
}

/// The API's word for a kind of the console.
pub fn api_kind(kind: &str) -> Option<&'static str> {
    KINDS.iter().find(|(_, ours)| *ours == kind).map(|(api, _)| *api)
}

/// The id of an object by its kind in the API, where the registry has that kind. `within` is the scope of something in the same
/// cluster.
pub fn object_id(within: &Scope, kind: &str, namespace: Option<&str>, name: &str) -> Option<Arc<ResourceId>> {
    let kind = super::super::by_id(kind_of(kind)?)?.id;
    let scope = Scope { namespace: namespace.map(Into::into), ..within.clone() };
    Some(Arc::new(ResourceId { scope: place_of(&scope, kind), kind, id: name.into() }))
}

/// Who controls an object, as `kind/name`.
pub fn owner_words(meta: &ObjectMeta) -> Option<String> {
    owner(meta).map(|owner| format!("{}/{}", owner.kind.to_ascii_lowercase(), owner.name))
}

/// Labels as `key=value`.
pub fn pairs(labels: Option<&BTreeMap<String, String>>) -> Value {
    Value::list(labels.into_iter().flatten().map(|(key, value)| format!("{key}={value}")))
}

/// A label.
pub fn label<'a>(meta: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    meta.labels.as_ref()?.get(key).map(String::as_str)
}

/// An annotation.
pub fn annotation<'a>(meta: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    meta.annotations.as_ref()?.get(key).map(String::as_str)
}

/// A block of the conditions.
pub fn conditions(conditions: &[Condition]) -> Section {
    let row = |condition: &Condition| {
        let cells = vec![
            Value::text(&condition.about),
            Value::text(&condition.status),
            Value::maybe(condition.reason.as_deref()),
            time(condition.last_transition_time.as_ref()),
            Value::maybe(condition.message.as_deref()),
        ];
        (cells, None)
    };
    let columns = vec!["condition", "status", "reason", "since", "message"];
    Section::Table { title: "Conditions", columns, rows: conditions.iter().map(row).collect() }
}

/// A block of who made and keeps an object: its labels, annotations, owner, finalisers, uid.
pub fn metadata(scope: &Scope, meta: &ObjectMeta) -> Vec<Section> {
    let pairs = |title, pairs: Option<&BTreeMap<String, String>>| {
        let telling = pairs.into_iter().flatten().filter(|(key, _)| key.as_str() != APPLIED);
        Section::Fields {
            title,
            fields: telling.map(|(key, value)| field(&text::clean(key), Value::text(value))).collect(),
        }
    };
    let owners = meta.owner_references.iter().flatten().map(|owner| {
        let id = object_id(scope, &owner.kind, meta.namespace.as_deref(), &owner.name);
        (vec![Value::text(&owner.kind), Value::text(&owner.name)], id)
    });
    let mut fields = vec![
        field("created", age(meta)),
        field("being deleted since", time(meta.deletion_timestamp.as_ref())),
        field("finalisers", meta.finalizers.as_ref().map_or(Value::None, Value::list)),
        field("uid", Value::maybe(meta.uid.as_deref())),
        field("resource version", Value::maybe(meta.resource_version.as_deref())),
    ];
    fields.retain(|(_, value)| *value != Value::None);
    vec![
        Section::Table { title: "Owners", columns: vec!["kind", "name"], rows: owners.collect() },
        pairs("Labels", meta.labels.as_ref()),
        pairs("Annotations", meta.annotations.as_ref()),
        Section::Fields { title: "Object", fields },
    ]
}

/// Texts that many rows have in common, each kept once.
#[derive(Debug, Default)]
pub struct Texts(Mutex<HashSet<Arc<str>>>);

impl Texts {
    /// The text as it is kept.
    pub fn shared(&self, text: &str) -> Arc<str> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        known.insert(Arc::clone(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meta() -> ObjectMeta {
        serde_json::from_value(json!({
            "name": "api-7d9f-x2", "namespace": "shop", "uid": "u1", "labels": { "app": "api" },
            "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}", "note": "\u{1b}[31mred" },
            "ownerReferences": [
                { "apiVersion": "v1", "kind": "Other", "name": "x", "uid": "o1" },
                { "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-7d9f", "uid": "o2", "controller": true },
            ],
        }))
        .unwrap()
    }

    #[test]
    fn the_controller_is_the_owner() {
        let meta = meta();
        assert_eq!((owner_uid(&meta), owner_words(&meta).as_deref()), (Some("o2"), Some("replicaset/api-7d9f")));
        let scope = Scope { cluster: Some("c".into()), ..Scope::new("dhbw-prod", "eu-central-1") };
        let there = |namespace: &str, kind, name: &str| {
            let scope = Scope { namespace: Some(namespace.into()), ..scope.clone() };
            is_owned_by(&meta, &ResourceId { scope, kind, id: name.into() })
        };
        assert!(there("shop", "replicaset", "api-7d9f"));
        assert!(!there("other", "replicaset", "api-7d9f") && !there("shop", "job", "api-7d9f"));
    }

    #[test]
    fn noise_is_left_out_and_text_is_cleaned() {
        let scope = Scope::new("dhbw-prod", "eu-central-1");
        let sections = metadata(&scope, &meta());
        let Section::Fields { fields, .. } = &sections[2] else { panic!("{sections:?}") };
        assert_eq!(fields, &[field("note", Value::text("red"))]);
    }

    #[test]
    fn null_is_nothing() {
        let condition: Condition =
            serde_json::from_value(json!({ "type": "Ready", "status": null, "more": 1 })).unwrap();
        assert_eq!((condition.about.as_str(), condition.holds(), condition.words()), ("Ready", false, ""));
    }

    #[test]
    fn texts_are_kept_once() {
        let texts = Texts::default();
        assert!(Arc::ptr_eq(&texts.shared("a"), &texts.shared("a")));
    }
}
