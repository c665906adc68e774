//! S3's requests and answers: method, host, path, query string and headers say what is asked, and an answer is an object with headers
//! or a tree in XML. It must not know what is in a bucket.

use std::fmt::Write as _;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::input::Input;
use super::node::Node;
use super::query;

/// What S3 answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object {
    /// Headers besides those that every answer has.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The operation and the parameters, by the API's names where they are headers or in the path, else as the query string has them.
pub fn read(request: &HttpRequest) -> (String, Option<Input>) {
    let after_scheme = request.uri().split_once("://").map_or(request.uri(), |(_, rest)| rest);
    let (host, rest) = after_scheme.split_at(after_scheme.find(['/', '?']).unwrap_or(after_scheme.len()));
    let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let path = query::decode(path.trim_start_matches('/').replace('+', "%2B").as_bytes());
    let (bucket, key) = match host.split_once(".s3") {
        Some((bucket, _)) => (bucket, path.as_str()),
        None => path.split_once('/').unwrap_or((&path, "")),
    };
    let parameters = query::read(parameters.as_bytes());
    let mut fields = parameters.0.as_object().cloned().unwrap_or_default();
    let operation = operation(request, key, &fields);
    let mut put = |name: &str, value: &str| drop(fields.insert(name.to_owned(), Value::from(value)));
    put("Bucket", bucket);
    put("Key", key);
    for (header, name) in HEADERS {
        if let Some(value) = request.headers().get(header) {
            put(name, value);
        }
    }
    let Ok(body) = std::str::from_utf8(request.body().bytes().unwrap_or_default()) else { return (operation, None) };
    if request.method() == "PUT" {
        put("Body", body);
    }
    (operation, Some(Input(Value::Object(fields))))
}

const HEADERS: [(&str, &str); 5] = [
    ("if-match", "IfMatch"),
    ("if-none-match", "IfNoneMatch"),
    ("content-type", "ContentType"),
    ("x-amz-copy-source", "CopySource"),
    ("x-amz-copy-source-if-match", "CopySourceIfMatch"),
];

fn operation(request: &HttpRequest, key: &str, parameters: &Map<String, Value>) -> String {
    let copies = request.headers().get("x-amz-copy-source").is_some();
    let operation = match (request.method(), key.is_empty()) {
        ("GET", true) if parameters.contains_key("versions") => "ListObjectVersions",
        ("GET", true) if parameters.contains_key("list-type") => "ListObjectsV2",
        ("GET", false) => "GetObject",
        ("HEAD", false) => "HeadObject",
        ("PUT", false) if copies => "CopyObject",
        ("PUT", false) => "PutObject",
        ("DELETE", false) => "DeleteObject",
        (method, _) => return format!("{method} {key}"),
    };
    operation.to_owned()
}

impl Object {
    /// A tree under this root.
    pub fn tree(root: &str, node: &Node) -> Self {
        let mut out = format!("<{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        query::write_node(&mut out, node);
        let _ = write!(out, "</{root}>");
        Self { headers: Vec::new(), body: out.into_bytes() }
    }
}

/// The body of an error; an answer to `HeadObject` has none.
pub fn write_error(operation: &str, request_id: &str, failure: &Failure) -> Vec<u8> {
    if operation == "HeadObject" {
        return Vec::new();
    }
    let mut out = "<Error><Code>".to_owned();
    query::escape(&mut out, &failure.code);
    out.push_str("</Code><Message>");
    query::escape(&mut out, &failure.message);
    let _ = write!(out, "</Message><RequestId>{request_id}</RequestId></Error>");
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn asked(method: &str, uri: &str, headers: &[(&'static str, &'static str)]) -> (String, Value) {
        let mut request = HttpRequest::new(SdkBody::from("x"));
        request.set_uri(uri).unwrap();
        request.set_method(method).unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, *value);
        }
        let (operation, input) = read(&request);
        (operation, input.unwrap().0)
    }

    #[rstest]
    #[case("https://b.s3.eu-west-1.amazonaws.com/env%3A/blue/k%20+?x-id=GetObject")]
    #[case("https://s3.eu-west-1.amazonaws.com/b/env%3A/blue/k%20+?x-id=GetObject")]
    fn bucket_and_key_are_in_the_host_or_the_path(#[case] uri: &str) {
        let (operation, input) = asked("GET", uri, &[]);
        assert_eq!(operation, "GetObject");
        assert_eq!(input, json!({ "x-id": "GetObject", "Bucket": "b", "Key": "env:/blue/k +" }));
    }

    #[rstest]
    #[case("GET", "?list-type=2&prefix=a", "ListObjectsV2")]
    #[case("GET", "?versions&prefix=a", "ListObjectVersions")]
    #[case("HEAD", "k", "HeadObject")]
    #[case("PUT", "k", "PutObject")]
    #[case("DELETE", "k", "DeleteObject")]
    #[case("POST", "k", "POST k")]
    fn operations_are_told_apart(#[case] method: &str, #[case] rest: &str, #[case] operation: &str) {
        assert_eq!(asked(method, &format!("https://b.s3.eu-west-1.amazonaws.com/{rest}"), &[]).0, operation);
    }

    #[test]
    fn conditions_are_headers() {
        let headers = [("if-none-match", "*"), ("x-amz-copy-source", "b/k")];
        let (operation, input) = asked("PUT", "https://b.s3.eu-west-1.amazonaws.com/c", &headers);
        assert_eq!(operation, "CopyObject");
        assert_eq!(input, json!({ "Bucket": "b", "Key": "c", "IfNoneMatch": "*", "CopySource": "b/k", "Body": "x" }));
    }
}
