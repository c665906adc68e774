//! The estate's wire: an HTTP client for the SDK that answers out of the model instead of a network.
//!
//! A request is taken apart (`route`), answered by its service (`services`) as a tree (`node`), and written in the
//! service's own protocol (`json`, `query`, `rest`, `cbor`). The model is locked while an answer is made and never while
//! anything is awaited. It must not know what the console asks, nor why.

mod body;
mod call;
mod cbor;
mod change;
mod failure;
mod input;
mod json;
mod live_tail;
pub(crate) mod node;
mod object;
mod pattern;
mod query;
mod rest;
mod route;
mod service;
mod services;
#[cfg(test)]
mod tests;

pub(super) use route::Route;
pub(super) use service::Service;
pub(super) use services::changes;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use super::Shared;
use super::faults::FaultKind;
use call::Call;
use change::Change;
use failure::Failure;
use node::Node;
use object::Object;
use service::Protocol;

/// The HTTP client of one environment: whatever comes through it is for that environment's account.
#[derive(Clone)]
pub(super) struct EstateClient {
    shared: Arc<Shared>,
    environment: Arc<str>,
    /// How long the SDK waits for an answer to begin; keeping to it is the client's part.
    patience: Option<Duration>,
}

impl EstateClient {
    pub(super) fn new(shared: Arc<Shared>, environment: &str) -> Self {
        Self { shared, environment: Arc::from(environment), patience: None }
    }

    async fn answer_in_time(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let Some(patience) = self.patience else { return self.answer(request).await };
        let late = io::Error::new(io::ErrorKind::TimedOut, "no answer within the read timeout");
        tokio::time::timeout(patience, self.answer(request))
            .await
            .unwrap_or_else(|_| Err(ConnectorError::timeout(late.into())))
    }

    pub(super) async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let Some(route) = Route::of(&request) else {
            let words = format!("the built-in estate has no host for {}", request.uri());
            return Err(ConnectorError::io(io::Error::new(io::ErrorKind::NotFound, words).into()));
        };
        self.shared.count(&self.environment, &route);
        let _under_way = self.shared.begin();
        let faults = &self.shared.faults;
        let (delay, fault) = faults.befall(&self.environment, route.service, &route.operation);
        let reply = match fault {
            Some(FaultKind::Hang) => std::future::pending().await,
            Some(FaultKind::Unreachable) => {
                let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused");
                Err(ConnectorError::io(refused.into()))
            }
            fault => Ok(self.reply(&route, fault)),
        };
        let wait = delay + faults.latency();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        reply
    }

    fn reply(&self, route: &Route, fault: Option<FaultKind>) -> HttpResponse {
        let id = self.request_id();
        let result = match fault {
            Some(FaultKind::Throttle(_)) => Err(route.service.throttled()),
            Some(FaultKind::Expire) => Err(route.service.expired()),
            Some(FaultKind::Error500) => Err(route.service.broken()),
            _ => self.ask(route, fault),
        };
        let mut headers = Vec::new();
        let (status, bytes, failure) = match result {
            Ok(Reply::Stream(stream)) => return respond(200, route.service, &id, None, SdkBody::from_body_1_x(stream)),
            Ok(Reply::Whole(node)) => (200, write(route, &id, &node), None),
            Ok(Reply::Object(object)) => {
                headers = object.headers;
                (200, object.body, None)
            }
            Err(failure) => (failure.status, write_error(route, &id, &failure), Some(failure)),
        };
        let (status, body) = match fault {
            Some(FaultKind::Break) => (status, body::cut(&Bytes::from(bytes))),
            // What a captive portal or a broken proxy says.
            Some(FaultKind::Garble) => (200, SdkBody::from("<html><body>Please sign in to the network")),
            _ => (status, SdkBody::from(bytes)),
        };
        let mut response = respond(status, route.service, &id, failure.as_ref(), body);
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        response
    }

    /// Asks the service, with the model at the present instant.
    fn ask(&self, route: &Route, fault: Option<FaultKind>) -> Result<Reply, Failure> {
        let Some(input) = &route.input else {
            return Err(Failure::new(400, "SerializationException", "The request could not be read"));
        };
        let mut world = self.shared.world();
        world.advance_to(self.shared.clock.now());
        let Some(account) = world.account_mut(&self.environment) else { return Err(route.service.broken()) };
        if fault == Some(FaultKind::Deny) {
            return Err(route.service.denied(&account.caller.arn, &route.operation));
        }
        let mut other;
        let account = if route.service.is_global() || route.region == account.region {
            account
        } else {
            other = account.in_region(&route.region);
            &mut other
        };
        let (service, operation) = (route.service, route.operation.as_str());
        let repeat_token = fault == Some(FaultKind::RepeatToken);
        if service == Service::S3 {
            let mut change = Change { account: &mut *account, service, operation, input };
            return services::s3::answer(&mut change, repeat_token).map(Reply::Object);
        }
        if let Some(answer) = services::change(&mut Change { account: &mut *account, service, operation, input }) {
            return answer.map(Reply::Whole);
        }
        let call = Call { account, service, operation, input, repeat_token };
        if (service, operation) == (Service::Logs, "StartLiveTail") {
            let stream = live_tail::LiveTail::start(&call, &self.shared, &self.environment)?;
            return Ok(Reply::Stream(Box::new(stream)));
        }
        let node = services::answer(&call)?;
        if (route.service, route.operation.as_str()) == (Service::SsoOidc, "CreateToken") {
            self.shared.faults.signed_in();
        }
        Ok(Reply::Whole(node))
    }

    /// A UUID that is the same in every run of the same calls.
    fn request_id(&self) -> String {
        let number = self.shared.requests.fetch_add(1, Ordering::Relaxed);
        let high = self.shared.seed.wrapping_add(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{:08x}-{:04x}-4{:03x}-a000-{number:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xfff)
    }
}

/// An answer, at once or bit by bit.
enum Reply {
    Whole(Node),
    Object(Object),
    Stream(Box<live_tail::LiveTail>),
}

fn write(route: &Route, id: &str, node: &Node) -> Vec<u8> {
    match route.service.protocol() {
        Protocol::Json | Protocol::RestJson => json::write(node),
        Protocol::Query(namespace) => query::write(&route.operation, namespace, id, node),
        Protocol::Cbor(_) => cbor::write(node),
        Protocol::RestXml => Object::tree(&route.operation, node).body,
    }
}

fn write_error(route: &Route, id: &str, failure: &Failure) -> Vec<u8> {
    match route.service.protocol() {
        Protocol::Json => json::write_error(failure),
        Protocol::RestJson => json::write_rest_error(failure),
        Protocol::Query(namespace) => query::write_error(namespace, id, failure),
        Protocol::Cbor(namespace) => cbor::write_error(namespace, failure),
        Protocol::RestXml => object::write_error(&route.operation, id, failure),
    }
}

fn respond(status: u16, service: Service, id: &str, failure: Option<&Failure>, body: SdkBody) -> HttpResponse {
    let status = StatusCode::try_from(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR.into());
    let streamed = body.bytes().is_none();
    let mut response = HttpResponse::new(status, body);
    let headers = response.headers_mut();
    headers.insert("x-amzn-requestid", id.to_owned());
    let content_type = match service.protocol() {
        Protocol::Json if streamed => "application/vnd.amazon.eventstream",
        Protocol::Json => "application/x-amz-json-1.1",
        Protocol::RestJson => "application/json",
        Protocol::Query(_) => "text/xml",
        Protocol::Cbor(_) => "application/cbor",
        Protocol::RestXml => "application/xml",
    };
    headers.insert("content-type", content_type);
    if let Protocol::Cbor(_) = service.protocol() {
        headers.insert("smithy-protocol", "rpc-v2-cbor");
    }
    if let Some(failure) = failure {
        let code = failure.code.to_string();
        match service.protocol() {
            Protocol::RestJson => drop(headers.insert("x-amzn-errortype", code)),
            Protocol::Cbor(_) => drop(headers.insert("x-amzn-query-error", format!("{code};Sender"))),
            Protocol::Json | Protocol::Query(_) | Protocol::RestXml => {}
        }
    }
    response
}

impl fmt::Debug for EstateClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EstateClient").field("environment", &self.environment).finish_non_exhaustive()
    }
}

impl HttpConnector for EstateClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer_in_time(request))
    }
}

impl HttpClient for EstateClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Self { patience: settings.read_timeout(), ..self.clone() })
    }
}
