//! Connections to customers' systems and their faults. Nothing of the screen, nothing of kinds.

pub mod apart;
pub mod aws;
pub mod kube;
pub mod lend;
mod memory;
pub mod process;
mod restraint;

use std::sync::Arc;

use crate::model::{Environment, Fault, FaultClass, Identity, Scope};

pub use aws::{Around, Calls, Environments, Estate, SignIn, Source, Variables};
pub use memory::Memory;

/// What a kind is given to ask with: the clients of one environment and region, whose account has been attested
/// where AWS is asked.
#[derive(Debug)]
pub struct Env {
    /// Environment and region.
    pub scope: Scope,
    /// What the configuration says of the environment.
    pub environment: Arc<Environment>,
    /// Who answers.
    pub identity: Arc<Identity>,
    /// AWS clients.
    pub aws: aws::Aws,
    /// Its Kubernetes clusters, in all its regions.
    pub kube: Arc<kube::Clusters>,
    /// What kinds have learnt about the environment, in all its regions.
    pub memory: Arc<Memory>,
    /// The way to the accounts that it keeps something in, and to what its neighbours are.
    pub around: Around,
}

impl Env {
    /// The clients of an account that this environment keeps its Terraform states in, or of another region. It is attested and
    /// pinned for itself, and its requests go by the same lane as these.
    pub async fn elsewhere(&self, profile: Option<&str>, region: &str) -> Result<Arc<Self>, Fault> {
        self.around.elsewhere(&self.environment, profile, region).await
    }
}

/// What an action is given: clients on connections of their own, so that no queue of reads delays a change.
#[derive(Debug)]
pub struct Acting {
    /// For its reads.
    pub env: Env,
    /// The AWS profile that a command to paste names; none in the ambient environment.
    pub profile: Option<Arc<str>>,
    /// For its steps. They send once, and only what carries a permit.
    pub writes: aws::Aws,
    /// The Kubernetes cluster that it acts in, where it does.
    pub cluster: Option<Arc<kube::Reach>>,
    /// Asks for the operator's terminal, where there is one.
    pub terminal: Option<lend::Lender>,
}

impl Acting {
    /// The cluster that it acts in.
    pub fn reach(&self) -> Result<&kube::Reach, Fault> {
        let none = || Fault::new(FaultClass::Bug, format!("no cluster was named in {}", self.env.scope));
        self.cluster.as_deref().ok_or_else(none)
    }
}
