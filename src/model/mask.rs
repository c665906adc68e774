//! Masks what must neither be shown nor written down: values of container environments, and values under keys named like secrets.

use serde_json::{Map, Value};

/// What stands in the place of a secret.
pub const MASK: &str = "(masked)";

/// The same JSON with its secrets masked: the `value` of every entry of a list under `environment` or `env` and of whatever has a `name`
/// like a secret's, every value of a map under `variables`, and what stands under keys that are named like a secret.
pub fn masked(mut value: Value) -> Value {
    walk(&mut value);
    value
}

fn walk(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::Object(fields) => {
            if names_a_secret(fields) {
                hide_value(fields);
            }
            for (key, value) in fields {
                match (key.to_ascii_lowercase().as_str(), &mut *value) {
                    ("environment" | "env", Value::Array(entries)) => entries.iter_mut().for_each(entry),
                    ("variables", Value::Object(entries)) => entries.values_mut().for_each(hide),
                    (_, Value::Array(items)) if is_secret(key) => items.iter_mut().for_each(hide_plain),
                    (_, Value::String(_) | Value::Number(_)) if is_secret(key) => hide(value),
                    _ => walk(value),
                }
            }
        }
        _ => {}
    }
}

/// One `{"name": …, "value": …}`.
fn entry(entry: &mut Value) {
    if !entry.as_object_mut().is_some_and(hide_value) {
        walk(entry);
    }
}

/// Whether it is a pair of name and value, and the name is a secret's.
fn names_a_secret(fields: &Map<String, Value>) -> bool {
    let name = fields.iter().find(|(key, _)| key.to_ascii_lowercase().ends_with("name"));
    name.and_then(|(_, name)| name.as_str()).is_some_and(is_secret)
}

fn hide_value(fields: &mut Map<String, Value>) -> bool {
    let value = fields.iter_mut().find(|(key, _)| key.to_ascii_lowercase().ends_with("value"));
    value.map(|(_, value)| hide(value)).is_some()
}

fn hide_plain(value: &mut Value) {
    if value.is_string() || value.is_number() { hide(value) } else { walk(value) }
}

fn hide(value: &mut Value) {
    if value.as_str().is_none_or(|text| !text.is_empty()) {
        *value = Value::String(MASK.to_owned());
    }
}

/// Whether a key names a secret itself, not its ARN, its date, or the token of a page.
pub fn is_secret(key: &str) -> bool {
    const SECRET: [&str; 14] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "secretkey",
        "accesskey",
        "privatekey",
        "private",
        "keymaterial",
        "apikey",
        "token",
        "credential",
        "credentials",
        "authorization",
    ];
    const HARMLESS: [&str; 4] = ["nexttoken", "continuationtoken", "paginationtoken", "clientrequesttoken"];
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
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

    #[test]
    fn a_value_beside_a_secrets_name_is_masked() {
        let shown = masked(json!({
            "Parameters": [
                { "ParameterName": "db_password", "ParameterValue": "x" },
                { "ParameterName": "work_mem", "ParameterValue": "4" },
            ],
            "tokens": ["kept"], "Token": ["a", 1], "private": "eyJ", "TokenCode": 7, "AuthToken": 7,
        }));
        assert_eq!(
            shown,
            json!({
                "Parameters": [
                    { "ParameterName": "db_password", "ParameterValue": "(masked)" },
                    { "ParameterName": "work_mem", "ParameterValue": "4" },
                ],
                "tokens": ["kept"], "Token": ["(masked)", "(masked)"], "private": "(masked)", "TokenCode": 7,
                "AuthToken": "(masked)",
            })
        );
    }
}
