//! An object as the API server has it, and how its fields are asked for. What is read of it is what a plan stands on.

use serde_json::Value as Json;

use super::Labels;

/// An object.
#[derive(Clone, Debug)]
pub(in crate::actions) struct Object(pub(in crate::actions) Json);

/// Who owns an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::actions) struct Owner {
    pub(in crate::actions) kind: String,
    pub(in crate::actions) name: String,
    pub(in crate::actions) controls: bool,
}

impl Object {
    pub(in crate::actions) fn at(&self, path: &str) -> Option<&Json> {
        self.0.pointer(path).filter(|value| !value.is_null())
    }

    pub(in crate::actions) fn text(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_str()
    }

    pub(in crate::actions) fn int(&self, path: &str) -> Option<i64> {
        self.at(path)?.as_i64()
    }

    pub(in crate::actions) fn flag(&self, path: &str) -> bool {
        self.at(path).and_then(Json::as_bool).unwrap_or_default()
    }

    pub(in crate::actions) fn name(&self) -> &str {
        self.text("/metadata/name").unwrap_or_default()
    }

    pub(in crate::actions) fn uid(&self) -> &str {
        self.text("/metadata/uid").unwrap_or_default()
    }

    /// What is in a list of it.
    pub(in crate::actions) fn list(&self, path: &str) -> &[Json] {
        self.at(path).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The objects of a list of the API.
    pub(in crate::actions) fn items(self) -> Vec<Self> {
        match self.0 {
            Json::Object(mut list) => match list.remove("items") {
                Some(Json::Array(items)) => items.into_iter().map(Self).collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Texts by name, such as labels.
    pub(in crate::actions) fn texts(&self, path: &str) -> Labels {
        let map = self.at(path).and_then(Json::as_object);
        let texts =
            map.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        texts.collect()
    }

    pub(in crate::actions) fn owners(&self) -> Vec<Owner> {
        let text = |owner: &Json, name: &str| owner.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let owner = |owner: &Json| Owner {
            kind: text(owner, "kind"),
            name: text(owner, "name"),
            controls: owner.get("controller").and_then(Json::as_bool).unwrap_or_default(),
        };
        self.list("/metadata/ownerReferences").iter().map(owner).collect()
    }

    /// One of its conditions: its status, and the reason and message that go with it.
    pub(in crate::actions) fn condition(&self, name: &str) -> Option<(&str, &str, &str)> {
        let conditions = self.list("/status/conditions");
        let found = conditions.iter().find(|it| it.get("type").and_then(Json::as_str) == Some(name))?;
        let text = |name: &str| found.get(name).and_then(Json::as_str).unwrap_or_default();
        Some((text("status"), text("reason"), text("message")))
    }

    /// The images of a pod's template.
    pub(in crate::actions) fn images(&self, spec: &str) -> Vec<&str> {
        let containers = self.list(&format!("{spec}/containers"));
        containers.iter().filter_map(|container| container.get("image")?.as_str()).collect()
    }
}
