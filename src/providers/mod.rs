//! Connections to customers' systems and their faults. Nothing of the screen, nothing of kinds.

pub mod aws;

use std::sync::Arc;

use crate::model::{Identity, Scope};

pub use aws::{Calls, Environments, Estate, SignIn, Source, Variables};

/// What a kind is given to ask with: the clients of one environment and region, whose account has been attested.
#[derive(Debug)]
pub struct Env {
    /// Environment and region.
    pub scope: Scope,
    /// Who answers.
    pub identity: Arc<Identity>,
    /// AWS clients.
    pub aws: aws::Aws,
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
}
