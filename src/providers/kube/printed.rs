//! Objects of any type as the API server prints them: its own columns, by the Table API (`as=Table;v=v1;g=meta.k8s.io`). What a server
//! does not print is told by name and age.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

use super::cluster::Cluster;
use super::nullable;
use crate::model::Fault;

/// A table, else plain objects.
pub(super) const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/// A page of printed objects, or what has changed of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Page {
    /// The columns, in the server's order; of changes the first alone has them.
    #[serde(rename = "columnDefinitions", deserialize_with = "nullable")]
    pub(super) columns: Vec<PrintedColumn>,
    /// The objects.
    #[serde(deserialize_with = "nullable")]
    rows: Vec<PrintedRow>,
    /// Objects of a server that prints none of this type.
    #[serde(deserialize_with = "nullable")]
    items: Vec<PrintedObject>,
    /// Of a single object of such a server its own, else what there is to know of the page.
    #[serde(deserialize_with = "nullable")]
    metadata: PageMeta,
}

/// A printed column.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PrintedColumn {
    /// Its title.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// `string`, `integer`, `number`, `boolean`, `date`.
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub sort: String,
    /// `name` for the column of names.
    #[serde(deserialize_with = "nullable")]
    pub format: String,
    /// Above 0: only for those who have the room.
    #[serde(deserialize_with = "nullable")]
    pub priority: i32,
}

/// One object as the server prints it.
#[derive(Clone, Debug)]
pub struct Printed {
    /// The columns, in the server's order.
    pub columns: Vec<PrintedColumn>,
    /// The object.
    pub row: PrintedRow,
}

/// A printed object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PrintedRow {
    /// As many as there are columns.
    #[serde(deserialize_with = "nullable")]
    pub cells: Vec<Json>,
    /// Which object it is.
    #[serde(deserialize_with = "nullable")]
    pub object: PrintedObject,
}

/// Which object a row is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PrintedObject {
    /// Its name, namespace and times; nothing of its labels and annotations.
    #[serde(deserialize_with = "nullable")]
    pub metadata: PrintedMeta,
}

/// Name, namespace and times of an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PrintedMeta {
    /// Its name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Its namespace, where it lives in one.
    pub namespace: Option<String>,
    /// When it was made.
    pub creation_timestamp: Option<Timestamp>,
    /// Since when it is being deleted.
    pub deletion_timestamp: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PageMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
    resource_version: Option<String>,
    #[serde(flatten)]
    own: PrintedMeta,
}

impl Page {
    /// What the next page is asked for by.
    pub(super) fn next(&self) -> Option<&str> {
        self.metadata.next.as_deref().filter(|next| !next.is_empty())
    }

    /// The version that changes follow on.
    pub(super) fn version(&self) -> Option<&str> {
        self.metadata.resource_version.as_deref()
    }

    /// The objects. One that the server has not printed, in a list or by itself, gets a row without cells.
    pub(super) fn into_rows(self) -> impl Iterator<Item = PrintedRow> {
        let own = PrintedObject { metadata: self.metadata.own };
        let alone = (!own.metadata.name.is_empty()).then_some(own);
        let plain = |object| PrintedRow { cells: Vec::new(), object };
        self.rows.into_iter().chain(self.items.into_iter().chain(alone).map(plain))
    }
}

impl Cluster {
    /// The one object that lies at a path, as the server prints it.
    pub async fn printed(&self, path: &str) -> Result<Printed, Fault> {
        let page: Page = self.read_as(&format!("{path}?includeObject=Metadata"), TABLE).await?;
        let columns = page.columns.clone();
        Ok(Printed { columns, row: page.into_rows().next().unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_server_that_prints_nothing_still_tells_names() {
        let list: Page = serde_json::from_value(json!({
            "kind": "WidgetList", "metadata": {"resourceVersion": "5", "continue": ""},
            "items": [{"metadata": {"name": "a", "namespace": "web", "creationTimestamp": "2026-03-02T09:00:00Z"}, "spec": {}}],
        }))
        .unwrap();
        assert_eq!((list.next(), list.version()), (None, Some("5")));
        assert!(list.columns.is_empty());
        let rows: Vec<_> = list.into_rows().collect();
        assert_eq!((rows.len(), rows[0].object.metadata.name.as_str()), (1, "a"));
        let one: Page = serde_json::from_value(json!({ "kind": "Widget", "metadata": { "name": "b" } })).unwrap();
        assert_eq!(one.into_rows().next().unwrap().object.metadata.name, "b");
    }

    #[test]
    fn a_page_names_the_next() {
        let page: Page = serde_json::from_value(json!({
            "kind": "Table", "metadata": {"continue": "abc", "remainingItemCount": 3},
            "columnDefinitions": [{"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0}],
            "rows": [{"cells": ["a"], "object": {"kind": "PartialObjectMetadata", "metadata": {"name": "a", "creationTimestamp": null}}}],
        }))
        .unwrap();
        assert_eq!(page.next(), Some("abc"));
        assert_eq!(page.columns[0].format, "name");
    }
}
