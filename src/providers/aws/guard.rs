//! Where requests leave the process: an interceptor tags each request with its operation, and the HTTP client that all SDK clients
//! share refuses what is untagged or not on its list. A client built past the interceptor, or a credential provider of the SDK's,
//! can send nothing. Knows operations by name, nothing of what they are for.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::endpoint_config::EndpointUrl;
use aws_types::region::Region;
use http::Uri;

use super::calls::CallStats;
use super::claims;
use crate::guard::Claim;
use crate::model::{Fault, FaultClass};

/// The operation of a request, as `service:Operation` in IAM's spelling, the region it goes to, and of a client for changes the
/// account it acts in. Only [`Tag`] makes one.
#[derive(Clone, Debug)]
struct Tagged {
    operation: Arc<str>,
    region: Option<Region>,
    account: Option<Arc<str>>,
}

/// Tags requests with their operation and counts them.
#[derive(Clone, Debug)]
pub struct Tag {
    stats: Arc<CallStats>,
    distrusted: Arc<AtomicBool>,
    account: Option<Arc<str>>,
}

impl Tag {
    /// Counts into `stats`, and sets the flag when a service says that the credentials are no longer good.
    pub fn new(stats: Arc<CallStats>, distrusted: Arc<AtomicBool>) -> Self {
        Self { stats, distrusted, account: None }
    }

    /// The same for a client that changes something, with the account that was attested to its credentials: without one it can change
    /// nothing.
    #[must_use]
    pub fn acting_in(self, account: Option<Arc<str>>) -> Self {
        Self { account, ..self }
    }
}

/// `service:Operation` in IAM's spelling.
fn operation(metadata: &Metadata) -> String {
    let service = match metadata.service() {
        "Application Auto Scaling" => "application-autoscaling",
        "Auto Scaling" => "autoscaling",
        "CloudWatch Logs" => "logs",
        "Elastic Load Balancing v2" => "elasticloadbalancing",
        "SSO OIDC" => "sso-oidc",
        other => return format!("{}:{}", other.to_ascii_lowercase().replace(' ', ""), metadata.name()),
    };
    format!("{service}:{}", metadata.name())
}

#[dyn_dispatch_hint]
impl Intercept for Tag {
    fn name(&self) -> &'static str {
        "Tag"
    }

    /// The SDK puts `stream-` in front of the host of a live tail, which a local endpoint's name does not resolve.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if cfg.load::<EndpointUrl>().is_some() {
            let request = context.request_mut();
            let uri: Uri = request.uri().parse()?;
            if let Some(host) = uri.authority().and_then(|authority| authority.as_str().strip_prefix("stream-")) {
                let mut parts = uri.clone().into_parts();
                parts.authority = Some(host.parse()?);
                request.set_uri(Uri::from_parts(parts)?)?;
            }
        }
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = cfg.load::<Metadata>() {
            let operation = operation(metadata);
            self.stats.called(&operation);
            let (region, account) = (cfg.load::<Region>().cloned(), self.account.clone());
            context.request_mut().add_extension(Tagged { operation: operation.into(), region, account });
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(response) = context.response().filter(|response| !response.status().is_success()) else {
            return Ok(());
        };
        if says(response, &["Throttl", "RequestLimitExceeded", "TooManyRequests", "Rate exceeded", "SlowDown"])
            || response.status().as_u16() == 429
        {
            if let Some(metadata) = cfg.load::<Metadata>() {
                self.stats.throttled(&operation(metadata));
            }
        } else if says(response, &["ExpiredToken", "UnrecognizedClient", "InvalidClientTokenId", "RequestExpired"]) {
            self.distrusted.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Whether an error's type or the start of its body has one of these words. Every protocol has the error code in one of them.
fn says(response: &HttpResponse, words: &[&str]) -> bool {
    let header = response.headers().get("x-amzn-errortype").unwrap_or_default();
    let body = response.body().bytes().unwrap_or_default();
    let body = String::from_utf8_lossy(&body[..body.len().min(1024)]);
    words.iter().any(|word| header.contains(word) || body.contains(word))
}

/// What a gate lets pass.
#[derive(Clone, Debug)]
enum Pass {
    /// Tagged requests of these operations.
    Operations(Arc<HashSet<&'static str>>),
    /// The same, and what a permit of the guard for this environment lets pass, once.
    Permitted(Arc<HashSet<&'static str>>, Arc<str>),
    /// What reads credentials of the instance or the container the program runs in: unsigned requests that can change nothing.
    Metadata,
}

impl Pass {
    fn check(&self, request: &HttpRequest) -> Result<(), Fault> {
        let refused = |what: &str| Err(Fault::new(FaultClass::Bug, format!("refused: {what} is not a read")));
        match (self, request.extension::<Tagged>()) {
            (Self::Operations(reads) | Self::Permitted(reads, _), Some(tagged))
                if reads.contains(&*tagged.operation) =>
            {
                Ok(())
            }
            (Self::Permitted(_, environment), Some(tagged)) => match request.extension::<Claim>() {
                Some(claim) => permitted(request, claim, environment, tagged),
                None => refused(&tagged.operation),
            },
            (Self::Operations(_), Some(tagged)) => refused(&tagged.operation),
            (Self::Operations(_) | Self::Permitted(..), None) => refused("an untagged request"),
            (Self::Metadata, _) => match request.method() {
                "GET" => Ok(()),
                "PUT" if request.uri().ends_with("/latest/api/token") => Ok(()),
                method => refused(method),
            },
        }
    }
}

/// Lets a request pass that is the one its claim is for, and uses the claim up.
fn permitted(request: &HttpRequest, claim: &Claim, environment: &str, tagged: &Tagged) -> Result<(), Fault> {
    if let Some(difference) = claims::difference(request, claim) {
        let words = format!("refused: {} is not what was permitted: {difference}", tagged.operation);
        return Err(Fault::new(FaultClass::Bug, words));
    }
    if tagged.account.as_deref() != Some(claim.account()) {
        let words = format!("refused: {} was permitted in account {}", tagged.operation, claim.account());
        return Err(Fault::new(FaultClass::Bug, words));
    }
    claim.spend(environment, tagged.region.as_ref().map(AsRef::as_ref), &tagged.operation)
}

/// An HTTP client that lets only some requests pass to the one it stands before.
#[derive(Debug)]
struct Gate {
    pass: Pass,
    inner: SharedHttpClient,
}

/// Lets tagged requests of these operations pass to `inner`, and nothing else.
pub fn only(operations: Arc<HashSet<&'static str>>, inner: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(Gate { pass: Pass::Operations(operations), inner })
}

/// Lets tagged requests of these operations pass to `inner`, and changes that the guard has permitted for this environment.
pub fn permitting(
    reads: Arc<HashSet<&'static str>>,
    environment: Arc<str>,
    inner: SharedHttpClient,
) -> SharedHttpClient {
    SharedHttpClient::new(Gate { pass: Pass::Permitted(reads, environment), inner })
}

/// Lets the reads of instance and container credentials pass to `inner`, and nothing else.
pub fn only_metadata(inner: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(Gate { pass: Pass::Metadata, inner })
}

impl HttpClient for Gate {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(GateConnector { pass: self.pass.clone(), inner })
    }
}

#[derive(Debug)]
struct GateConnector {
    pass: Pass,
    inner: SharedHttpConnector,
}

impl HttpConnector for GateConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.pass.check(&request) {
            Ok(()) => self.inner.call(request),
            // An error of the user's is never tried again.
            Err(fault) => HttpConnectorFuture::ready(Err(ConnectorError::user(Box::new(fault)))),
        }
    }
}
