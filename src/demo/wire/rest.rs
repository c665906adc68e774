//! REST-JSON, which EKS speaks, and SSO where people sign in. Method and path say the operation.

use serde_json::{Map, Value};

use super::input::Input;
use super::{json, query};

/// The operation and the parameters out of path, query string and body.
pub fn read(method: &str, uri: &str, body: &[u8]) -> (String, Option<Input>) {
    let after_host = uri.split_once("://").map_or(uri, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let (path, parameters) = after_host.split_once('?').unwrap_or((after_host, ""));
    let segments: Vec<String> =
        path.split('/').filter(|part| !part.is_empty()).map(|part| query::decode(part.as_bytes())).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (operation, names): (&str, Vec<(&str, &str)>) = match (method, segments.as_slice()) {
        ("GET", ["clusters"]) => ("ListClusters", vec![]),
        ("GET", ["clusters", name]) => ("DescribeCluster", vec![("name", name)]),
        ("GET", ["clusters", name, "node-groups"]) => ("ListNodegroups", vec![("name", name)]),
        ("GET", ["clusters", name, "node-groups", group]) => {
            ("DescribeNodegroup", vec![("name", name), ("nodegroup", group)])
        }
        ("POST", ["client", "register"]) => ("RegisterClient", vec![]),
        ("POST", ["device_authorization"]) => ("StartDeviceAuthorization", vec![]),
        ("POST", ["token"]) => ("CreateToken", vec![]),
        _ => return (format!("{method} {path}"), Some(Input(Value::Object(Map::new())))),
    };
    let Some(mut input) = json::read(body) else { return (operation.to_owned(), None) };
    if let (Some(fields), Some(extra)) = (input.0.as_object_mut(), query::read(parameters.as_bytes()).0.as_object()) {
        fields.extend(names.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))));
        fields.extend(extra.clone());
    }
    (operation.to_owned(), Some(input))
}
