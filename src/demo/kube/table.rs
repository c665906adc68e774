//! Tables: objects with the columns that the server prints, as it does for `kubectl get`. Those of custom types come from their
//! definitions.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ask::Ask;
use super::table_cells::cells;
use crate::demo::world::kube::{KubeCluster, Object, Type, list, text};

/// A column: name, type, priority (0: always shown), and the path of a custom type's.
struct Column {
    name: String,
    kind: String,
    priority: i64,
    path: Option<String>,
}

/// A table of objects.
pub fn table<'a>(
    cluster: &KubeCluster,
    of: &Type,
    objects: impl Iterator<Item = &'a Object>,
    metadata: &Value,
    ask: &Ask,
) -> Value {
    let columns = columns(cluster, of);
    let definitions: Vec<Value> = columns
        .iter()
        .map(|it| {
            let format = if it.name == "Name" { "name" } else { "" };
            json!({ "name": it.name, "type": it.kind, "format": format, "description": "", "priority": it.priority })
        })
        .collect();
    let rows: Vec<Value> = objects
        .map(|object| {
            let whole = cluster.view(of, object);
            let cells = if columns.iter().any(|it| it.path.is_some()) {
                columns
                    .iter()
                    .map(|it| {
                        it.path
                            .as_deref()
                            .map_or_else(|| object.name().into(), |path| custom(&whole, path, &it.kind, cluster.now))
                    })
                    .collect()
            } else {
                cells(of, &whole, cluster.now)
            };
            let mut row = json!({ "cells": cells });
            match ask.param("includeObject") {
                Some("None") => {}
                Some("Object") => row["object"] = whole,
                _ => row["object"] = cluster.metadata(of, object),
            }
            row
        })
        .collect();
    json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions, "rows": rows })
}

fn columns(cluster: &KubeCluster, of: &Type) -> Vec<Column> {
    let definition = cluster.store.doc("customresourcedefinitions", "", &of.resource());
    if let Some(definition) = definition {
        let own = list(definition, "/spec/versions/0/additionalPrinterColumns").iter().map(|it| Column {
            name: text(it, "/name").to_owned(),
            kind: text(it, "/type").to_owned(),
            priority: it["priority"].as_i64().unwrap_or(0),
            path: Some(text(it, "/jsonPath").to_owned()),
        });
        let name = Column { name: "Name".to_owned(), kind: "string".to_owned(), priority: 0, path: None };
        return std::iter::once(name).chain(own).collect();
    }
    let column = |name: &&str| {
        let (name, priority) = name.strip_prefix('+').map_or((*name, 0), |name| (name, 1));
        let whole = [
            "Desired",
            "Current",
            "Up-to-date",
            "Available",
            "MinPods",
            "MaxPods",
            "Replicas",
            "Data",
            "Allowed Disruptions",
        ];
        let number = whole.contains(&name) || name == "Ready" && matches!(of.plural, "replicasets" | "daemonsets");
        Column {
            name: name.to_owned(),
            kind: if number { "integer" } else { "string" }.to_owned(),
            priority,
            path: None,
        }
    };
    titles(of.plural).iter().map(column).collect()
}

/// The titles of a type's columns; those with a `+` are for wide tables.
fn titles(plural: &str) -> &'static [&'static str] {
    match plural {
        "pods" => {
            &["Name", "Ready", "Status", "Restarts", "Age", "+IP", "+Node", "+Nominated Node", "+Readiness Gates"]
        }
        "deployments" => &["Name", "Ready", "Up-to-date", "Available", "Age", "+Containers", "+Images", "+Selector"],
        "replicasets" => &["Name", "Desired", "Current", "Ready", "Age", "+Containers", "+Images", "+Selector"],
        "statefulsets" => &["Name", "Ready", "Age", "+Containers", "+Images"],
        "daemonsets" => &["Name", "Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Age"],
        "jobs" => &["Name", "Status", "Completions", "Duration", "Age"],
        "cronjobs" => &["Name", "Schedule", "Timezone", "Suspend", "Active", "Last Schedule", "Age"],
        "services" => &["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "+Selector"],
        "ingresses" => &["Name", "Class", "Hosts", "Address", "Ports", "Age"],
        "nodes" => &[
            "Name",
            "Status",
            "Roles",
            "Age",
            "Version",
            "+Internal-IP",
            "+OS-Image",
            "+Kernel-Version",
            "+Container-Runtime",
        ],
        "namespaces" => &["Name", "Status", "Age"],
        "configmaps" => &["Name", "Data", "Age"],
        "secrets" => &["Name", "Type", "Data", "Age"],
        "events" => &["Last Seen", "Type", "Reason", "Object", "Message", "+Count", "+Name"],
        "horizontalpodautoscalers" => &["Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"],
        "persistentvolumeclaims" => &["Name", "Status", "Volume", "Capacity", "Access Modes", "StorageClass", "Age"],
        "persistentvolumes" => {
            &["Name", "Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim", "StorageClass", "Age"]
        }
        "poddisruptionbudgets" => &["Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"],
        "resourcequotas" => &["Name", "Age", "Request", "Limit"],
        "endpointslices" => &["Name", "AddressType", "Ports", "Endpoints", "Age"],
        "leases" => &["Name", "Holder", "Age"],
        "controllerrevisions" => &["Name", "Controller", "Revision", "Age"],
        "storageclasses" => {
            &["Name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"]
        }
        "customresourcedefinitions" => &["Name", "Created At"],
        _ => &["Name", "Age"],
    }
}

/// A custom column: a path such as `.spec.secretName` or `.status.conditions[?(@.type=="Ready")].status`.
fn custom(object: &Value, path: &str, kind: &str, now: Timestamp) -> Value {
    let mut at = object;
    let mut rest = path.trim_start_matches('.');
    while !rest.is_empty() {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        at = &at[&rest[..end]];
        rest = &rest[end..];
        if let Some((filter, after)) = rest.strip_prefix("[?(@.").and_then(|rest| rest.split_once(")]")) {
            let (field, wanted) = filter.split_once("==").unwrap_or((filter, ""));
            let wanted = wanted.trim_matches('"');
            let items = at.as_array().map(Vec::as_slice).unwrap_or_default();
            match items.iter().find(|it| it[field] == wanted) {
                Some(item) => at = item,
                None => return Value::Null,
            }
            rest = after;
        }
        rest = rest.trim_start_matches('.');
    }
    if kind == "date" { at.as_str().map_or(Value::Null, |text| age(text, now).into()) } else { at.clone() }
}

/// How long ago an instant was, as `kubectl` writes it: `12s`, `4m35s`, `5h12m`, `3d4h`, `40d`, `2y3d`.
pub fn age(text: &str, now: Timestamp) -> String {
    text.parse::<Timestamp>().map_or_else(|_| "<unknown>".to_owned(), |at| span(now.as_second() - at.as_second()))
}

/// A span of seconds.
pub fn span(seconds: i64) -> String {
    let two = |first: i64, unit: &str, second: i64, other: &str| {
        if second == 0 { format!("{first}{unit}") } else { format!("{first}{unit}{second}{other}") }
    };
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        ..0 => "<invalid>".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_written_as_kubectl_writes_them() {
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (28_799, "7h59m"),
            (100_000, "27h"),
            (172_800, "2d"),
            (180_000, "2d2h"),
            (700_000, "8d"),
            (63_072_000, "2y"),
            (-5, "<invalid>"),
        ] {
            assert_eq!(span(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn custom_columns_follow_their_paths() {
        let object = json!({ "spec": { "a": "b" }, "status": { "conditions": [{ "type": "X", "status": "1" }, { "type": "Ready", "status": "True" }] } });
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(custom(&object, ".spec.a", "string", now), "b");
        assert_eq!(custom(&object, ".status.conditions[?(@.type==\"Ready\")].status", "string", now), "True");
        assert_eq!(custom(&object, ".status.conditions[?(@.type==\"Y\")].status", "string", now), Value::Null);
    }
}
