//! The connection to AWS: TLS by rustls with ring, the proxy variables, `AWS_CA_BUNDLE`, timeouts. Knows nothing of requests.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::variables::Variables;

/// For a connection to be made.
const CONNECT: Duration = Duration::from_secs(3);

/// A connection that nobody has used for so long is closed: it holds on to some forty kilobytes, and there are as many as there are
/// environments and services. Most of what is on the screen is asked about more often.
const IDLE: Duration = Duration::from_secs(40);

/// Of those to one host no more are kept: the start takes hundreds at once, and refreshes get by with a few.
const KEPT: usize = 16;

/// How long calls of a sort may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the first byte of an answer.
    first_byte: Duration,
    /// For one attempt, the whole answer included.
    attempt: Duration,
    /// For a call with its repeated attempts.
    call: Duration,
}

impl Patience {
    /// Reads: a page of a large account may take a while to be found and to come.
    pub const READ: Self =
        Self { first_byte: Duration::from_secs(10), attempt: Duration::from_secs(20), call: Duration::from_secs(25) };

    /// Changes, which are sent once: whether one has arrived that nobody answered to is not known, so an answer is waited for longer.
    pub const WRITE: Self =
        Self { first_byte: Duration::from_secs(30), attempt: Duration::from_secs(40), call: Duration::from_secs(40) };

    /// Signing in and saying whose credentials these are: small answers. An environment that accepts connections and never answers
    /// is to be known as such before anybody wonders.
    pub const SIGN_IN: Self =
        Self { first_byte: Duration::from_secs(4), attempt: Duration::from_secs(4), call: Duration::from_secs(9) };

    /// As the SDK takes them.
    pub fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .read_timeout(self.first_byte)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.call)
            .build()
    }
}

/// Reads are tried again with backoff, but not often: the engine asks again anyway.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3).with_max_backoff(Duration::from_secs(5))
}

/// The one connection pool; clones share it.
#[derive(Clone, Debug)]
pub struct Transport {
    variables: Variables,
    patience: Patience,
    connector: Arc<OnceLock<SharedHttpConnector>>,
}

impl Transport {
    /// A pool that heeds `AWS_CA_BUNDLE` and, from the process itself, the proxy variables.
    pub fn new(variables: Variables, patience: Patience) -> Self {
        Self { variables, patience, connector: Arc::default() }
    }

    /// Makes the pool off the runtime: reading the certificates takes a while.
    pub async fn warm(&self) {
        if self.connector.get().is_none() {
            let transport = self.clone();
            let _ = tokio::task::spawn_blocking(move || transport.connector()).await;
        }
    }

    fn connector(&self) -> SharedHttpConnector {
        self.connector.get_or_init(|| self.connect()).clone()
    }

    fn connect(&self) -> SharedHttpConnector {
        let settings =
            HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(self.patience.first_byte).build();
        let mut connector = Connector::builder()
            .connector_settings(settings)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(KEPT)
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::rustls(CryptoMode::Ring));
        if let Some(context) = self.variables.get("AWS_CA_BUNDLE").and_then(ca_bundle) {
            connector = connector.tls_context(context);
        }
        SharedHttpConnector::new(connector.build())
    }
}

impl HttpClient for Transport {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.connector()
    }
}

/// The certificates of a bundle on top of the system's. The SDK panics on a bad one, so each is tried before.
fn ca_bundle(path: &str) -> Option<TlsContext> {
    let usable = || {
        let pem = std::fs::read(path).map_err(|error| error.to_string())?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
        let trust = TrustStore::default().with_native_roots(true).with_pem_certificate(pem);
        TlsContext::builder().with_trust_store(trust).build().map_err(|error| error.to_string())
    };
    usable().inspect_err(|error| tracing::warn!(path, %error, "AWS_CA_BUNDLE is not used")).ok()
}
