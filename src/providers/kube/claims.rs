//! What is really in a request, compared with what its claim permits. Knows the form of a step's input, nothing of what a change is
//! for.

use futures_util::FutureExt;
use http::Request;
use http::header::CONTENT_TYPE;
use kube::client::Body;
use serde_json::{Map, Value};

use crate::guard::Claim;

/// Says what is different between a request and what its claim permits; nothing when it is the same.
pub(super) fn difference(request: &Request<Body>, claim: &Claim) -> Option<String> {
    let Some(sent) = input(request) else { return Some("the request can't be read".to_owned()) };
    let permitted = claim.input();
    let names = sent.keys().chain(permitted.keys());
    names.into_iter().find(|name| sent.get(*name) != permitted.get(*name)).map(|name| format!("its {name} is another"))
}

/// A request as a step's input says it; what is not there is absent. `None`: it can't be read.
fn input(request: &Request<Body>) -> Option<Map<String, Value>> {
    let text = |text: &str| Value::String(text.to_owned());
    let mut input = Map::new();
    input.insert("method".to_owned(), text(request.method().as_str()));
    input.insert("path".to_owned(), text(request.uri().path()));
    input.extend(request.uri().query().map(|query| ("query".to_owned(), text(query))));
    let mut sorts = request.headers().get_all(CONTENT_TYPE).iter();
    if let Some(sort) = sorts.next() {
        input.insert("contentType".to_owned(), text(sort.to_str().ok()?));
    }
    if sorts.next().is_some() {
        return None;
    }
    if let Some(body) = body(request)? {
        input.insert("body".to_owned(), body);
    }
    Some(input)
}

/// The JSON in a request's body, if it has one. `None`: it can't be read, or it could be read in two ways.
#[expect(clippy::option_option, reason = "that it can't be read is another thing than that there is none")]
pub(super) fn body(request: &Request<Body>) -> Option<Option<Value>> {
    let bytes = request.body().try_clone()?.collect_bytes().now_or_never()?.ok()?;
    if bytes.is_empty() {
        return Some(None);
    }
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    // A name that stands there twice is another one to another reader. What was written by us comes out as it went in.
    let again = serde_json::to_vec(&value).ok()?;
    (again == *bytes).then_some(Some(value))
}
