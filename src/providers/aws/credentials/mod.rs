//! Carries a chain out: base credentials, the code of a device where one is wanted, roles one after the other. Everything here may
//! only sign in; nothing interactive is ever started.

mod base;
mod process;
mod roles;
pub mod sso;
pub mod token;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::chain::{Base, Chain};
use super::guard::Tag;
use super::settings::{Settings, fixed};
use super::transport::Patience;
use super::variables::Variables;
use crate::model::{Fault, FaultClass};
use crate::providers::restraint::Restraint;

/// A session that ends sooner than this is as good as over.
pub const MARGIN: Duration = Duration::from_mins(1);

/// What a sign-in needs.
pub struct Resolver<'a> {
    /// What the files say.
    pub settings: &'a Settings,
    /// The process's variables, for what asks for ambient credentials by name.
    pub process: &'a Variables,
    /// The environment's name: sessions that can't be shared are kept under it.
    pub environment: &'a str,
    /// Where STS is asked.
    pub region: &'a str,
    /// May only sign in.
    pub sign_in: SharedHttpClient,
    /// May only read the metadata of instance and container.
    pub metadata: SharedHttpClient,
    /// Tags and counts.
    pub tag: Tag,
    /// Sessions bought with a code.
    pub sessions: &'a Sessions,
    /// One refresh at a time for each SSO session.
    pub locks: &'a sso::Locks,
    /// Holds the program of the chain back, where it starts with one.
    pub program: &'a Restraint,
}

/// Sessions bought with the code of a device, in memory for their lifetime only. Environments with the same keys and device share one.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<String, Credentials>>);

impl Sessions {
    fn live(&self, key: &str) -> Option<Credentials> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.expiry().is_none_or(|end| end > SystemTime::now() + MARGIN));
        sessions.get(key).cloned()
    }

    fn keep(&self, key: String, session: Credentials) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, session);
    }
}

/// What a code is exchanged for.
enum Purchase {
    /// A session of the keys themselves; every role after it inherits that the code was given.
    Session,
    /// The first role: the base is no long-term key, which alone can buy a session.
    FirstRole,
}

impl Resolver<'_> {
    /// The credentials at the end of the chain. A device's code, where it is given, buys the session that is missing.
    pub async fn resolve(&self, code: Option<&str>) -> Result<Credentials, Fault> {
        if let Some(given) = &self.settings.given {
            return base::provided("what is given", given.provide_credentials().await);
        }
        let chain = &self.settings.chain;
        let (mut credentials, from) = match self.purchase(chain) {
            None => (self.base().await?, 0),
            Some((serial, purchase)) => {
                let skip = usize::from(matches!(purchase, Purchase::FirstRole));
                (self.session(serial, &purchase, code).await?, skip)
            }
        };
        for role in chain.roles.iter().skip(from) {
            credentials = self.assume(role, credentials, None).await?;
        }
        Ok(credentials)
    }

    /// Whether a code is wanted: of which device, and for what.
    fn purchase<'c>(&self, chain: &'c Chain) -> Option<(&'c str, Purchase)> {
        let serial = chain.mfa_serial.as_deref()?;
        let long_term = match &chain.base {
            Base::Keys { token, .. } => token.is_none(),
            Base::Environment => self.ambient("AWS_SESSION_TOKEN").is_none(),
            _ => false,
        };
        match (long_term, chain.roles.is_empty()) {
            (true, _) => Some((serial, Purchase::Session)),
            (false, false) => Some((serial, Purchase::FirstRole)),
            // Nothing in the chain could take the code.
            (false, true) => None,
        }
    }

    /// The live session of a device, bought now if there is a code.
    async fn session(&self, serial: &str, purchase: &Purchase, code: Option<&str>) -> Result<Credentials, Fault> {
        let chain = &self.settings.chain;
        let key = match (purchase, &chain.base) {
            (Purchase::Session, Base::Keys { id, .. }) => format!("{id} {serial}"),
            _ => format!("{} {serial}", self.environment),
        };
        if let Some(session) = self.sessions.live(&key) {
            return Ok(session);
        }
        let Some(code) = code else {
            let class = FaultClass::NeedsCode { serial: serial.to_owned() };
            return Err(Fault::new(class, format!("the code of {serial} is needed")));
        };
        let base = self.base().await?;
        let session = match (purchase, chain.roles.first()) {
            (Purchase::FirstRole, Some(role)) => self.assume(role, base, Some((serial, code))).await?,
            _ => self.session_token(base, serial, code).await?,
        };
        self.sessions.keep(key, session.clone());
        Ok(session)
    }

    /// An STS client that may only sign in.
    pub fn sts(&self, credentials: Option<Credentials>) -> aws_sdk_sts::Client {
        let region = self.settings.region().unwrap_or(self.region);
        let sdk = self.settings.sdk(region, self.sign_in.clone(), credentials.map(fixed), Patience::SIGN_IN);
        let config = aws_sdk_sts::config::Builder::from(&sdk).interceptor(self.tag.clone());
        aws_sdk_sts::Client::from_conf(config.build())
    }
}
