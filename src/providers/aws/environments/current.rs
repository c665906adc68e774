//! What one environment stands on until its files change: its credentials, the clients made with them, and what its kinds
//! remember. It knows no other environment, and not where it came from.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use tokio::sync::OnceCell;

use crate::providers::aws::Aws;
use crate::providers::aws::credentials::token;
use crate::providers::aws::files::{Stamp, stamp};
use crate::providers::aws::signer::{Attested, Signer};
use crate::providers::aws::transport::Patience;
use crate::providers::kube::Clusters;
use crate::providers::{Env, Memory};

/// What an environment stands on until its files change.
pub(super) struct Current {
    pub(super) signer: Arc<Signer>,
    pub(super) clients: Mutex<HashMap<Arc<str>, Arc<Env>>>,
    pub(super) memory: Arc<Memory>,
    pub(super) kube: Arc<Clusters>,
    pub(super) alias: OnceCell<Option<Arc<str>>>,
    /// The cached SSO token as last looked at.
    token: Mutex<Stamp>,
}

impl Current {
    /// What stands on this signer, its cached SSO token looked at now.
    pub(super) async fn new(signer: Signer, kube: Clusters) -> Self {
        let settings = signer.settings();
        let token = match &settings.session {
            Some(session) => stamp(token::path(&settings.variables, session).as_deref()).await,
            None => None,
        };
        Self {
            signer: Arc::new(signer),
            clients: Mutex::default(),
            memory: Arc::default(),
            kube: Arc::new(kube),
            alias: OnceCell::new(),
            token: Mutex::new(token),
        }
    }

    pub(super) fn aws(&self, region: &str) -> Aws {
        self.aws_on(self.signer.gates().reads.clone(), region)
    }

    pub(super) fn aws_on(&self, http: SharedHttpClient, region: &str) -> Aws {
        Aws::new(self.sdk(http, region, Patience::READ), self.signer.tag())
    }

    /// Clients that send once: what may have arrived is never sent again by itself. They change something only in this account, the
    /// one that was attested.
    pub(super) fn writes_on(&self, http: SharedHttpClient, region: &str, account: Option<Arc<str>>) -> Aws {
        let once = self.sdk(http, region, Patience::WRITE).into_builder().retry_config(RetryConfig::disabled()).build();
        Aws::new(once, self.signer.tag().acting_in(account))
    }

    fn sdk(&self, http: SharedHttpClient, region: &str, patience: Patience) -> SdkConfig {
        let credentials = SharedCredentialsProvider::new(Attested(Arc::clone(&self.signer)));
        self.signer.settings().sdk(region, http, Some(credentials), patience)
    }

    /// Whether the cached SSO token is another than when last looked at. Sessions shared by many are looked at once.
    pub(super) async fn token_changed(&self, stamps: &mut HashMap<PathBuf, Stamp>) -> bool {
        let settings = self.signer.settings();
        let path = settings.session.as_ref().and_then(|session| token::path(&settings.variables, session));
        let Some(path) = path else { return false };
        let known = stamps.get(&path).copied();
        let now = match known {
            Some(stamp) => stamp,
            None => stamp(Some(&path)).await,
        };
        stamps.insert(path, now);
        let mut seen = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *seen, now) != now
    }
}
