//! What a chain starts from.

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};

use super::{Resolver, process, sso};
use crate::model::{Fault, FaultClass};
use crate::providers::aws::chain::Base;
use crate::providers::aws::fault::{expired, words};

impl Resolver<'_> {
    /// The credentials that the chain starts from.
    pub(super) async fn base(&self) -> Result<Credentials, Fault> {
        match &self.settings.chain.base {
            Base::Keys { id, secret, token } => Ok(Credentials::new(id, secret, token.clone(), None, "quarterdeck")),
            Base::Sso { session, account, role } => sso::role_credentials(self, session, account, role).await,
            Base::WebIdentity { role_arn, token_file, session_name } => {
                self.web_identity(role_arn, token_file, session_name.as_deref()).await
            }
            Base::Process(command) => self.program.run(process::run(command, &self.settings.variables)).await,
            Base::Environment => {
                self.environment_keys().unwrap_or_else(|| Err(none("no keys in the environment variables")))
            }
            Base::Instance => {
                let provider = ImdsCredentialsProvider::builder().configure(&self.metadata_config()).build();
                provided("the instance's role", provider.provide_credentials().await)
            }
            Base::Container => {
                let provider = EcsCredentialsProvider::builder().configure(&self.metadata_config()).build();
                provided("the container's role", provider.provide_credentials().await)
            }
            Base::Ambient => self.ambient_credentials().await,
            Base::Nothing => Err(Fault::new(FaultClass::Invalid, format!("{} has no AWS account", self.environment))),
        }
    }

    /// A variable as the process has it, ambient or not: only for what asks for it by name.
    pub(super) fn ambient(&self, name: &str) -> Option<&str> {
        self.process.get(name)
    }

    /// Keys, web identity, container: in the SDKs' order, and only these.
    async fn ambient_credentials(&self) -> Result<Credentials, Fault> {
        if let Some(keys) = self.environment_keys() {
            return keys;
        }
        if let (Some(file), Some(role)) = (self.ambient("AWS_WEB_IDENTITY_TOKEN_FILE"), self.ambient("AWS_ROLE_ARN")) {
            return self.web_identity(role, file, self.ambient("AWS_ROLE_SESSION_NAME")).await;
        }
        let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
        if container.iter().any(|name| self.ambient(name).is_some()) {
            let provider = EcsCredentialsProvider::builder().configure(&self.metadata_config()).build();
            return provided("the container's role", provider.provide_credentials().await);
        }
        Err(none("no ambient credentials"))
    }

    fn environment_keys(&self) -> Option<Result<Credentials, Fault>> {
        let id = self.ambient("AWS_ACCESS_KEY_ID")?;
        let Some(secret) = self.ambient("AWS_SECRET_ACCESS_KEY") else {
            return Some(Err(none("AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not")));
        };
        let token = self.ambient("AWS_SESSION_TOKEN").map(str::to_owned);
        Some(Ok(Credentials::new(id, secret, token, None, "quarterdeck")))
    }

    fn metadata_config(&self) -> ProviderConfig {
        ProviderConfig::without_region()
            .with_http_client(self.metadata.clone())
            .with_sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
    }
}

fn none(what: &str) -> Fault {
    expired(what.to_owned())
}

/// What one of the SDK's own providers says.
pub(super) fn provided(what: &str, result: Result<Credentials, CredentialsError>) -> Result<Credentials, Fault> {
    result.map_err(|error| {
        let fault = match &error {
            CredentialsError::ProviderTimedOut(_) => {
                Fault::new(FaultClass::TimedOut, format!("{what}: no answer in time"))
            }
            _ => expired(format!("{what} gives no credentials")),
        };
        fault.with_raw(words(&error))
    })
}
