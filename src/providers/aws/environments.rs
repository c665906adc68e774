//! The environments by name: whose credentials, which clients, who answers. One environment's trouble is its own: what it waits
//! for is waited for by nobody else.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use indexmap::IndexMap;

use super::Aws;
use super::calls::{CallStats, Calls};
use super::files::AwsFiles;
use super::guard;
use super::pins::Pins;
use super::settings::Settings;
use super::signer::{Gates, Shared, Signer};
use super::transport::{Patience, Transport};
use super::variables::Variables;
use crate::model::{Environment, Fault, FaultClass, Identity, Scope, text};
use crate::providers::kube::{self, Clusters, Ground, KubeSource, Moves, Stand, eks};
use crate::providers::restraint::{Attention, Restraint};
use crate::providers::{Acting, Env};

mod current;
mod elsewhere;
mod files;
mod kubernetes;
mod signing_in;

use current::Current;
pub use elsewhere::Around;
use elsewhere::Lane;

/// What signing in may call.
const SIGN_IN: [&str; 8] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithWebIdentity",
    "sts:GetCallerIdentity",
    "sts:GetSessionToken",
    "sso:GetRoleCredentials",
    "sso-oidc:CreateToken",
    "sso-oidc:RegisterClient",
    "sso-oidc:StartDeviceAuthorization",
];

/// What is read here besides what kinds read.
const READS: [&str; 1] = ["iam:ListAccountAliases"];

/// An account's alias is a nicety: nobody waits longer for it.
const ALIAS_PATIENCE: Duration = Duration::from_secs(5);

/// HTTP client and credentials of an environment by its name.
pub type Estate = Arc<dyn Fn(&str) -> Option<(SharedHttpClient, SharedCredentialsProvider)> + Send + Sync>;

/// Where environments get their credentials and connections.
pub enum Source {
    /// The AWS files and variables, the kubeconfig, and the network.
    Files {
        /// The process's environment variables.
        variables: Variables,
        /// Where pinned accounts are kept; in memory only without it.
        pins: Option<PathBuf>,
    },
    /// Something that stands in for AWS and for the API servers of clusters.
    Estate {
        /// By the environment's name.
        aws: Estate,
        /// By the names of environment and cluster.
        kube: Stand,
    },
}

/// All environments.
pub struct Environments {
    members: RwLock<IndexMap<Arc<str>, Arc<Member>>>,
    /// Accounts that environments keep their states in, by names like `dhbw-prod@shared-state`.
    hidden: Mutex<HashMap<Arc<str>, Arc<Member>>>,
    me: Weak<Self>,
    origin: Origin,
    shared: Arc<Shared>,
    moves: Arc<Moves>,
    ground: Ground,
    reads: Arc<HashSet<&'static str>>,
    sign_ins: Arc<HashSet<&'static str>>,
}

enum Origin {
    Files {
        /// The AWS files as last read.
        files: RwLock<Option<Arc<AwsFiles>>>,
        /// Connections of the reads that feed the screen.
        http: Pool,
        /// Connections of the lane that changes go by, so that no queue of reads delays one.
        acting: Pool,
    },
    Estate(Estate),
}

/// Connections.
struct Pool {
    http: SharedHttpClient,
    /// What has to be made before the first one; none behind a stand-in.
    transport: Option<Transport>,
}

impl Pool {
    fn new(variables: &Variables, patience: Patience) -> Self {
        let transport = Transport::new(variables.clone(), patience);
        Self { http: SharedHttpClient::new(transport.clone()), transport: Some(transport) }
    }

    async fn warm(&self) {
        if let Some(transport) = &self.transport {
            transport.warm().await;
        }
    }
}

/// One environment.
struct Member {
    environment: Arc<Environment>,
    /// The environment whose states it holds, where it is not one by itself.
    owned_by: Option<Arc<str>>,
    stats: Arc<CallStats>,
    attention: Arc<Attention>,
    current: Mutex<Option<Arc<Current>>>,
    /// Why there is no current one, when that is the files' fault.
    broken: Mutex<Option<Fault>>,
}

impl Environments {
    /// These environments. `reads` are the operations that kinds call, in IAM's spelling; nothing else that is not known to only
    /// read ever leaves the process.
    pub fn new(list: Vec<Environment>, source: Source, reads: Vec<&'static str>) -> Arc<Self> {
        match source {
            Source::Estate { aws, kube } => {
                Self::build(list, (Origin::Estate(aws), Ground::Stand(kube)), Variables::default(), None, reads)
            }
            Source::Files { variables, pins } => {
                let (http, acting) = (Pool::new(&variables, Patience::READ), Pool::new(&variables, Patience::WRITE));
                let origin = Origin::Files { files: RwLock::default(), http, acting };
                let ground = Ground::Files(Arc::new(KubeSource::new(variables.clone())));
                Self::build(list, (origin, ground), variables, pins, reads)
            }
        }
    }

    fn build(
        list: Vec<Environment>,
        (origin, ground): (Origin, Ground),
        variables: Variables,
        pins: Option<PathBuf>,
        reads: Vec<&'static str>,
    ) -> Arc<Self> {
        let (reads, others): (HashSet<_>, HashSet<_>) =
            READS.into_iter().chain(eks::READS).chain(reads).partition(|operation| only_reads(operation));
        for operation in others {
            tracing::error!(operation, "is no read, and will be refused");
        }
        let shared = Shared {
            variables,
            pins: Arc::new(Pins::new(pins)),
            sessions: super::credentials::Sessions::default(),
            locks: super::credentials::sso::Locks::default(),
        };
        let environments = Arc::new_cyclic(|me| Self {
            members: RwLock::default(),
            hidden: Mutex::default(),
            me: Weak::clone(me),
            origin,
            shared: Arc::new(shared),
            moves: Arc::default(),
            ground,
            reads: Arc::new(reads),
            sign_ins: Arc::new(HashSet::from(SIGN_IN)),
        });
        environments.set(list);
        environments
    }

    /// The environments are now these. Those that stay as they were keep their clients.
    pub fn set(&self, list: Vec<Environment>) {
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        let new = list.into_iter().map(|environment| {
            let old = members.get(&environment.name).filter(|member| *member.environment == environment);
            let member = old.cloned().unwrap_or_else(|| Arc::new(self.member_of(environment)));
            (Arc::clone(&member.environment.name), member)
        });
        let new: IndexMap<_, _> = new.collect();
        let stays = |member: &Member| {
            let owner = member.owned_by.as_ref();
            owner.is_some_and(|owner| match (members.get(owner), new.get(owner)) {
                (Some(before), Some(now)) => Arc::ptr_eq(before, now),
                _ => false,
            })
        };
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, member| stays(member));
        *members = new;
    }

    fn member_of(&self, environment: Environment) -> Member {
        let operations = self.reads.union(&self.sign_ins).copied().chain(kube::OPERATIONS);
        Member {
            environment: Arc::new(environment),
            owned_by: None,
            stats: Arc::new(CallStats::new(operations)),
            attention: Arc::default(),
            current: Mutex::default(),
            broken: Mutex::default(),
        }
    }

    /// All of them, in the order they were given.
    pub fn list(&self) -> Vec<Arc<Environment>> {
        self.members().iter().map(|member| Arc::clone(&member.environment)).collect()
    }

    /// The attested clients of an environment and region.
    pub async fn env(&self, scope: &Scope) -> Result<Arc<Env>, Fault> {
        let member = self.member(&scope.environment)?;
        let current = self.current(&member).await?;
        let held = current.signer.attested().await?;
        let mut clients = current.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let env = clients.entry(Arc::clone(&scope.region)).or_insert_with(|| {
            let aws = current.aws(&scope.region);
            Arc::new(self.env_of(&member, &current, scope, &held.identity, (aws, Lane::Reads)))
        });
        Ok(Arc::clone(env))
    }

    /// The environment of this name.
    pub fn named(&self, name: &str) -> Option<Arc<Environment>> {
        self.member(name).ok().map(|member| Arc::clone(&member.environment))
    }

    fn env_of(
        &self,
        member: &Member,
        current: &Current,
        scope: &Scope,
        identity: &Arc<Identity>,
        (aws, lane): (Aws, Lane),
    ) -> Env {
        Env {
            scope: scope.region_scope(),
            environment: Arc::clone(&member.environment),
            identity: Arc::clone(identity),
            aws,
            memory: Arc::clone(&current.memory),
            kube: Arc::clone(&current.kube),
            around: Around { environments: Weak::clone(&self.me), lane },
        }
    }

    /// What an action reads with in an environment and region: clients on connections of their own. Made anew for each, since few
    /// are wanted.
    async fn acting_env(&self, scope: &Scope) -> Result<Env, Fault> {
        let member = self.member(&scope.environment)?;
        let current = self.current(&member).await?;
        if let Origin::Files { acting, .. } = &self.origin {
            acting.warm().await;
        }
        let held = current.signer.attested().await?;
        let aws = current.aws_on(current.signer.gates().acting.clone(), &scope.region);
        Ok(self.env_of(&member, &current, scope, &held.identity, (aws, Lane::Acting)))
    }

    /// What an action is given in an environment and region.
    pub async fn acting(&self, scope: &Scope) -> Result<Arc<Acting>, Fault> {
        let env = self.acting_env(scope).await?;
        let current = self.current(&*self.member(&scope.environment)?).await?;
        let profile = env.environment.profile.clone();
        let account = Arc::clone(&current.signer.attested().await?.identity.account);
        let writes = current.writes_on(current.signer.gates().acting.clone(), &scope.region, Some(account));
        Ok(Arc::new(Acting { env, profile, writes, cluster: None, terminal: None }))
    }

    /// Who answers for an environment, asked now: the last check before a change.
    pub async fn caller(&self, scope: &Scope) -> Result<Arc<Identity>, Fault> {
        self.current(&*self.member(&scope.environment)?).await?.signer.caller().await
    }

    /// Who answers for an environment, with the account's alias where it has one and it may be read.
    pub async fn identity(&self, scope: &Scope) -> Result<Arc<Identity>, Fault> {
        if self.member(&scope.environment)?.environment.without_aws {
            return self.kube_identity(scope).await;
        }
        let current = self.current(&*self.member(&scope.environment)?).await?;
        let held = current.signer.attested().await?;
        let alias = current.alias.get_or_init(|| async {
            let aws = current.aws(&scope.region);
            let asked = tokio::time::timeout(ALIAS_PATIENCE, aws.iam().list_account_aliases().send()).await;
            let alias = asked.ok()?.ok()?.account_aliases.into_iter().next()?;
            Some(text::clean(&alias).into())
        });
        Ok(Arc::new(Identity { alias: alias.await.clone(), ..Identity::clone(&held.identity) }))
    }

    /// Everything made for this environment is made anew.
    pub fn forget(&self, environment: &str) {
        if let Ok(member) = self.member(environment) {
            *member.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Somebody looks at an environment: a program that gave no credentials for it is run again, if that is some time ago.
    pub fn look_at(&self, environment: &str) {
        if let Ok(member) = self.member(environment) {
            member.attention.look();
        }
    }

    /// Somebody wants an environment asked again now: programs that gave no credentials for it are run again.
    pub fn urge(&self, environment: &str) {
        for member in self.everyone().iter().filter(|member| &**member.seen_as() == environment) {
            if let Some(current) = member.loaded() {
                current.signer.program().forgive();
                current.kube.forgive();
            }
        }
    }

    /// Says in a fault of an environment which command renews its credentials, and whether the console itself can.
    pub fn explain(&self, fault: Fault, environment: &str) -> Fault {
        match self.member(environment).ok().and_then(|member| member.loaded()) {
            Some(current) => current.signer.explain(fault),
            None => fault,
        }
    }

    /// How often an environment's API was called.
    pub fn calls(&self, environment: &str) -> Calls {
        self.member(environment).map_or_else(|_| Calls::default(), |member| member.stats.snapshot())
    }

    fn members(&self) -> Vec<Arc<Member>> {
        self.members.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn member(&self, name: &str) -> Result<Arc<Member>, Fault> {
        let known = self.members.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(member) = known.or_else(|| self.elsewhere(name)) {
            return Ok(member);
        }
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        let near = text::near_misses(name, members.keys().map(|name| &**name)).join(", ");
        let hint = if near.is_empty() { String::new() } else { format!("; did you mean {near}?") };
        Err(Fault::new(FaultClass::Invalid, format!("there is no environment {name}{hint}")))
    }

    /// What an environment stands on, read from the files at first.
    async fn current(&self, member: &Member) -> Result<Arc<Current>, Fault> {
        if let Some(current) = member.loaded() {
            return Ok(current);
        }
        let made = self.make(member).await;
        *member.broken.lock().unwrap_or_else(PoisonError::into_inner) = made.as_ref().err().cloned();
        let made = made?;
        // Whoever was first counts, so that all share its credentials.
        let mut current = member.current.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(current.get_or_insert(made)))
    }

    async fn make(&self, member: &Member) -> Result<Arc<Current>, Fault> {
        let environment = &member.environment;
        let (http, acting, settings) = match &self.origin {
            Origin::Files { http, acting, .. } if environment.without_aws => {
                (http.http.clone(), acting.http.clone(), Settings::nothing())
            }
            Origin::Estate(estate) => {
                let (http, credentials) = estate(member.in_estate()).ok_or_else(|| {
                    Fault::new(FaultClass::Invalid, format!("{} is not in the estate", environment.name))
                })?;
                (http.clone(), http, Settings::given(credentials))
            }
            Origin::Files { files, http, acting } => {
                http.warm().await;
                let settings = match &environment.profile {
                    None => Settings::ambient(&self.shared.variables),
                    Some(profile) => {
                        let files = self.files(files).await?;
                        Settings::of_profile(profile, &files, &self.shared.variables).await?
                    }
                };
                (http.http.clone(), acting.http.clone(), settings)
            }
        };
        let gates = Gates {
            reads: guard::only(Arc::clone(&self.reads), http.clone()),
            acting: guard::permitting(Arc::clone(&self.reads), Arc::clone(&environment.name), acting),
            sign_in: guard::only(Arc::clone(&self.sign_ins), http.clone()),
            metadata: guard::only_metadata(http),
        };
        let shared = Arc::clone(&self.shared);
        let (stats, program) = (Arc::clone(&member.stats), Restraint::new(Arc::clone(&member.attention)));
        let signer = Signer::new(Arc::clone(environment), shared, gates, Arc::new(settings), stats, program);
        let kube = Clusters::new(
            Arc::clone(environment),
            self.ground.clone(),
            Arc::clone(&self.shared.pins),
            Arc::clone(&member.stats),
            Arc::clone(&self.moves),
            Arc::clone(&member.attention),
        );
        Ok(Arc::new(Current::new(signer, kube).await))
    }
}

impl Member {
    fn loaded(&self) -> Option<Arc<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether an operation's verb is one that only reads.
fn only_reads(operation: &str) -> bool {
    const VERBS: [&str; 8] = ["BatchGet", "Describe", "Filter", "Get", "List", "Lookup", "Scan", "StartLiveTail"];
    operation.split_once(':').is_some_and(|(_, action)| VERBS.iter().any(|verb| action.starts_with(verb)))
}

#[cfg(test)]
mod tests;
