//! What came of a change that was sent: by the answer, or by how it failed to come.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::pending;
use serde_json::json;
use tower::{BoxError, Layer, service_fn};

use super::*;
use crate::model::{Scope, Seen};
use crate::providers::kube::Gate;

fn step() -> Step {
    let input = json!({
        "method": "PATCH",
        "path": "/apis/apps/v1/namespaces/x/deployments/y/scale",
        "query": "fieldManager=quarterdeck",
        "contentType": "application/merge-patch+json",
        "body": { "spec": { "replicas": 3 } },
    });
    Step {
        operation: "k8s:patch deployments/scale",
        words: "a step".into(),
        scope: Scope::new("e", "r").in_cluster("c"),
        input: input.as_object().cloned().unwrap(),
        seen: Seen::default(),
        sender: std::sync::Arc::default(),
    }
}

/// Sends a step to a server that answers like this; what came of it, and how often it was asked.
async fn sent_to<F>(answer: impl Fn() -> F + Send + Sync + 'static) -> (Sent, usize)
where
    F: Future<Output = Result<Response<Body>, BoxError>> + Send + 'static,
{
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let inner = service_fn(move |_: Request<Body>| {
        counted.fetch_add(1, Ordering::SeqCst);
        answer()
    });
    let step = step();
    let client = Client::new(Gate::permitting(&step.scope).layer(inner), "default");
    let sent = send(&client, &step, Permit::for_tests(&step)).await;
    (sent, asked.load(Ordering::SeqCst))
}

async fn answered_with(code: u16, body: &'static str) -> Sent {
    let (sent, asked) = sent_to(move || async move {
        Ok(Response::builder().status(code).header("Audit-Id", "a-1").body(Body::from(body.as_bytes().to_vec()))?)
    })
    .await;
    assert_eq!(asked, 1, "it is sent once");
    sent
}

#[tokio::test]
async fn the_request_is_what_the_step_says() {
    let seen = Arc::new(Mutex::new(None));
    let sees = Arc::clone(&seen);
    let inner = service_fn(move |request: Request<Body>| {
        let sees = Arc::clone(&sees);
        async move {
            let line = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
            let body = request.into_body().collect_bytes().await?;
            *sees.lock().unwrap() = Some((line, String::from_utf8(body.to_vec())?));
            Ok::<_, BoxError>(Response::new(Body::from(br#"{"metadata":{"resourceVersion":"7"}}"#.to_vec())))
        }
    });
    let step = step();
    let client = Client::new(Gate::permitting(&step.scope).layer(inner), "default");
    let sent = send(&client, &step, Permit::for_tests(&step)).await;
    assert_eq!(sent, Sent::Accepted { request_id: Some("resourceVersion 7".into()) });
    let (line, body) = seen.lock().unwrap().take().unwrap();
    let path = "/apis/apps/v1/namespaces/x/deployments/y/scale?fieldManager=quarterdeck";
    assert_eq!(line, format!(r#"PATCH {path} {{"content-type": "application/merge-patch+json"}}"#));
    assert_eq!(body, r#"{"spec":{"replicas":3}}"#);
}

#[tokio::test]
async fn answers() {
    assert_eq!(answered_with(200, "{}").await, Sent::Accepted { request_id: Some("a-1".into()) });
    assert_eq!(answered_with(201, "").await, Sent::Accepted { request_id: Some("a-1".into()) });
    let conflict = r#"{"kind":"Status","code":409,"message":"the object has been modified","reason":"Conflict"}"#;
    let Sent::Refused(fault) = answered_with(409, conflict).await else { panic!() };
    assert_eq!(fault.summary, "k8s:patch deployments/scale: the object has been modified");
    assert_eq!(fault.request_id.as_deref(), Some("a-1"));
    for code in [400, 401, 403, 404, 409, 422, 429] {
        assert!(matches!(answered_with(code, "no").await, Sent::Refused(_)), "{code}");
    }
    for code in [302, 408, 500, 502, 503, 504] {
        assert!(matches!(answered_with(code, "oh").await, Sent::Unknown(_)), "{code}");
    }
}

#[tokio::test]
async fn broken_connections() {
    let broken =
        |kind: io::ErrorKind| async move { sent_to(move || async move { Err(io::Error::from(kind).into()) }).await };
    let (sent, asked) = broken(io::ErrorKind::ConnectionReset).await;
    assert!(matches!((sent, asked), (Sent::Unknown(_), 1)));
    let (sent, asked) = broken(io::ErrorKind::ConnectionRefused).await;
    assert!(matches!((sent, asked), (Sent::Refused(_), 1)));
}

#[tokio::test]
async fn no_answer() {
    let (sent, asked) = sent_to(pending).await;
    let Sent::Unknown(fault) = sent else { panic!("{sent:?}") };
    assert_eq!((fault.class, asked), (FaultClass::TimedOut, 1));
}

#[tokio::test]
async fn what_the_gate_refuses_has_not_left() {
    let inner = service_fn(|_: Request<Body>| async { Err::<Response<Body>, BoxError>("it has left".into()) });
    let step = step();
    let client = Client::new(Gate::reads().layer(inner), "default");
    let Sent::Refused(fault) = send(&client, &step, Permit::for_tests(&step)).await else { panic!() };
    assert_eq!(fault.summary, "refused: k8s:patch deployments/scale is not a read");
}
