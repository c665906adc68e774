//! Reads: one object, lists page by page, what is selected, metrics. As JSON, as metadata alone, or as a table.

use serde_json::{Value, json};

use super::Answer;
use super::ask::Ask;
use super::table;
use crate::demo::world::kube::{KubeCluster, Object, Refusal, Type};

/// How objects are to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Whole,
    Metadata,
    Table,
}

impl Form {
    /// What the caller would rather have.
    pub fn of(ask: &Ask) -> Self {
        let first = ask.accept.split(',').next().unwrap_or_default();
        if first.contains("as=Table") {
            Self::Table
        } else if first.contains("as=PartialObjectMetadata") {
            Self::Metadata
        } else {
            Self::Whole
        }
    }
}

/// What objects are selected by.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Key, values, and whether the label has to be (or not to be) one of them; no values: whether it is there.
    labels: Vec<(String, Vec<String>, bool)>,
    fields: Vec<(String, String, bool)>,
}

impl Selection {
    pub fn of(of: &Type, ask: &Ask) -> Result<Self, Refusal> {
        let mut selection = Self::default();
        for part in split(ask.param("labelSelector").unwrap_or_default()) {
            selection.labels.push(label_term(&part));
        }
        for part in split(ask.param("fieldSelector").unwrap_or_default()) {
            let (path, value, is) = match part.split_once("!=") {
                Some((path, value)) => (path, value, false),
                None => match part.split_once("==").or_else(|| part.split_once('=')) {
                    Some((path, value)) => (path, value, true),
                    None => {
                        return Err(Refusal::new(
                            400,
                            "BadRequest",
                            format!("invalid selector: '{part}'; can't understand '{part}'"),
                        ));
                    }
                },
            };
            let known = match of.plural {
                "pods" => {
                    ["spec.nodeName", "status.phase", "status.podIP", "spec.restartPolicy", "spec.serviceAccountName"]
                        .contains(&path)
                }
                "events" => path.starts_with("involvedObject.") || ["reason", "type", "source"].contains(&path),
                "secrets" => path == "type",
                "nodes" => path == "spec.unschedulable",
                _ => false,
            };
            if !known && path != "metadata.name" && path != "metadata.namespace" {
                return Err(Refusal::new(400, "BadRequest", format!("field label not supported: {path}")));
            }
            selection.fields.push((path.to_owned(), value.to_owned(), is));
        }
        Ok(selection)
    }

    pub fn fits(&self, object: &Object) -> bool {
        self.labels.iter().all(|(key, values, is)| {
            let found = object.label(key);
            match (values.as_slice(), found) {
                ([], found) => found.is_some() == *is,
                (values, Some(found)) => values.iter().any(|value| value == found) == *is,
                (_, None) => !is,
            }
        }) && self.fields.iter().all(|(path, value, is)| (object.field(path).as_deref() == Some(value)) == *is)
    }

    /// Whether an object that fits may fit no more after a change.
    pub fn wavers(&self) -> bool {
        !self.labels.is_empty() || self.fields.iter().any(|(path, ..)| path == "status.phase")
    }
}

/// At commas that stand in no brackets.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn label_term(part: &str) -> (String, Vec<String>, bool) {
    let own = |text: &str| text.trim().to_owned();
    let values = |text: &str| text.trim().trim_matches(['(', ')']).split(',').map(own).collect();
    if let Some((key, all)) = part.split_once(" notin ") {
        return (own(key), values(all), false);
    }
    if let Some((key, all)) = part.split_once(" in ") {
        return (own(key), values(all), true);
    }
    if let Some((key, value)) = part.split_once("!=") {
        return (own(key), vec![own(value)], false);
    }
    match part.split_once("==").or_else(|| part.split_once('=')) {
        Some((key, value)) => (own(key), vec![own(value)], true),
        None => (own(part.trim_start_matches('!')), Vec::new(), !part.starts_with('!')),
    }
}

pub fn get(cluster: &KubeCluster, of: &Type, ask: &Ask) -> Result<Answer, Refusal> {
    let object =
        cluster.store.get(of.plural, &ask.namespace, &ask.name).ok_or_else(|| Refusal::not_found(of, &ask.name))?;
    Ok(Answer::Json(
        200,
        match Form::of(ask) {
            Form::Whole => cluster.view(of, object),
            Form::Metadata => cluster.metadata(of, object),
            Form::Table => table::table(cluster, of, [object].into_iter(), &json!({}), ask),
        },
    ))
}

/// Where a page ends: the list's version, and the last object that was in it.
fn token(version: u64, last: &Object) -> String {
    use base64::Engine as _;
    let text = json!([version, last.namespace(), last.name()]).to_string();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

fn read_token(token: &str) -> Option<(u64, String, String)> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).ok()?;
    serde_json::from_slice(&bytes).ok()
}

pub fn list(cluster: &KubeCluster, of: &Type, ask: &Ask, repeat_token: bool) -> Result<Answer, Refusal> {
    let selection = Selection::of(of, ask)?;
    let from = ask.param("continue").filter(|it| !it.is_empty());
    let begun = match from.map(read_token) {
        None => None,
        Some(None) => return Err(Refusal::new(400, "BadRequest", "continue key is not valid")),
        Some(Some((version, ..))) if version < cluster.store.horizon() => {
            let words = "The provided continue parameter is too old to display a consistent list result.";
            return Err(Refusal::new(410, "Expired", words));
        }
        Some(begun) => begun,
    };
    let version = begun.as_ref().map_or(cluster.store.version(), |it| it.0);
    let after = |object: &&Object| begun.as_ref().is_none_or(|it| (object.namespace(), object.name()) > (&it.1, &it.2));
    let all = cluster.store.list(of.plural, ask.space());
    let mut rest: Vec<&Object> = all.filter(after).filter(|object| selection.fits(object)).collect();
    let limit = ask.number("limit").filter(|limit| *limit > 0).map_or(usize::MAX, |limit| limit as usize);
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if rest.len() > limit {
        let left = rest.len() - limit;
        rest.truncate(limit);
        if let Some(last) = rest.last() {
            metadata["continue"] = token(version, last).into();
        }
        // What is selected is not counted.
        if ask.param("labelSelector").is_none() && ask.param("fieldSelector").is_none() {
            metadata["remainingItemCount"] = left.into();
        }
    }
    if repeat_token {
        metadata["continue"] =
            from.map_or_else(|| rest.first().map(|it| token(version, it)).unwrap_or_default(), str::to_owned).into();
    }
    let (kind, api, items): (String, String, Vec<Value>) = match Form::of(ask) {
        Form::Table => return Ok(Answer::Json(200, table::table(cluster, of, rest.into_iter(), &metadata, ask))),
        Form::Metadata => (
            "PartialObjectMetadataList".to_owned(),
            "meta.k8s.io/v1".to_owned(),
            rest.iter().map(|object| cluster.metadata(of, object)).collect(),
        ),
        Form::Whole => {
            (format!("{}List", of.kind), of.api_version(), rest.iter().map(|object| cluster.view(of, object)).collect())
        }
    };
    Ok(Answer::Json(200, json!({ "kind": kind, "apiVersion": api, "metadata": metadata, "items": items })))
}

/// `metrics.k8s.io/v1beta1`.
pub fn metrics(cluster: &KubeCluster, ask: &Ask) -> Result<Answer, Refusal> {
    let (kind, items) = match ask.plural.as_str() {
        "nodes" => ("NodeMetrics", cluster.node_metrics()),
        "pods" => {
            let of = Type::of("pods").ok_or_else(|| Refusal::new(404, "NotFound", "no pods"))?;
            let selection = Selection::of(of, ask)?;
            let all = cluster.store.list("pods", ask.space()).filter(|object| selection.fits(object));
            let pods = all.filter_map(|object| match object {
                Object::Pod(pod) => cluster.pod_metrics(pod),
                _ => None,
            });
            ("PodMetrics", pods.collect())
        }
        _ => return Err(Refusal::new(404, "NotFound", "the server could not find the requested resource")),
    };
    let whole = |mut item: Value| {
        item["kind"] = kind.into();
        item["apiVersion"] = "metrics.k8s.io/v1beta1".into();
        item
    };
    if ask.name.is_empty() {
        let list = json!({ "kind": format!("{kind}List"), "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items });
        return Ok(Answer::Json(200, list));
    }
    let found = items.into_iter().find(|it| it["metadata"]["name"] == ask.name.as_str());
    let missing = || Refusal::new(404, "NotFound", format!("{}.metrics.k8s.io \"{}\" not found", ask.plural, ask.name));
    Ok(Answer::Json(200, whole(found.ok_or_else(missing)?)))
}
