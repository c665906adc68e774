//! Who did what, out of a CloudTrail record.

use serde_json::{Map, Value};

use crate::kinds::parts;

/// How many of a request's fields are told.
const FIELDS: usize = 6;
/// How many characters of a value are told.
const CHARACTERS: usize = 80;

/// Who did it: a user's name or a role session's, and the service that acted for them.
pub fn who(record: &Value, username: Option<&str>) -> String {
    let identity = &record["userIdentity"];
    let text = |key: &str| identity[key].as_str().filter(|text| !text.is_empty());
    let session = || text("arn").and_then(|arn| arn.rsplit('/').next());
    let by = text("invokedBy").map(|service| service.trim_end_matches(".amazonaws.com"));
    let name = match identity["type"].as_str() {
        Some("Root") => Some("root"),
        Some("AssumedRole" | "FederatedUser") => session(),
        Some("AWSService") => return by.or(username).unwrap_or_default().to_owned(),
        _ => text("userName"),
    };
    let name = name.or(username).or_else(session).or_else(|| text("accountId")).unwrap_or_default();
    match by {
        Some(service) if !service.eq_ignore_ascii_case(name) && service != "AWS Internal" => {
            format!("{name} via {service}")
        }
        _ => name.to_owned(),
    }
}

/// What was done: the operation, and the fields it asked for where they say what changed; and why it was refused.
pub fn what(event_name: &str, record: &Value) -> String {
    let request = record["requestParameters"].as_object();
    let details = match event_name {
        "RegisterTaskDefinition" => images(record),
        name if tells_fields(name) => request.map(fields).unwrap_or_default(),
        _ => Vec::new(),
    };
    let mut what = event_name.to_owned();
    if !details.is_empty() {
        what = format!("{what}: {}", details.join(", "));
    }
    match record["errorCode"].as_str() {
        Some(code) => format!("{what} ({code})"),
        None => what,
    }
}

/// Operations whose request is the change itself.
fn tells_fields(event_name: &str) -> bool {
    ["Update", "Modify", "Set", "Put", "Scale", "Resize", "Restore", "CreateService"]
        .iter()
        .any(|verb| event_name.starts_with(verb))
}

/// The revision that was registered, and its images.
fn images(record: &Value) -> Vec<String> {
    let made = &record["responseElements"]["taskDefinition"];
    let asked = &record["requestParameters"];
    let family = made["family"].as_str().or(asked["family"].as_str()).unwrap_or_default();
    let revision = made["revision"].as_i64().map(|revision| format!("{family}:{revision}"));
    let containers = asked["containerDefinitions"].as_array().or(made["containerDefinitions"].as_array());
    let images = containers.into_iter().flatten().filter_map(|container| container["image"].as_str());
    revision.into_iter().chain(images.map(|image| last_part(image).to_owned())).collect()
}

/// The request's fields as `words → value`, without those that only say of what; one level of nesting.
fn fields(request: &Map<String, Value>) -> Vec<String> {
    let mut told = Vec::new();
    for (key, value) in request {
        match value {
            Value::Object(inner) => told.extend(inner.iter().filter_map(|(key, value)| field(key, value))),
            value => told.extend(field(key, value)),
        }
    }
    if told.len() > FIELDS {
        let more = told.len() - FIELDS;
        told.truncate(FIELDS);
        told.push(format!("{more} more"));
    }
    told
}

fn field(key: &str, value: &Value) -> Option<String> {
    if is_identity(key) {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    let told = match value {
        _ if lower.contains("password") || lower.contains("secret") || lower.contains("token") => "(hidden)".to_owned(),
        Value::String(text) => shortened(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            texts.filter(|texts| !texts.is_empty()).map(|texts| shortened(&texts.join(" ")))?
        }
        Value::Null | Value::Object(_) => return None,
    };
    Some(format!("{} → {told}", words(key)))
}

/// Fields that name what is changed, not the change. In a service's update the task definition is the change.
fn is_identity(key: &str) -> bool {
    const NAMES: [&str; 15] = [
        "cluster",
        "service",
        "serviceName",
        "name",
        "clusterName",
        "nodegroupName",
        "autoScalingGroupName",
        "dBInstanceIdentifier",
        "dBClusterIdentifier",
        "alarmName",
        "logGroupName",
        "functionName",
        "repositoryName",
        "clientToken",
        "clientRequestToken",
    ];
    NAMES.contains(&key) || key.ends_with("Arn")
}

/// The name in an ARN, and not too much of anything else.
fn shortened(text: &str) -> String {
    let text = if text.starts_with("arn:") { last_part(text) } else { text };
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn last_part(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

/// `desiredCount` as `desired count`, `dBInstanceClass` as `DB instance class`.
fn words(key: &str) -> String {
    match key.strip_prefix("dB") {
        Some(rest) => format!("DB {}", parts::words(rest)),
        None => parts::words(key),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"type": "IAMUser", "userName": "tomasz", "arn": "arn:aws:iam::1:user/tomasz"}), "tomasz")]
    #[case(json!({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/Ops/jane@example.com"}), "jane@example.com")]
    #[case(
        json!({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/Ops/jane", "invokedBy": "cloudformation.amazonaws.com"}),
        "jane via cloudformation"
    )]
    #[case(
        json!({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/R/AutoScaling", "invokedBy": "autoscaling.amazonaws.com"}),
        "AutoScaling"
    )]
    #[case(json!({"type": "AWSService", "invokedBy": "ecs.amazonaws.com"}), "ecs")]
    #[case(json!({"type": "Root", "accountId": "111122223333"}), "root")]
    #[case(json!({"type": "AWSAccount", "accountId": "111122223333"}), "111122223333")]
    #[case(Value::Null, "")]
    fn whoever_it_was(#[case] identity: Value, #[case] expected: &str) {
        assert_eq!(who(&json!({ "userIdentity": identity }), None), expected);
    }

    #[test]
    fn the_index_knows_names_that_the_record_does_not() {
        assert_eq!(who(&Value::Null, Some("jane")), "jane");
    }

    #[rstest]
    #[case(
        "UpdateService",
        json!({"cluster": "main", "service": "web", "desiredCount": 4, "taskDefinition": "arn:aws:ecs:r:1:task-definition/web:8", "forceNewDeployment": true}),
        "UpdateService: desired count → 4, task definition → web:8, force new deployment → on"
    )]
    #[case(
        "ModifyDBInstance",
        json!({"dBInstanceIdentifier": "db", "dBInstanceClass": "db.r5.xlarge", "masterUserPassword": "****", "applyImmediately": false}),
        "ModifyDBInstance: DB instance class → db.r5.xlarge, master user password → (hidden), apply immediately → off"
    )]
    #[case(
        "UpdateNodegroupConfig",
        json!({"name": "c", "nodegroupName": "g", "scalingConfig": {"minSize": 1, "desiredSize": 4}}),
        "UpdateNodegroupConfig: min size → 1, desired size → 4"
    )]
    #[case("RebootDBInstance", json!({"dBInstanceIdentifier": "db"}), "RebootDBInstance")]
    #[case("ConsoleLogin", Value::Null, "ConsoleLogin")]
    #[case(
        "PutThing", json!({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8}),
        "PutThing: a → 1, b → 2, c → 3, d → 4, e → 5, f → 6, 2 more"
    )]
    fn whatever_it_was(#[case] name: &str, #[case] request: Value, #[case] expected: &str) {
        assert_eq!(what(name, &json!({ "requestParameters": request })), expected);
    }

    #[test]
    fn a_registered_revision_tells_its_images() {
        let record = json!({
            "requestParameters": {"family": "web", "containerDefinitions": [{"image": "1.dkr.ecr.r.amazonaws.com/web:1.4"}]},
            "responseElements": {"taskDefinition": {"family": "web", "revision": 8}},
        });
        assert_eq!(what("RegisterTaskDefinition", &record), "RegisterTaskDefinition: web:8, web:1.4");
    }

    #[test]
    fn a_refusal_is_told() {
        let record = json!({"errorCode": "AccessDenied", "requestParameters": null});
        assert_eq!(what("CreateUser", &record), "CreateUser (AccessDenied)");
    }
}
