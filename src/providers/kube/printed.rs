//! Objects of any type as the API server prints them: its own columns, by the Table API (`as=Table;v=v1;g=meta.k8s.io`). What a server
//! does not print is told by name and age.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

use super::cluster::Cluster;
use super::nullable;
use crate::model::Fault;

/// A table, else plain objects.
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/// Objects in one page.
const PAGE: &str = "500";

/// A page of printed objects.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Printed {
    /// The columns, in the server's order.
    #[serde(rename = "columnDefinitions", deserialize_with = "nullable")]
    pub columns: Vec<PrintedColumn>,
    /// The objects.
    #[serde(deserialize_with = "nullable")]
    pub rows: Vec<PrintedRow>,
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

/// A printed object.
#[derive(Debug, Default, Deserialize)]
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
#[derive(Debug, Default, Deserialize)]
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

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PageMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
    #[serde(flatten)]
    own: PrintedMeta,
}

impl Printed {
    /// What the next page is asked for by.
    pub fn next(&self) -> Option<&str> {
        self.metadata.next.as_deref().filter(|next| !next.is_empty())
    }

    /// The objects that the server has not printed get rows without cells.
    fn with_items(mut self) -> Self {
        let plain = |object| PrintedRow { cells: Vec::new(), object };
        self.rows.extend(self.items.drain(..).map(plain));
        self
    }
}

impl Cluster {
    /// A page of the objects that lie at a path; the first without a token.
    pub async fn printed(&self, path: &str, token: Option<&str>) -> Result<Printed, Fault> {
        Ok(self.read_as::<Printed>(&format!("{path}?{}", query(token)), TABLE).await?.with_items())
    }

    /// The one object that lies at a path, as the server prints it.
    pub async fn printed_one(&self, path: &str) -> Result<Printed, Fault> {
        let mut one: Printed = self.read_as(&format!("{path}?includeObject=Metadata"), TABLE).await?;
        if one.rows.is_empty() {
            let object = PrintedObject { metadata: one.metadata.own.clone() };
            one.rows.push(PrintedRow { cells: Vec::new(), object });
        }
        Ok(one)
    }
}

fn query(token: Option<&str>) -> String {
    let pairs = [("limit", PAGE), ("includeObject", "Metadata")];
    let next = token.map(|token| ("continue", token));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs.into_iter().chain(next)).finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_server_that_prints_nothing_still_tells_names() {
        let list: Printed = serde_json::from_value(json!({
            "kind": "WidgetList", "metadata": {"resourceVersion": "5", "continue": ""},
            "items": [{"metadata": {"name": "a", "namespace": "web", "creationTimestamp": "2026-03-02T09:00:00Z"}, "spec": {}}],
        }))
        .unwrap();
        let list = list.with_items();
        assert_eq!(list.next(), None);
        assert_eq!((list.rows.len(), list.rows[0].object.metadata.name.as_str()), (1, "a"));
        assert!(list.columns.is_empty());
    }

    #[test]
    fn a_page_names_the_next() {
        let page: Printed = serde_json::from_value(json!({
            "kind": "Table", "metadata": {"continue": "abc", "remainingItemCount": 3},
            "columnDefinitions": [{"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0}],
            "rows": [{"cells": ["a"], "object": {"kind": "PartialObjectMetadata", "metadata": {"name": "a", "creationTimestamp": null}}}],
        }))
        .unwrap();
        assert_eq!(page.next(), Some("abc"));
        assert_eq!(page.columns[0].format, "name");
    }
}
