//! How a permitted change leaves: the claim of its permit rides along with the request, and what is really in the request is
//! compared, on the wire, with what was permitted. Knows the services' protocols, nothing of what a change is for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::raw::cbor;
use crate::guard::{Claim, Permit};

/// Puts the claim of a permit on the request of one call: `call.customize().interceptor(Ride::with(permit)).send()`.
#[derive(Debug)]
pub struct Ride(Claim);

impl Ride {
    /// Uses the permit up.
    pub fn with(permit: Permit) -> Self {
        Self(permit.claim())
    }
}

#[dyn_dispatch_hint]
impl Intercept for Ride {
    fn name(&self) -> &'static str {
        "Ride"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().add_extension(self.0.clone());
        Ok(())
    }
}

/// Says what is different between a request and what its claim permits; nothing when it is the same.
pub(super) fn difference(request: &HttpRequest, claim: &Claim) -> Option<String> {
    let Some(sent) = parameters(request) else { return Some("the request can't be read".to_owned()) };
    let permitted = flat(claim.input());
    let names: BTreeSet<_> = sent.keys().chain(permitted.keys()).collect();
    names.into_iter().find(|name| sent.get(*name) != permitted.get(*name)).map(|name| format!("`{name}` is another"))
}

/// Parameters by their paths, such as `Tags.1.Key`.
type Flat = BTreeMap<String, String>;

/// What is in a request, by the API's own parameter names. `None`: it can't be read.
fn parameters(request: &HttpRequest) -> Option<Flat> {
    let body = request.body().bytes()?;
    let sort = request.headers().get("content-type").unwrap_or_default();
    if sort.starts_with("application/x-amz-json") {
        Some(flat(serde_json::from_slice::<Value>(body).ok()?.as_object()?))
    } else if sort.starts_with("application/x-www-form-urlencoded") {
        Some(form(std::str::from_utf8(body).ok()?))
    } else if sort.starts_with("application/cbor") {
        Some(flat(cbor::to_json(body).ok()?.as_object()?))
    } else {
        object(request, body)
    }
}

fn flat(map: &Map<String, Value>) -> Flat {
    let mut flat = Flat::new();
    map.iter().for_each(|(name, value)| flatten(&mut flat, name.clone(), value));
    flat
}

fn flatten(flat: &mut Flat, path: String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(map) => map.iter().for_each(|(name, value)| flatten(flat, format!("{path}.{name}"), value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| flatten(flat, format!("{path}.{}", at + 1), item));
        }
        Value::String(text) => drop(flat.insert(path, text.clone())),
        other => drop(flat.insert(path, other.to_string())),
    }
}

/// The parameters of the query protocol. The word between a list and its number (`Tags.member.1`) says nothing.
fn form(body: &str) -> Flat {
    let pairs = url_pairs(body).filter(|(name, _)| name != "Action" && name != "Version");
    pairs
        .map(|(name, value)| {
            let parts: Vec<&str> = name.split('.').collect();
            let is_number =
                |part: Option<&&str>| part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
            let kept = parts.iter().enumerate().filter(|(at, _)| *at == 0 || !is_number(parts.get(at + 1)));
            (kept.map(|(_, part)| *part).collect::<Vec<_>>().join("."), value)
        })
        .collect()
}

/// The parameters of a request about an object of S3. Its content is compared by its SHA-256 digest.
fn object(request: &HttpRequest, body: &[u8]) -> Option<Flat> {
    let uri: http::Uri = request.uri().parse().ok()?;
    let host = uri.host()?;
    let path = percent_decode_str(uri.path().trim_start_matches('/')).decode_utf8().ok()?.into_owned();
    let (bucket, key) = match host.split_once(".s3") {
        Some((bucket, _)) => (bucket.to_owned(), path),
        None => path.split_once('/').map(|(bucket, key)| (bucket.to_owned(), key.to_owned()))?,
    };
    let mut flat = Flat::from([("Bucket".to_owned(), bucket), ("Key".to_owned(), key)]);
    for (name, value) in url_pairs(uri.query().unwrap_or_default()).filter(|(name, _)| name != "x-id") {
        let name = if name == "versionId" { "VersionId".to_owned() } else { name };
        flat.insert(name, value);
    }
    let copies = request.headers().get("x-amz-copy-source").is_some();
    flat.extend(request.headers().iter().filter_map(|(header, value)| Some((of_object(header)?, value.to_owned()))));
    if request.method() == "PUT" && !copies {
        flat.insert("BodySha256".to_owned(), sha256(body));
    }
    Some(flat)
}

/// The parameter that a header of S3 carries. What signs and what describes the client carries none; what is not known here keeps
/// its own name, so that no permit is for it by mistake.
fn of_object(header: &str) -> Option<String> {
    let name = match header {
        "if-match" => "IfMatch",
        "if-none-match" => "IfNoneMatch",
        "content-type" => "ContentType",
        "x-amz-copy-source" => "CopySource",
        "x-amz-copy-source-if-match" => "CopySourceIfMatch",
        "x-amz-server-side-encryption" => "ServerSideEncryption",
        "x-amz-server-side-encryption-aws-kms-key-id" => "SSEKMSKeyId",
        "x-amz-date" | "x-amz-content-sha256" | "x-amz-security-token" | "x-amz-user-agent" => return None,
        other if other.starts_with("x-amz-") => other,
        _ => return None,
    };
    Some(name.to_owned())
}

/// A digest as hexadecimal digits: what a step's input says instead of an object's content (`BodySha256`).
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn url_pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    form_urlencoded::parse(text.as_bytes()).into_owned()
}
