//! The API servers of the estate's clusters: what a `kube` client takes for a connection, answered out of the model.
//!
//! A request is taken apart (`ask`) and answered as JSON, a table or a stream. The model is locked while an answer is made and never
//! while anything is awaited. It must not know who asks, nor why.

mod ask;
mod body;
mod discovery;
mod follow;
mod list;
mod patch;
mod review;
mod status;
mod table;
mod table_cells;
#[cfg(test)]
mod tests;
mod watch;
mod write;

use std::io;
use std::sync::Arc;

use http::{HeaderValue, Request, Response};
use http_body::Body as _;
use kube::Client;
use kube::client::Body;
use serde_json::Value;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, service_fn};

use super::faults::{FaultKind, KUBERNETES};
use super::world::kube::{KubeCluster, Refusal};
use super::{Changed, Estate, Shared};
use ask::Ask;
use body::ServerBody;

/// A connection to an API server, as a client's innermost service.
pub type KubeService = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

/// An answer.
enum Answer {
    Json(u16, Value),
    Text(String),
    Stream(ServerBody),
}

/// The API server of one cluster.
#[derive(Clone)]
struct Server {
    shared: Arc<Shared>,
    environment: Arc<str>,
    cluster: Arc<str>,
}

impl Estate {
    /// The names of an environment's clusters.
    pub fn kube_clusters(&self, environment: &str) -> Vec<String> {
        self.0.world().account(environment).map(|account| account.kube.keys().cloned().collect()).unwrap_or_default()
    }

    /// The way to a cluster's API server. `None`: there is no such cluster. Must be called on a runtime.
    pub fn kube(&self, environment: &str, cluster: &str) -> Option<KubeService> {
        self.0.world().account_mut(environment)?.kube.get_mut(cluster)?.wake();
        let server = Server { shared: Arc::clone(&self.0), environment: environment.into(), cluster: cluster.into() };
        let server = service_fn(move |request| server.clone().answer(request));
        // The client turns the server's kind of body into its own.
        let client = Client::new(server, "default");
        Some(BoxCloneSyncService::new(service_fn(move |request| {
            let client = client.clone();
            async move { client.send(request).await.map_err(BoxError::from) }
        })))
    }

    /// Forgets the changes of a cluster so far, as etcd does now and then: watches from before are gone.
    pub fn compact(&self, environment: &str, cluster: &str) {
        let mut world = self.0.world();
        let cluster = world.account_mut(environment).and_then(|account| account.kube.get_mut(cluster));
        if let Some(cluster) = cluster {
            cluster.store.compact();
        }
    }
}

impl Server {
    async fn answer(self, request: Request<Body>) -> Result<Response<ServerBody>, BoxError> {
        let (head, body) = request.into_parts();
        let bytes = if body.is_end_stream() { bytes::Bytes::new() } else { body.collect_bytes().await? };
        let ask = Ask::read(&head, &bytes);
        self.count(&ask);
        let _under_way = self.shared.begin();
        let faults = &self.shared.faults;
        let (delay, fault) = faults.befall_named(&self.environment, KUBERNETES, &ask.operation());
        let reply = match fault {
            Some(FaultKind::Hang) => std::future::pending().await,
            Some(FaultKind::Unreachable) => {
                Err(BoxError::from(io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused")))
            }
            fault => Ok(self.reply(&ask, fault)),
        };
        let wait = delay + faults.latency();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        reply
    }

    /// Counts a call, and keeps what it asks for if it changes something.
    fn count(&self, ask: &Ask) {
        let call = (self.environment.to_string(), KUBERNETES.to_owned(), ask.operation());
        *self.shared.calls().entry(call.clone()).or_default() += 1;
        if ask.changes() {
            self.shared.keep(Changed { call, input: ask.as_sent() });
        }
    }

    fn reply(&self, ask: &Ask, fault: Option<FaultKind>) -> Response<ServerBody> {
        let result = match fault {
            Some(FaultKind::Throttle(_)) => Err(status::throttled()),
            Some(FaultKind::Expire) => Err(Refusal::new(401, "Unauthorized", "Unauthorized")),
            Some(FaultKind::Error500) => {
                Err(Refusal::new(500, "InternalError", "Internal error occurred: etcdserver: request timed out"))
            }
            Some(FaultKind::Deny) => Err(status::forbidden(ask, &self.user())),
            _ => self.ask(ask, fault == Some(FaultKind::RepeatToken)),
        };
        let (code, body, kind) = match result {
            Ok(Answer::Stream(stream)) => {
                (200, stream, if ask.sub == "log" { "text/plain" } else { "application/json" })
            }
            Ok(Answer::Text(text)) => (200, ServerBody::whole(text.into_bytes()), "text/plain"),
            Ok(Answer::Json(code, json)) => {
                (code, ServerBody::whole(json.to_string().into_bytes()), "application/json")
            }
            Err(refusal) => {
                let json = status::failure(&refusal, ask);
                (refusal.code, ServerBody::whole(json.to_string().into_bytes()), "application/json")
            }
        };
        let (code, body) = match fault {
            Some(FaultKind::Break) => (code, body.cut()),
            Some(FaultKind::Garble) => (200, ServerBody::whole(b"<html><body>Please sign in to the network".to_vec())),
            _ => (code, body),
        };
        let mut response = Response::new(body);
        *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if code == 429 && fault.is_some() {
            response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    /// Does something with the cluster at the present instant.
    fn with<T>(&self, what: impl FnOnce(&mut KubeCluster) -> T) -> Result<T, Refusal> {
        let mut world = self.shared.world();
        world.advance_to(self.shared.clock.now());
        let cluster = world.account_mut(&self.environment).and_then(|account| account.kube.get_mut(&*self.cluster));
        cluster.map(what).ok_or_else(|| Refusal::new(503, "ServiceUnavailable", "the cluster is gone"))
    }

    /// Who is asking, as EKS names a role's session.
    fn user(&self) -> String {
        let world = self.shared.world();
        world.account(&self.environment).map(|account| account.caller.arn.clone()).unwrap_or_default()
    }

    fn ask(&self, ask: &Ask, repeat_token: bool) -> Result<Answer, Refusal> {
        if ask.is_review() {
            return Ok(Answer::Json(201, self.review(ask)));
        }
        if ask.group == "metrics.k8s.io" && !ask.plural.is_empty() {
            return self.with(|cluster| list::metrics(cluster, ask))?;
        }
        if ask.plural.is_empty() {
            return self.with(|cluster| discovery::answer(cluster, ask))?;
        }
        let of = ask.of()?;
        match (ask.verb.as_str(), ask.sub.as_str()) {
            ("get", "") => self.with(|cluster| list::get(cluster, of, ask))?,
            ("get", "scale") if of.scales => self.with(|cluster| write::get_scale(cluster, of, ask))?,
            ("get", "log") if of.plural == "pods" => self.log(ask),
            ("list", "") => self.with(|cluster| list::list(cluster, of, ask, repeat_token))?,
            ("watch", "") => self.watch(of, ask),
            (_, "exec" | "attach" | "portforward") => {
                let words = format!(
                    "the built-in estate has no containers to run a command in: pods/{} is not offered",
                    ask.sub
                );
                Err(Refusal::new(501, "NotImplemented", words))
            }
            _ => self.with(|cluster| write::answer(cluster, of, ask))?,
        }
    }
}
