//! The built-in estate: customers' AWS accounts inside the process, behind the SDK's HTTP client interface.
//!
//! `world` is the model, `wire` speaks AWS's protocols over it, `kube` that of Kubernetes, `faults` makes trouble. The rest of the
//! program reaches it only through [`Estate`], and from the SDK clients' point of view it is AWS. It must not know the console.

mod coming;
pub mod faults;
mod kube;
mod wire;
pub mod world;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use jiff::Timestamp;

use coming::Coming;
pub use faults::Faults;
pub use kube::KubeService;
use world::{Account, Clock, World};

/// The estate. Clones are the same estate; one is enough for a process.
#[derive(Clone)]
pub struct Estate(Arc<Shared>);

/// What an environment of the estate is called, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstateEnvironment {
    /// Such as `dhbw-prod`.
    pub name: String,
    /// Whose it is, such as `dhbw`.
    pub customer: String,
    /// `prod`, `staging`, `test` or `dev`.
    pub stage: String,
    /// The account's twelve digits.
    pub account: String,
    /// The account's alias.
    pub alias: String,
    /// The one region that has something in it.
    pub region: String,
    /// What its AWS profile would be called.
    pub profile: String,
    /// Where its Terraform keeps its states.
    pub backends: Vec<world::StateBackend>,
}

/// Environment, service and operation of a call.
pub type CallKey = (String, String, String);

/// A call that was meant to change something, whatever came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// In which environment, of which service, which operation.
    pub call: CallKey,
    /// The parameters as they came over the wire.
    pub input: serde_json::Value,
}

/// So many of the newest calls that change something are kept.
const CHANGES_KEPT: usize = 1_000;

struct Shared {
    world: Coming,
    environments: Vec<EstateEnvironment>,
    clock: Clock,
    seed: u64,
    faults: Faults,
    calls: Mutex<BTreeMap<CallKey, u64>>,
    changes: Mutex<VecDeque<Changed>>,
    under_way: AtomicUsize,
    most_at_once: AtomicUsize,
    rounds: AtomicUsize,
    requests: AtomicU64,
}

impl Estate {
    /// The seven environments of the runbooks.
    pub fn new(seed: u64, clock: Clock) -> Self {
        let start = clock.now();
        Self::with(World::begun(seed, start), |world| Coming::through(world, start), seed, clock)
    }

    /// An estate to measure with: so many environments with so many services each.
    pub fn sized(seed: u64, clock: Clock, environments: usize, services_each: usize) -> Self {
        Self::with(World::sized(seed, clock.now(), environments, services_each), Coming::ready, seed, clock)
    }

    /// An estate to measure with: one cluster, `bench` of `kube-000`, with that many pods, of which so many are restarted each second.
    pub fn with_pods(seed: u64, clock: Clock, pods: usize, churn: u32) -> Self {
        Self::with(World::with_pods(seed, clock.now(), pods, churn), Coming::ready, seed, clock)
    }

    fn with(world: World, coming: impl FnOnce(World) -> Coming, seed: u64, clock: Clock) -> Self {
        let names = world.names().map(str::to_owned).collect();
        Self(Arc::new(Shared {
            environments: world.accounts().iter().map(EstateEnvironment::of).collect(),
            world: coming(world),
            clock,
            seed,
            faults: Faults::new(names),
            calls: Mutex::default(),
            changes: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            rounds: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
        }))
    }

    /// The environments, in the order of the estate.
    pub fn environments(&self) -> Vec<EstateEnvironment> {
        self.0.environments.clone()
    }

    /// The HTTP client through which SDK clients reach that environment's account. `None`: no such environment.
    pub fn http_client(&self, environment: &str) -> Option<SharedHttpClient> {
        self.0.world().account(environment)?;
        Some(SharedHttpClient::new(wire::EstateClient::new(Arc::clone(&self.0), environment)))
    }

    /// What that environment's account answers to a request, however it came.
    pub async fn answer(&self, environment: &str, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        wire::EstateClient::new(Arc::clone(&self.0), environment).answer(request).await
    }

    /// Credentials to sign with; any do.
    pub fn credentials(&self) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Credentials::new(
            "AKIAQUARTERDECKDEMO0",
            "built-in-estate",
            None,
            None,
            "built-in estate",
        ))
    }

    /// The trouble it makes; rules can be added and taken back at any time.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// How many calls there were, by environment, service and operation.
    pub fn calls(&self) -> BTreeMap<CallKey, u64> {
        self.0.calls().clone()
    }

    /// The most calls that were under way at the same moment.
    pub fn most_at_once(&self) -> usize {
        self.0.most_at_once.load(Ordering::Relaxed)
    }

    /// How many answers came one after the other, each asked for when the one before was there: with the same latency for all,
    /// how many times it was waited for.
    pub fn rounds(&self) -> usize {
        self.0.rounds.load(Ordering::Relaxed)
    }

    /// Starts counting calls anew.
    pub fn reset_calls(&self) {
        self.0.calls().clear();
        self.0.most_at_once.store(0, Ordering::Relaxed);
        self.0.rounds.store(0, Ordering::Relaxed);
        self.0.changes().clear();
    }

    /// The calls that were meant to change something, in the order they came.
    pub fn changes(&self) -> Vec<Changed> {
        self.0.changes().iter().cloned().collect()
    }

    /// The time by the estate's clock.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.world()
    }

    fn calls(&self) -> MutexGuard<'_, BTreeMap<CallKey, u64>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changes(&self) -> MutexGuard<'_, VecDeque<Changed>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, and keeps what it asks for if it is to change something.
    fn count(&self, environment: &str, route: &wire::Route) {
        let call = (environment.to_owned(), route.service.name().to_owned(), route.operation.clone());
        *self.calls().entry(call.clone()).or_default() += 1;
        if wire::changes(&route.operation) {
            let input = route.input.as_ref().map(|input| input.0.clone()).unwrap_or_default();
            self.keep(Changed { call, input });
        }
    }

    /// Keeps a call that changes something.
    fn keep(&self, changed: Changed) {
        let mut changes = self.changes();
        changes.push_back(changed);
        let over = changes.len().saturating_sub(CHANGES_KEPT);
        changes.drain(..over);
    }

    /// A call is under way as long as this lives.
    fn begin(&self) -> UnderWay<'_> {
        let others = self.under_way.fetch_add(1, Ordering::Relaxed);
        self.most_at_once.fetch_max(others + 1, Ordering::Relaxed);
        UnderWay { shared: self, round: self.rounds.load(Ordering::Relaxed) + 1 }
    }
}

struct UnderWay<'s> {
    shared: &'s Shared,
    /// One more than what had been answered when it began.
    round: usize,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.shared.under_way.fetch_sub(1, Ordering::Relaxed);
        self.shared.rounds.fetch_max(self.round, Ordering::Relaxed);
    }
}

impl EstateEnvironment {
    fn of(account: &Account) -> Self {
        let name = &account.environment;
        let stages = ["prod", "staging", "test", "dev"];
        // Those of a sized estate are numbered, and are nobody's.
        let (customer, stage) =
            name.rsplit_once('-').filter(|(_, stage)| stages.contains(stage)).unwrap_or((name, "test"));
        Self {
            name: name.clone(),
            customer: customer.to_owned(),
            stage: stage.to_owned(),
            account: account.id.clone(),
            alias: account.alias.clone(),
            region: account.region.clone(),
            profile: name.clone(),
            backends: account.backends.clone(),
        }
    }
}

impl fmt::Debug for Estate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Estate").field("seed", &self.0.seed).finish_non_exhaustive()
    }
}
