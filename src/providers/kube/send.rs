//! How a step that changes something in a cluster is sent: once, exactly what its input says, with the claim of its permit; and what
//! came of it. Unknown is whatever may have arrived and was not answered for. Knows the form of an input, nothing of what it is for.

use std::error::Error as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{Request, Response};
use http_body::Body as _;
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde_json::{Map, Value};

use super::fault::{fault, of_status};
use crate::guard::{Claim, Permit};
use crate::model::{Fault, FaultClass, Sent, Step, text};

/// A change that was not answered by then is unknown. The server itself gives up after 34 seconds.
const PATIENCE: Duration = if cfg!(test) { Duration::from_secs(2) } else { Duration::from_secs(38) };

/// As much of an answer is read: what there is to say of it stands at its start.
const MOST: usize = 4 << 20;

/// Sends a step, once.
pub(super) async fn send(client: &Client, step: &Step, permit: Permit) -> Sent {
    let claim = permit.claim();
    let request = match request(&step.input) {
        Ok(request) => with(request, &claim),
        Err(fault) => return Sent::Refused(fault),
    };
    let answer = async {
        let answer = client.send(request).await?;
        Ok::<_, kube::Error>(read(answer).await)
    };
    let what = step.operation;
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok((code, audit, body))) => answered(what, code, audit, &body),
        Ok(Err(error)) => broken(what, &error, &claim),
        Err(_) if !claim.is_spent() => Sent::Refused(late(what)),
        Err(_) => Sent::Unknown(late(what)),
    }
}

fn late(what: &str) -> Fault {
    let seconds = PATIENCE.as_secs();
    Fault::new(FaultClass::TimedOut, format!("{what}: no answer within {seconds} s"))
}

/// The request that an input describes.
pub(super) fn request(input: &Map<String, Value>) -> Result<Request<Body>, Fault> {
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    let path = text("path").unwrap_or_default();
    let uri = text("query").map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut request = Request::builder().method(text("method").unwrap_or_default()).uri(uri);
    if let Some(sort) = text("contentType") {
        request = request.header(CONTENT_TYPE, sort);
    }
    let body = input.get("body").map(|body| serde_json::to_vec(body).unwrap_or_default()).unwrap_or_default();
    request.body(Body::from(body)).map_err(|error| Fault::new(FaultClass::Bug, format!("no request: {error}")))
}

fn with(mut request: Request<Body>, claim: &Claim) -> Request<Body> {
    request.extensions_mut().insert(claim.clone());
    request
}

/// Status, the id under which the server's audit log has it, and as much of the body as came.
async fn read(answer: Response<Body>) -> (u16, Option<Arc<str>>, Vec<u8>) {
    let audit = answer.headers().get("audit-id").and_then(|id| id.to_str().ok());
    let audit = audit.map(|id| Arc::from(text::clean(id)));
    let (code, mut body, mut bytes) = (answer.status().as_u16(), answer.into_body(), Vec::new());
    while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(data);
        }
        if bytes.len() > MOST {
            break;
        }
    }
    (code, audit, bytes)
}

fn answered(what: &str, code: u16, audit: Option<Arc<str>>, body: &[u8]) -> Sent {
    if (200..300).contains(&code) {
        let version = || -> Option<Arc<str>> {
            let object: Value = serde_json::from_slice(body).ok()?;
            let version = object.pointer("/metadata/resourceVersion")?.as_str()?;
            Some(format!("resourceVersion {}", text::clean(version)).into())
        };
        return Sent::Accepted { request_id: audit.or_else(version) };
    }
    let said: Option<Status> = serde_json::from_slice(body).ok();
    let status = said.filter(|status| !status.message.is_empty()).unwrap_or_else(|| Status {
        message: format!("status {code}: {}", String::from_utf8_lossy(&body[..body.len().min(200)])),
        ..Status::default()
    });
    let fault = of_status(what, &Status { code, ..status }).with_request_id(audit.as_deref());
    // What the server refuses it has not begun; what went wrong inside of it may have been done.
    match code {
        400..500 if code != 408 => Sent::Refused(fault),
        _ => Sent::Unknown(fault),
    }
}

fn broken(what: &str, error: &kube::Error, claim: &Claim) -> Sent {
    let fault = fault(what, error);
    if !claim.is_spent() || never_connected(error) { Sent::Refused(fault) } else { Sent::Unknown(fault) }
}

/// Whether no connection could be made, or nobody to be there as: nothing has left.
pub(super) fn never_connected(error: &kube::Error) -> bool {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    // The credentials' own faults come before anything is sent.
    matches!(error, kube::Error::Service(why) if why.is::<Fault>())
        || matches!(error, kube::Error::Auth(_))
        || causes.into_iter().any(|cause| {
            let refused = |io: &std::io::Error| io.kind() == std::io::ErrorKind::ConnectionRefused;
            cause.downcast_ref().is_some_and(refused)
                || cause.downcast_ref::<kube::client::AuthError>().is_some()
                || cause.to_string() == "client error (Connect)"
        })
}

#[cfg(test)]
mod tests;
