//! Refusals as the API writes them: `Status` objects.

use serde_json::{Value, json};

use super::ask::Ask;
use crate::demo::world::kube::{Refusal, Type};

/// The `Status` of a refusal.
pub fn failure(refusal: &Refusal, ask: &Ask) -> Value {
    let mut details = json!({});
    if !ask.plural.is_empty() {
        details = json!({ "kind": ask.plural });
        for (key, value) in [("name", &ask.name), ("group", &ask.group)] {
            if !value.is_empty() {
                details[key] = value.as_str().into();
            }
        }
    }
    if let Some((what, words)) = &refusal.cause {
        let (reason, field) = match refusal.code {
            422 => ("FieldValueInvalid", Some(what)),
            _ => (what.as_str(), None),
        };
        details["causes"] = json!([{ "reason": reason, "message": words, "field": field }]);
    }
    if refusal.code == 429 && refusal.cause.is_none() {
        details["retryAfterSeconds"] = json!(1);
    }
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": refusal.message,
        "reason": refusal.reason, "details": details, "code": refusal.code,
    })
}

/// What is done, and to what.
pub fn success(ask: &Ask, uid: &Value) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": { "name": ask.name, "group": ask.group, "kind": ask.plural, "uid": uid },
    })
}

pub fn throttled() -> Refusal {
    let words = "The server is currently unable to handle the request: too many requests, please try again later.";
    Refusal::new(429, "TooManyRequests", words)
}

/// What `user` may not do.
pub fn forbidden(ask: &Ask, user: &str) -> Refusal {
    if ask.plural.is_empty() {
        let words = format!("forbidden: User \"{user}\" cannot {} path \"{}\"", ask.verb, ask.path);
        return Refusal::new(403, "Forbidden", words);
    }
    let resource = if ask.sub.is_empty() { ask.plural.clone() } else { format!("{}/{}", ask.plural, ask.sub) };
    let title = Type::find(&ask.group, &ask.version, &ask.plural).map_or_else(|| ask.plural.clone(), Type::resource);
    let name = if ask.name.is_empty() { String::new() } else { format!(" \"{}\"", ask.name) };
    let place = match ask.space() {
        Some(namespace) => format!("in the namespace \"{namespace}\""),
        None => "at the cluster scope".to_owned(),
    };
    let words = format!(
        "{title}{name} is forbidden: User \"{user}\" cannot {} resource \"{resource}\" in API group \"{}\" {place}",
        ask.verb, ask.group
    );
    Refusal::new(403, "Forbidden", words)
}
