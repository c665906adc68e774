//! What the AWS files and variables say for one environment: its chain, its endpoints, and SDK configurations made from them.

use std::fmt;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::EnvConfigValue;
use aws_runtime::env_config::section::EnvConfigSections;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_types::SdkConfig;
use aws_types::app_name::AppName;
use aws_types::os_shim_internal::Env;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::chain::{Chain, SsoSession};
use super::files::{AwsFiles, Excerpt};
use super::transport::{Patience, retries};
use super::variables::Variables;
use crate::model::Fault;

/// What an environment stands on.
#[derive(Debug)]
pub struct Settings {
    /// The profile's text; when it changes, everything made from it is made anew.
    pub excerpt: Option<Excerpt>,
    /// How it comes to its credentials.
    pub chain: Chain,
    /// The SSO session that a person signs in to for them.
    pub session: Option<SsoSession>,
    /// What it may see of the process's variables.
    pub variables: Variables,
    /// Credentials that are given instead of resolved.
    pub given: Option<SharedCredentialsProvider>,
    files: Lookup,
}

/// Looks a setting up in the variables, then in the profile, as the SDKs do.
#[derive(Clone)]
struct Lookup {
    env: Env,
    sections: EnvConfigSections,
}

/// Both have secrets in them, which stay out of logs.
impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}

impl Settings {
    /// Those of a profile.
    pub async fn of_profile(profile: &str, files: &AwsFiles, variables: &Variables) -> Result<Self, Fault> {
        let excerpt = files.excerpt(profile).await?;
        let sections = excerpt.parse().await?;
        let variables = variables.without_ambient();
        let chain = Chain::of(&sections)?;
        let session = chain.sso().cloned();
        let files = Lookup { env: variables.env(), sections };
        Ok(Self { excerpt: Some(excerpt), chain, session, variables, given: None, files })
    }

    /// Those of the ambient environment: variables alone.
    pub fn ambient(variables: &Variables) -> Self {
        let files = Lookup { env: variables.env(), sections: EnvConfigSections::default() };
        let variables = variables.clone();
        Self { excerpt: None, chain: Chain::ambient(), session: None, variables, given: None, files }
    }

    /// Those of an environment that has no AWS account.
    pub fn nothing() -> Self {
        Self { chain: Chain::nothing(), ..Self::ambient(&Variables::default()) }
    }

    /// Those of an environment that brings its credentials along and has no files. When they have ended, a person signs in for
    /// new ones to the one session of all such environments.
    pub fn given(credentials: SharedCredentialsProvider) -> Self {
        let session = SsoSession {
            name: Some("estate".to_owned()),
            start_url: "https://estate.example/start".to_owned(),
            region: "eu-central-1".to_owned(),
            scopes: Vec::new(),
        };
        Self { session: Some(session), given: Some(credentials), ..Self::ambient(&Variables::default()) }
    }

    /// The profile's own region.
    pub fn region(&self) -> Option<&str> {
        self.files.sections.get("region")
    }

    /// An SDK configuration for a region. Credentials are cached by their provider, never by the SDK, so that none is used that
    /// was not attested.
    pub fn sdk(
        &self,
        region: &str,
        http: SharedHttpClient,
        credentials: Option<SharedCredentialsProvider>,
        patience: Patience,
    ) -> SdkConfig {
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(http)
            .identity_cache(IdentityCache::no_cache())
            .retry_config(retries())
            .timeout_config(patience.timeouts())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            // Answers are small and have timeouts; a live tail may rightly be silent for hours.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        sdk.set_credentials_provider(credentials);
        sdk.set_app_name(AppName::new("quarterdeck").ok());
        sdk.set_use_fips(self.files.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
        sdk.set_use_dual_stack(self.files.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"));
        if self.files.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") != Some(true) {
            sdk = sdk.service_config(self.files.clone());
        }
        sdk.build()
    }
}

impl Lookup {
    fn flag(&self, variable: &str, key: &str) -> Option<bool> {
        let (value, _) = EnvConfigValue::new().env(variable).profile(key).load(&self.env, Some(&self.sections))?;
        value.trim().to_ascii_lowercase().parse().ok()
    }
}

impl LoadServiceConfig for Lookup {
    /// In a `services` section the documentation writes `cloudwatch_logs`, the Rust SDK looks for `cloudwatch-logs`. Both count.
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let setting = || EnvConfigValue::new().env(key.env()).profile(key.profile());
        let load = |value: EnvConfigValue| Some(value.load(&self.env, Some(&self.sections))?.0.into_owned());
        let general = load(setting());
        let underscored = key.service_id().replace(' ', "_");
        let own = [underscored.as_str(), key.service_id()].map(|id| load(setting().service_id(id)));
        own.into_iter().find(|own| *own != general).unwrap_or(general)
    }
}

/// Credentials that are just there.
pub fn fixed(credentials: Credentials) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(credentials)
}
