//! What an operator switches between.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Backend;

/// Stage of an environment; decides colour and policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Production.
    Prod,
    /// Staging, acceptance.
    Staging,
    /// Test, QA.
    Test,
    /// Development, and everything whose name says nothing else.
    Dev,
}

impl Stage {
    /// The word on the screen and in the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prod => "prod",
            Self::Staging => "staging",
            Self::Test => "test",
            Self::Dev => "dev",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One environment, from the configuration, from the AWS files, or from a context of the kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The name an operator knows it by; unique.
    pub name: Arc<str>,
    /// The customer it belongs to, where known.
    pub customer: Option<Arc<str>>,
    /// Its stage; `None` when neither the configuration nor the name says (shown as such, treated like prod by policy).
    pub stage: Option<Stage>,
    /// The AWS profile whose own chain gives its credentials; `None` is the ambient environment (keys from the process).
    pub profile: Option<Arc<str>>,
    /// The account it must be; else pinned at first sight.
    pub account: Option<Arc<str>>,
    /// Its regions, at least one; the first is the one it opens on.
    pub regions: Vec<Arc<str>>,
    /// The kubeconfig contexts that belong to it.
    pub kube_contexts: Vec<Arc<str>>,
    /// A kubeconfig context by itself: it has no AWS account, and its region is only a word.
    pub without_aws: bool,
    /// Where its Terraform states and their locks are, as far as the configuration says.
    pub terraform: Vec<Backend>,
}

/// Who answered for an environment, or in a Kubernetes cluster. All is empty where nobody has yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Account id, 12 digits; of a Kubernetes cluster, which it is.
    pub account: Arc<str>,
    /// Account alias, where it has one and it may be read.
    pub alias: Option<Arc<str>>,
    /// ARN of the caller; in a Kubernetes cluster the name of the user.
    pub arn: Arc<str>,
}

/// Before what names a cluster: no account begins like this.
const CLUSTER: &str = "cluster ";

impl Identity {
    /// A user of a Kubernetes cluster, by what the cluster is known by.
    pub fn in_cluster(cluster: &str, user: &str) -> Self {
        Self { account: format!("{CLUSTER}{cluster}").into(), alias: None, arn: user.into() }
    }

    /// Whether it is a user of a Kubernetes cluster, and of no account.
    pub fn is_in_cluster(&self) -> bool {
        self.account.starts_with(CLUSTER)
    }

    /// The account, or the cluster, in words.
    pub fn place(&self) -> String {
        if self.is_in_cluster() { self.account.to_string() } else { format!("account {}", self.account) }
    }
}
