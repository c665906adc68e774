//! Where requests to a cluster leave: every client of one is behind this gate, which decides by verb and subresource. Reads pass, and
//! so do questions about oneself and dry runs; anything else only with the claim of a permit, which is compared with what is really
//! in the request and spent. Knows the API's verbs, nothing of what they are for.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::TryFutureExt;
use futures_util::future::{Either, MapErr, Ready, ready};
use http::header::{CONTENT_TYPE, UPGRADE};
use http::{Method, Request};
use http_body::Body as _;
use kube::client::Body;
use tower::{BoxError, Layer, Service};

use super::claims;
use super::route::Route;
use crate::guard::Claim;
use crate::model::{Fault, FaultClass, Scope};

/// Of an object these parts may be read. What is not named here may be a connection into a container.
const READ: [&str; 5] = ["status", "scale", "log", "ephemeralcontainers", "resize"];

/// What of an object can be tried without being done. Connections into containers and tokens know no dry run.
const TRIED: [&str; 2] = ["scale", "eviction"];

/// Questions about oneself that are put by creating something that nobody keeps.
const REVIEWS: [(&str, &str); 3] = [
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authentication.k8s.io", "selfsubjectreviews"),
];

/// An operation that is permitted for whatever lies at its path: the resources of others have no names here.
const ANY: [&str; 1] = ["k8s:delete *"];

/// What a client may send.
#[derive(Clone, Debug)]
pub struct Gate(Pass);

#[derive(Clone, Debug)]
enum Pass {
    /// What changes nothing.
    Reads,
    /// The same, and what a permit of the guard for this cluster lets pass, once.
    Permitted(Arc<Scope>),
}

impl Gate {
    /// Lets nothing pass that could change something, whatever permit it carries.
    pub fn reads() -> Self {
        Self(Pass::Reads)
    }

    /// Lets pass what changes nothing, and changes that the guard has permitted for this cluster.
    pub fn permitting(cluster: &Scope) -> Self {
        Self(Pass::Permitted(Arc::new(Scope { namespace: None, ..cluster.clone() })))
    }

    fn check(&self, request: &Request<Body>) -> Result<(), Fault> {
        let refused = |why: String| Err(Fault::new(FaultClass::Bug, format!("refused: {why}")));
        let Some(route) = Route::of(request.uri().path()) else {
            return refused("a path that is not understood".to_owned());
        };
        if changes_nothing(request, route) {
            return Ok(());
        }
        let operation = route.operation(request.method());
        match (&self.0, request.extensions().get::<Claim>()) {
            (Pass::Permitted(cluster), Some(claim)) => permitted(request, claim, cluster, &operation),
            (Pass::Permitted(_), None) => refused(format!("{operation} without a permit")),
            (Pass::Reads, _) => refused(format!("{operation} is not a read")),
        }
    }
}

/// Lets a request pass that is the one its claim is for, and uses the claim up.
fn permitted(request: &Request<Body>, claim: &Claim, at: &Scope, operation: &str) -> Result<(), Fault> {
    let other =
        |why: &str| Err(Fault::new(FaultClass::Bug, format!("refused: {operation} is not what was permitted: {why}")));
    if claim.cluster() != at.cluster.as_deref() {
        return other("it is for another cluster");
    }
    let any =
        claim.operation().strip_suffix('*').is_some_and(|verb| operation.starts_with(verb) && !operation.contains('/'));
    if claim.operation() != operation && !(any && ANY.contains(&claim.operation())) {
        return other(&format!("that is {}", claim.operation()));
    }
    if let Some(difference) = claims::difference(request, claim) {
        return other(&difference);
    }
    claim.spend(&at.environment, Some(&at.region), claim.operation())
}

/// Whether a request only reads, asks about oneself, or tries something without doing it.
fn changes_nothing(request: &Request<Body>, route: Route<'_>) -> bool {
    if request.headers().contains_key(UPGRADE) {
        return false;
    }
    match (request.method(), route) {
        (&Method::GET | &Method::HEAD, route) => {
            let part = match route {
                Route::Server => None,
                Route::Resource { subresource, .. } => subresource,
            };
            request.body().is_end_stream() && part.is_none_or(|part| READ.contains(&part))
        }
        (_, Route::Server) => false,
        (&Method::POST, Route::Resource { group, resource, namespace: None, name: None, subresource: None })
            if REVIEWS.contains(&(group, resource)) =>
        {
            true
        }
        (method, Route::Resource { name, subresource, .. }) => {
            let one = match *method {
                Method::POST => subresource.is_some() == name.is_some(),
                Method::PUT | Method::PATCH | Method::DELETE => name.is_some(),
                _ => false,
            };
            one && subresource.is_none_or(|part| TRIED.contains(&part)) && is_dry(request)
        }
    }
}

/// Whether a request that looks like a change is only tried. Its query must say so, once. A deletion with a body is done as the body
/// says, whatever the query does: there, too.
fn is_dry(request: &Request<Body>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let mut said = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name.eq_ignore_ascii_case("dryrun"));
    let once = said.next().is_some_and(|(name, value)| name == "dryRun" && value == "All") && said.next().is_none();
    if !once || *request.method() != Method::DELETE {
        return once;
    }
    match claims::body(request) {
        None => false,
        Some(None) => true,
        Some(Some(options)) => {
            let json = request.headers().get_all(CONTENT_TYPE).iter().all(|sort| sort == "application/json");
            json && options.get("dryRun") == Some(&serde_json::json!(["All"]))
        }
    }
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { gate: self.clone(), inner }
    }
}

/// A connection behind its gate.
#[derive(Clone, Debug)]
pub struct Gated<S> {
    gate: Gate,
    inner: S,
}

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<Ready<Result<S::Response, BoxError>>, MapErr<S::Future, fn(S::Error) -> BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.gate.check(&request) {
            Ok(()) => Either::Right(self.inner.call(request).map_err(Into::into as fn(S::Error) -> BoxError)),
            Err(fault) => Either::Left(ready(Err(Box::new(fault)))),
        }
    }
}

#[cfg(test)]
mod tests;
