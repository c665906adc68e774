//! From a question to the connection: the gate, then the credentials, then what carries the request. This is the one place where
//! they are put on each other. Retries are off: the watches and the engine ask again by themselves, and a change is never sent twice.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::header::USER_AGENT;
use http::{HeaderValue, Request, Response};
use kube::client::{Body, ClientBuilder};
use kube::config::{AuthInfo, Cluster, Context as KubeContext, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use kube::{Client, Config};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer, Service, service_fn};

use super::access::Access;
use super::gate::Gate;
use super::proxy::is_direct;
use crate::model::{Fault, FaultClass, Scope, text};

/// What carries requests to an API server, or something that stands in for one. It takes paths, such as `/api/v1/pods`, and adds
/// the address; it knows neither permits nor tokens.
pub type Transport = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

/// For a connection to be made, TLS included.
const CONNECT: Duration = Duration::from_secs(3);

/// Between two bytes of an answer. A watch says of itself that it ends after 290 seconds, and may rightly be silent until then.
const SILENCE: Duration = Duration::from_mins(5);

/// For the head of an answer.
pub(super) const HEAD: Duration = Duration::from_secs(20);

/// A client for reads.
pub(super) fn reads(access: &Arc<Access>) -> Client {
    behind(&Gate::reads(), access, false)
}

/// A client for plans and permitted changes in a cluster, on connections of its own.
pub(super) fn acting(access: &Arc<Access>, cluster: &Scope) -> Client {
    behind(&Gate::permitting(cluster), access, true)
}

fn behind(gate: &Gate, access: &Arc<Access>, acting: bool) -> Client {
    Client::new(gate.layer(Signed { access: Arc::clone(access), acting }), access.namespace())
}

/// Puts the credentials on.
#[derive(Clone)]
struct Signed {
    access: Arc<Access>,
    acting: bool,
}

impl Service<Request<Body>> for Signed {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (access, acting) = (Arc::clone(&self.access), self.acting);
        Box::pin(async move { access.send(request, acting).await })
    }
}

/// How an API server is reached.
#[derive(Clone)]
pub(super) enum Road {
    /// Over the network.
    Network {
        /// Its address, and what its certificate is checked by.
        cluster: Box<Cluster>,
        /// A client certificate, whom one impersonates, and what kube itself signs in with.
        user: Box<AuthInfo>,
    },
    /// Something stands in for it.
    Given(Transport),
}

impl Road {
    /// A transport. `user` stands in place of the road's own where a plugin has given a certificate.
    pub(super) async fn transport(&self, user: Option<AuthInfo>) -> Result<Transport, Fault> {
        match self {
            Self::Given(transport) => Ok(transport.clone()),
            Self::Network { cluster, user: own } => {
                let (cluster, user) = (Cluster::clone(cluster), user.unwrap_or_else(|| AuthInfo::clone(own)));
                // Certificates are read from files.
                let made = tokio::task::spawn_blocking(move || connected(cluster, user)).await;
                made.unwrap_or_else(|error| Err(Fault::new(FaultClass::Bug, error.to_string())))
            }
        }
    }
}

/// A transport over the network. Blocks on files.
fn connected(cluster: Cluster, user: AuthInfo) -> Result<Transport, Fault> {
    let wrong = |error: &dyn std::error::Error| Fault::new(FaultClass::Invalid, text::clean(&error.to_string()));
    let name = || "this".to_owned();
    let context = KubeContext { cluster: name(), user: Some(name()), ..KubeContext::default() };
    let own_proxy = cluster.proxy_url.is_some();
    let alone = Kubeconfig {
        clusters: vec![NamedCluster { name: name(), cluster: Some(cluster), ..NamedCluster::default() }],
        auth_infos: vec![NamedAuthInfo { name: name(), auth_info: Some(user), ..NamedAuthInfo::default() }],
        contexts: vec![NamedContext { name: name(), context: Some(context), ..NamedContext::default() }],
        current_context: Some(name()),
        ..Kubeconfig::default()
    };
    let mut config = Config::try_from(alone).map_err(|error| wrong(&error))?;
    config.default_retry = false;
    // kube looks in `NO_PROXY` for the proxy's own host.
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let no_proxy = set("NO_PROXY").or_else(|| set("no_proxy")).unwrap_or_default();
    if !own_proxy && config.cluster_url.host().is_some_and(|host| is_direct(host, &no_proxy)) {
        config.proxy_url = None;
    }
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(SILENCE);
    config.reset_reader_on_write = true;
    let agent = HeaderValue::from_static(concat!("quarterdeck/", env!("CARGO_PKG_VERSION")));
    config.headers.push((USER_AGENT, agent));
    let client = ClientBuilder::try_from(config).map_err(|error| wrong(&error))?.build();
    Ok(Transport::new(service_fn(move |request| {
        let client: Client = client.clone();
        async move { client.send(request).await.map_err(BoxError::from) }
    })))
}
