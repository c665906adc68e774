//! Objects as they are given out: with their type, their version, and what is always of the moment. And what they can be selected by.

use serde_json::{Map, Value, json};

use super::json::{map, text};
use super::store::Object;
use super::types::Type;
use super::{KubeCluster, stamp};

impl KubeCluster {
    /// An object's whole JSON.
    pub fn view(&self, of: &Type, object: &Object) -> Value {
        let inner = match object {
            Object::Doc(doc) => doc.json.clone(),
            Object::Pod(pod) => pod.render(),
            Object::Event(event) => event.render(),
        };
        let mut whole = Map::new();
        whole.insert("apiVersion".to_owned(), of.api_version().into());
        whole.insert("kind".to_owned(), of.kind.into());
        if let Value::Object(inner) = inner {
            whole.extend(inner);
        }
        let mut whole = Value::Object(whole);
        whole["metadata"]["resourceVersion"] = object.version().to_string().into();
        if of.plural == "leases" {
            // Whoever holds one renews it every few seconds.
            whole["spec"]["renewTime"] = json!(format!("{}.000000Z", stamp(self.ago(1)).trim_end_matches('Z')));
        }
        whole
    }

    /// Its metadata alone.
    pub fn metadata(&self, of: &Type, object: &Object) -> Value {
        let mut whole = self.view(of, object);
        json!({ "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": whole["metadata"].take() })
    }
}

impl Object {
    /// The value of a field that objects of its type can be selected by. `None`: they can't.
    pub fn field(&self, path: &str) -> Option<String> {
        match (path, self) {
            ("metadata.name", _) => Some(self.name().to_owned()),
            ("metadata.namespace", _) => Some(self.namespace().to_owned()),
            (path, Self::Pod(pod)) => pod.field(path),
            (path, Self::Event(event)) => event.field(path),
            ("type", Self::Doc(doc)) if map(&doc.json, "/data").is_some() => Some(text(&doc.json, "/type").to_owned()),
            ("spec.unschedulable", Self::Doc(doc)) => Some((doc.json["spec"]["unschedulable"] == true).to_string()),
            _ => None,
        }
    }

    /// Its labels.
    pub fn labels(&self) -> Map<String, Value> {
        match self {
            Self::Doc(doc) => map(&doc.json, "/metadata/labels").cloned().unwrap_or_default(),
            Self::Pod(pod) => pod.labels(),
            Self::Event(_) => Map::new(),
        }
    }
}
