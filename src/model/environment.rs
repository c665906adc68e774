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

/// Who answered for an environment. All is empty where nobody has yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Account id, 12 digits.
    pub account: Arc<str>,
    /// Account alias, where it has one and it may be read.
    pub alias: Option<Arc<str>>,
    /// ARN of the caller.
    pub arn: Arc<str>,
}
