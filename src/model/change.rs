//! One thing that changed.

use std::sync::Arc;

use jiff::Timestamp;

use super::filter::Filterable;
use super::{Fault, ResourceId, Scope};

/// Where a change was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeSource {
    /// A CloudTrail management event that writes.
    CloudTrail,
    /// An ECS service event.
    EcsEvent,
    /// An ECS deployment.
    EcsDeployment,
    /// An RDS event.
    RdsEvent,
    /// An Auto Scaling activity.
    AsgActivity,
    /// A revision of a Kubernetes workload.
    KubeRevision,
    /// An event of a Kubernetes cluster.
    KubeEvent,
}

impl ChangeSource {
    /// The word in the column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CloudTrail => "cloudtrail",
            Self::EcsEvent => "ecs event",
            Self::EcsDeployment => "deployment",
            Self::RdsEvent => "rds event",
            Self::AsgActivity => "asg activity",
            Self::KubeRevision => "revision",
            Self::KubeEvent => "k8s event",
        }
    }
}

/// One thing that changed: when, who, what, and on which resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// Where it happened.
    pub scope: Scope,
    /// Where it was read.
    pub source: ChangeSource,
    /// The provider's event id, or one made from source, time and text: doubles are dropped by it.
    pub id: Arc<str>,
    /// Who did it: the last part of a role session or a user name; empty where the source does not say.
    pub who: Arc<str>,
    /// What was done, in words (`UpdateService: desired count 2 → 4`).
    pub what: Arc<str>,
    /// The name of the thing that changed, as the source gives it.
    pub name: Arc<str>,
    /// The resource, where it is of a kind that the console knows.
    pub resource: Option<Arc<ResourceId>>,
    /// Whether it failed (an error code in CloudTrail, a failed activity).
    pub failed: bool,
}

/// What changed in a place, as far as it could be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Newest first.
    pub rows: Vec<Change>,
    /// Of sources that could not be read, or not to the end.
    pub faults: Vec<Fault>,
}

impl Change {
    /// The columns that its filters know.
    pub const COLUMNS: [&str; 9] =
        ["who", "what", "name", "resource", "source", "environment", "env", "kind", "failed"];
}

impl Filterable for Change {
    fn any_text(&self, _: Timestamp, each: &mut dyn FnMut(&str) -> bool) -> bool {
        each(&self.what)
            || each(&self.who)
            || each(&self.name)
            || each(self.source.word())
            || each(&self.scope.environment)
    }

    fn column_text(&self, column: &str, _: Timestamp) -> Option<String> {
        Some(match column {
            "who" => self.who.to_string(),
            "what" => self.what.to_string(),
            "name" | "resource" => self.name.to_string(),
            "source" => self.source.word().to_owned(),
            "environment" | "env" => self.scope.environment.to_string(),
            "kind" => self.resource.as_ref()?.kind.to_owned(),
            "failed" => if self.failed { "yes" } else { "no" }.to_owned(),
            _ => return None,
        })
    }
}
