//! What is different between two templates of pods, line by line, for an operator who chooses between them. Values that look like
//! secrets are masked; that they differ is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::model::text;
use crate::providers::aws::raw;

/// Lines shown; nobody reads more of them in a dialog.
const MOST: usize = 40;

/// Values by their places, such as `containers.app.image`.
type Flat = BTreeMap<String, String>;

/// What would be different with `to` in the place of `from`.
pub(in crate::actions) fn difference(from: &Json, to: &Json) -> Vec<Arc<str>> {
    let shown = |template: &Json| flat(&raw::masked(template.clone()));
    let (before, after, shown_before, shown_after) = (flat(from), flat(to), shown(from), shown(to));
    let places: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut lines: Vec<Arc<str>> = places
        .into_iter()
        .filter(|place| before.get(*place) != after.get(*place))
        .map(|place| line(place, shown_before.get(place), shown_after.get(place)))
        .collect();
    if lines.len() > MOST {
        let more = lines.len() - MOST;
        lines.truncate(MOST);
        lines.push(format!("and {more} more").into());
    }
    lines
}

fn line(place: &str, from: Option<&String>, to: Option<&String>) -> Arc<str> {
    let place = place.strip_prefix("spec.").unwrap_or(place);
    let line = match (from, to) {
        (Some(from), Some(to)) if from == to => format!("{place}: another value, {to}"),
        (Some(from), Some(to)) => format!("{place}: {from} → {to}"),
        (None, Some(to)) => format!("{place}: added, {to}"),
        (Some(from), None) => format!("{place}: gone, was {from}"),
        (None, None) => format!("{place}: different"),
    };
    text::clean(&line).into()
}

fn flat(value: &Json) -> Flat {
    let mut flat = Flat::new();
    flatten(&mut flat, String::new(), value);
    flat
}

fn flatten(flat: &mut Flat, place: String, value: &Json) {
    let below = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    match value {
        Json::Null => {}
        Json::Object(map) => map.iter().for_each(|(name, value)| flatten(flat, below(name), value)),
        // What has a name is known by it, wherever in the list it stands.
        Json::Array(items) => items.iter().enumerate().for_each(|(at, item)| {
            let name = item.get("name").and_then(Json::as_str).map_or_else(|| at.to_string(), str::to_owned);
            flatten(flat, below(&name), item);
        }),
        Json::String(text) => drop(flat.insert(place, text.clone())),
        other => drop(flat.insert(place, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn templates_are_compared_by_name_and_secrets_are_masked() {
        let template = |image: &str, password: &str, extra: bool| {
            let mut containers = vec![json!({
                "name": "app",
                "image": image,
                "env": [{ "name": "DB_PASSWORD", "value": password }, { "name": "MODE", "value": "a" }],
            })];
            if extra {
                containers.insert(0, json!({ "name": "proxy", "image": "envoy:1" }));
            }
            json!({ "spec": { "containers": containers } })
        };
        assert_eq!(difference(&template("a:1", "x", true), &template("a:1", "x", true)), [] as [Arc<str>; 0]);
        let lines = difference(&template("a:1", "hunter2", false), &template("a:2", "hunter3", true));
        let text = lines.join("\n");
        assert!(text.contains("containers.app.image: a:1 → a:2"), "{text}");
        assert!(text.contains("containers.proxy.image: added, envoy:1"), "{text}");
        assert!(text.contains("containers.app.env.DB_PASSWORD.value: another value"), "{text}");
        assert!(!text.contains("hunter") && !text.contains("MODE"), "{text}");
    }
}
