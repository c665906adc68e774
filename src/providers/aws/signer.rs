//! The credentials of one environment, held and renewed: nothing is signed with a set of credentials before STS has said that it
//! belongs to the account the environment must be. One renewal at a time, whoever asks; a fresh failure is shared.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::calls::CallStats;
use super::credentials::{MARGIN, Resolver, Sessions, sso};
use super::fault::{fault, invalid};
use super::guard::Tag;
use super::pins::Pins;
use super::settings::Settings;
use super::variables::Variables;
use crate::model::{Environment, Fault, FaultClass, Identity};
use crate::providers::restraint::Restraint;

/// Credentials without an end are resolved again after this long: whoever gives them may have changed them.
const ENDLESS: Duration = Duration::from_mins(15);

/// Credentials that end are renewed this long before.
const EARLY: Duration = Duration::from_mins(5);

/// A failure this fresh is the answer to whoever asks next.
const FRESH: Duration = Duration::from_secs(3);

/// No way to credentials takes longer.
const PATIENCE: Duration = Duration::from_secs(75);

/// What all environments share.
#[derive(Debug)]
pub struct Shared {
    /// The process's variables.
    pub variables: Variables,
    /// Which account an environment is.
    pub pins: Arc<Pins>,
    /// Sessions bought with a code.
    pub sessions: Sessions,
    /// One refresh at a time for each SSO session.
    pub locks: sso::Locks,
}

/// The HTTP clients of an environment: what may be sent through each is decided there.
#[derive(Clone, Debug)]
pub struct Gates {
    /// Reads.
    pub reads: SharedHttpClient,
    /// Reads for plans and permitted changes, on connections of their own.
    pub acting: SharedHttpClient,
    /// Sign-in calls.
    pub sign_in: SharedHttpClient,
    /// Metadata of instance and container.
    pub metadata: SharedHttpClient,
}

/// Holds the credentials of an environment.
#[derive(Debug)]
pub struct Signer {
    environment: Arc<Environment>,
    shared: Arc<Shared>,
    gates: Gates,
    tag: Tag,
    /// Only counts: that a refresh token has ended says nothing of the held credentials.
    sign_in_tag: Tag,
    settings: Arc<Settings>,
    /// A service has said that the held credentials are no longer good.
    distrusted: Arc<AtomicBool>,
    held: RwLock<Option<Arc<Held>>>,
    failed: Mutex<Option<(Instant, Fault)>>,
    /// Holds the program of the chain back, where it starts with one.
    program: Restraint,
    renewing: Arc<tokio::sync::Mutex<()>>,
}

/// Credentials and whose they are.
#[derive(Debug)]
pub struct Held {
    credentials: Credentials,
    renew_at: SystemTime,
    /// Who answered for them.
    pub identity: Arc<Identity>,
}

impl Signer {
    /// Nothing is resolved before it is asked for.
    pub fn new(
        environment: Arc<Environment>,
        shared: Arc<Shared>,
        gates: Gates,
        settings: Arc<Settings>,
        stats: Arc<CallStats>,
        program: Restraint,
    ) -> Self {
        let distrusted = Arc::new(AtomicBool::new(false));
        Self {
            environment,
            shared,
            gates,
            tag: Tag::new(Arc::clone(&stats), Arc::clone(&distrusted)),
            sign_in_tag: Tag::new(stats, Arc::default()),
            settings,
            distrusted,
            held: RwLock::default(),
            failed: Mutex::default(),
            program,
            renewing: Arc::default(),
        }
    }

    /// What the files say.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The interceptor of every client that signs with these credentials.
    pub fn tag(&self) -> Tag {
        self.tag.clone()
    }

    /// The HTTP clients.
    pub fn gates(&self) -> &Gates {
        &self.gates
    }

    /// Attested credentials, renewed if they must be.
    pub async fn attested(self: &Arc<Self>) -> Result<Arc<Held>, Fault> {
        match self.usable() {
            Some(held) => Ok(held),
            None => self.renewed(None).await,
        }
    }

    /// The same, with a device's code to buy a session with.
    pub async fn attested_with(self: &Arc<Self>, code: &str) -> Result<Arc<Held>, Fault> {
        self.forgive();
        self.renewed(Some(code.to_owned())).await
    }

    /// Why credentials could not be had, the last time.
    pub fn failure(&self) -> Option<Fault> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, fault)| fault.clone())
    }

    /// Who answered last for the held credentials.
    pub fn identity(&self) -> Option<Arc<Identity>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|held| Arc::clone(&held.identity))
    }

    fn failed_just_now(&self) -> Option<Fault> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, fault)| fault.clone())
    }

    /// The reason for the last failure may be gone: the next one to ask tries again.
    pub fn forgive(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.program.forgive();
    }

    /// Holds the program of the chain back.
    pub fn program(&self) -> &Restraint {
        &self.program
    }

    fn usable(&self) -> Option<Arc<Held>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        (!self.distrusted.load(Ordering::Relaxed) && SystemTime::now() < held.renew_at).then_some(held)
    }

    /// Renews in a task of its own: whoever waits may give up, a code or a refresh token that was spent must not be lost.
    async fn renewed(self: &Arc<Self>, code: Option<String>) -> Result<Arc<Held>, Fault> {
        let signer = Arc::clone(self);
        let task = tokio::spawn(async move {
            let _renewing = Arc::clone(&signer.renewing).lock_owned().await;
            if let Some(held) = signer.usable().filter(|_| code.is_none()) {
                return Ok(held);
            }
            if let Some(fault) = signer.failed_just_now() {
                return signer.in_spite_of(fault);
            }
            let name = &signer.environment.name;
            let renewal = tokio::time::timeout(PATIENCE, signer.renew(code.as_deref())).await.unwrap_or_else(|_| {
                Err(Fault::new(FaultClass::TimedOut, format!("the credentials of {name} took too long")))
            });
            signer.keep(renewal)
        });
        task.await.unwrap_or_else(|error| Err(Fault::new(FaultClass::Bug, error.to_string())))
    }

    /// Remembers how a renewal ended.
    fn keep(&self, renewal: Result<Arc<Held>, Fault>) -> Result<Arc<Held>, Fault> {
        match renewal {
            Ok(new) => {
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&new));
                self.distrusted.store(false, Ordering::Relaxed);
                self.forgive();
                Ok(new)
            }
            Err(fault) => {
                let fault = self.explain(fault);
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), fault.clone()));
                self.in_spite_of(fault)
            }
        }
    }

    /// Credentials that still last a while are good in spite of a failure to renew them, unless it is about whose they are.
    fn in_spite_of(&self, fault: Fault) -> Result<Arc<Held>, Fault> {
        let trusted =
            !self.distrusted.load(Ordering::Relaxed) && !matches!(fault.class, FaultClass::WrongAccount { .. });
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        let lasts = |held: &Arc<Held>| held.credentials.expiry().is_some_and(|end| end > SystemTime::now() + MARGIN);
        held.filter(|held| trusted && lasts(held)).ok_or(fault)
    }

    async fn renew(&self, code: Option<&str>) -> Result<Arc<Held>, Fault> {
        let credentials = self.resolver().resolve(code).await?;
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        let same = held.filter(|held| {
            held.credentials.access_key_id() == credentials.access_key_id() && !self.distrusted.load(Ordering::Relaxed)
        });
        let identity = match same {
            Some(held) => Arc::clone(&held.identity),
            None => self.attest(&credentials).await?,
        };
        let now = SystemTime::now();
        let renew_at = match credentials.expiry() {
            None => now + ENDLESS,
            // Sessions that are short from the start are renewed at half their time.
            Some(end) => end - end.duration_since(now).unwrap_or_default().div_f64(2.0).min(EARLY),
        };
        Ok(Arc::new(Held { credentials, renew_at, identity }))
    }

    /// Who answers to the held credentials, asked now.
    pub async fn caller(self: &Arc<Self>) -> Result<Arc<Identity>, Fault> {
        let held = self.attested().await?;
        self.attest(&held.credentials).await
    }

    /// Whose credentials these are; a fault unless it is the account the environment must be.
    async fn attest(&self, credentials: &Credentials) -> Result<Arc<Identity>, Fault> {
        const OP: &str = "sts:GetCallerIdentity";
        let sts = self.resolver().sts(Some(credentials.clone()));
        let caller = sts.get_caller_identity().send().await.map_err(|error| fault(OP, &error))?;
        let account = caller.account.ok_or_else(|| invalid(OP, "account"))?;
        self.shared.pins.check(&self.environment, &account).await?;
        let arn = crate::model::text::clean(caller.arn.as_deref().unwrap_or_default()).into();
        Ok(Arc::new(Identity { account: account.into(), alias: None, arn }))
    }

    /// As if it were time to renew.
    #[cfg(test)]
    pub fn outdate(&self) {
        let mut held = self.held.write().unwrap();
        let old = held.take().unwrap();
        let (credentials, identity) = (old.credentials.clone(), Arc::clone(&old.identity));
        *held = Some(Arc::new(Held { credentials, renew_at: SystemTime::UNIX_EPOCH, identity }));
    }

    /// What carries the chain out.
    pub fn resolver(&self) -> Resolver<'_> {
        Resolver {
            settings: &self.settings,
            process: &self.shared.variables,
            environment: &self.environment.name,
            region: self.environment.regions.first().map_or("us-east-1", |region| region),
            sign_in: self.gates.sign_in.clone(),
            metadata: self.gates.metadata.clone(),
            tag: self.sign_in_tag.clone(),
            sessions: &self.shared.sessions,
            locks: &self.shared.locks,
            program: &self.program,
        }
    }

    /// Says which command renews credentials that have ended, and whether the console itself can.
    pub fn explain(&self, mut fault: Fault) -> Fault {
        if let FaultClass::Expired { renew, sign_in } = &mut fault.class
            && renew.is_none()
            && self.settings.session.is_some()
        {
            *sign_in = true;
            *renew = self.environment.profile.as_ref().map(|profile| format!("aws sso login --profile {profile}"));
        }
        fault
    }
}

/// Gives the SDK's clients attested credentials only.
#[derive(Debug)]
pub struct Attested(pub Arc<Signer>);

impl ProvideCredentials for Attested {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let held = self.0.attested().await.map_err(CredentialsError::provider_error)?;
            Ok(held.credentials.clone())
        })
    }
}
