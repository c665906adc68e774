//! Masks what must not be shown in raw JSON: values of container environments, and values under keys named like secrets.

use serde_json::Value;

/// What stands in the place of a secret.
const MASK: &str = "(masked)";

/// The same JSON with its secrets masked: the `value` of every entry of a list under `environment`, every value of a map under
/// `variables`, and strings under keys that are named like a secret.
pub fn masked(mut value: Value) -> Value {
    walk(&mut value);
    value
}

fn walk(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.to_ascii_lowercase().as_str(), &mut *value) {
                    ("environment", Value::Array(entries)) => entries.iter_mut().for_each(entry),
                    ("variables", Value::Object(entries)) => entries.values_mut().for_each(hide),
                    (key, Value::String(_)) if is_secret(key) => hide(value),
                    _ => walk(value),
                }
            }
        }
        _ => {}
    }
}

/// One `{"name": …, "value": …}`.
fn entry(entry: &mut Value) {
    match entry.as_object_mut().and_then(|entry| entry.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case("value"))) {
        Some((_, value)) => hide(value),
        None => walk(entry),
    }
}

fn hide(value: &mut Value) {
    if value.as_str().is_none_or(|text| !text.is_empty()) {
        *value = Value::String(MASK.to_owned());
    }
}

/// Whether a key (in lower case) names a secret itself, not its ARN, its date, or the token of a page.
fn is_secret(key: &str) -> bool {
    const SECRET: [&str; 10] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "secretkey",
        "accesskey",
        "privatekey",
        "apikey",
        "token",
        "credential",
    ];
    const HARMLESS: [&str; 4] = ["nexttoken", "continuationtoken", "paginationtoken", "clientrequesttoken"];
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    SECRET.iter().any(|word| key.ends_with(word)) && !HARMLESS.contains(&key.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_and_the_rest_stays() {
        let shown = masked(json!({
            "containerDefinitions": [{
                "name": "web",
                "environment": [{ "name": "DB_URL", "value": "postgres://u:p@h/db" }, { "name": "EMPTY", "value": "" }],
                "secrets": [{ "name": "KEY", "valueFrom": "arn:aws:ssm:eu-central-1:111122223333:parameter/key" }],
                "logConfiguration": { "options": { "splunk-token": "abc", "awslogs-group": "/web" } },
            }],
            "MasterUserPassword": "hunter2",
            "MasterUserSecret": { "SecretArn": "arn:x", "SecretStatus": "active" },
            "AuthTokenEnabled": true,
            "nextToken": "page",
        }));
        assert_eq!(
            shown,
            json!({
                "containerDefinitions": [{
                    "name": "web",
                    "environment": [{ "name": "DB_URL", "value": "(masked)" }, { "name": "EMPTY", "value": "" }],
                    "secrets": [{ "name": "KEY", "valueFrom": "arn:aws:ssm:eu-central-1:111122223333:parameter/key" }],
                    "logConfiguration": { "options": { "splunk-token": "(masked)", "awslogs-group": "/web" } },
                }],
                "MasterUserPassword": "(masked)",
                "MasterUserSecret": { "SecretArn": "arn:x", "SecretStatus": "active" },
                "AuthTokenEnabled": true,
                "nextToken": "page",
            })
        );
    }

    #[test]
    fn maps_of_variables_are_masked() {
        let shown = masked(json!({ "Environment": { "Variables": { "A": "b", "C": 1 } } }));
        assert_eq!(shown, json!({ "Environment": { "Variables": { "A": "(masked)", "C": "(masked)" } } }));
    }
}
