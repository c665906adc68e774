//! The guarded actions: one file each. An action says what it applies to, which fields it takes, how its plan is made from a fresh
//! read, how each step is sent and followed, and how it is undone. Everything else (menu, form, dialog, command line, docs) follows
//! from its [`ActionDef`]. Actions know providers, kinds and the model; whether one may be carried out is the guard's to say.

mod alarm_actions;
mod asg_scale;
mod carrier;
mod ecs;
mod ecs_deploy;
mod ecs_scale;
mod ecs_stop_task;
mod elasticache;
mod elasticache_snapshot_create;
mod elasticache_snapshot_delete;
mod field;
mod k8s;
mod k8s_cordon;
mod k8s_delete;
mod k8s_drain;
mod k8s_exec;
mod k8s_restart;
mod k8s_scale;
mod k8s_secret_show;
mod k8s_undo;
mod parts;
mod rds;
mod rds_failover;
mod rds_modify;
mod rds_reboot;
mod rds_restore;
mod rds_snapshot_create;
mod rds_snapshot_delete;
#[cfg(test)]
#[cfg(feature = "demo")]
mod rig;
#[cfg(test)]
#[cfg(feature = "demo")]
mod rounds;
mod terraform;
mod terraform_digest_repair;
mod terraform_lock_restore;
mod terraform_state_restore;
mod terraform_unlock;

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::guard::{Permit, Watching};
use crate::model::{ActionId, Fault, Fields, Followed, KindId, Plan, Resource, ResourceId, Seen, Sent, Step};
use crate::providers::Acting;

pub use carrier::{Carrier, acting};
pub use field::{Choice, FieldDef, FieldProblem, FieldSort, check};

/// An operation of a provider, as `service:Operation` in IAM's spelling.
pub type Op = &'static str;

/// What a question of an action to a provider ends in.
pub type Asked<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// A guarded change.
pub struct ActionDef {
    /// Id, such as `ecs-scale`.
    pub id: ActionId,
    /// What the menu calls it, such as `scale`.
    pub title: &'static str,
    /// One line for the help and the docs.
    pub doc: &'static str,
    /// The kinds it applies to.
    pub kinds: &'static [KindId],
    /// Its fields, those that locate the target on the command line among them.
    pub fields: &'static [FieldDef],
    /// The operations that its steps may send. Nothing else of it gets a permit.
    pub sends: &'static [Op],
    /// The operations it reads with, besides those of the kinds.
    pub reads: &'static [Op],
    /// How risky it is in prod, in words for the docs.
    pub risk: &'static str,
    /// How it is undone, or why not, in words for the docs.
    pub undo: &'static str,
    /// An example of the command line.
    pub example: &'static str,
    /// Why it can't be used on this resource as last seen, if it can't.
    pub applies: fn(&Resource) -> Result<(), String>,
    /// What the form starts with.
    pub form: fn(&Resource, Timestamp) -> Fields,
    /// What can be chosen for a field of sort [`FieldSort::Chosen`], read afresh.
    pub choices: for<'a> fn(&'a Acting, &'a ResourceId, &'static str) -> Asked<'a, Vec<Choice>>,
    /// The target that the fields of the command line name.
    pub locate: for<'a> fn(&'a Acting, &'a Fields) -> Asked<'a, Arc<ResourceId>>,
    /// A plan from a fresh read.
    pub plan: for<'a> fn(&'a Acting, &'a ResourceId, &'a Fields) -> Asked<'a, Plan>,
    /// What a step stands on, as it is now: the same names as in the step's `seen`. The clients are those of the step's scope.
    pub look: for<'a> fn(&'a Acting, &'a Plan, &'a Step) -> Asked<'a, Seen>,
    /// Sends a step: what is in the step's `input`, and nothing else.
    pub send: for<'a> fn(&'a Acting, &'a Plan, &'a Step, Permit) -> BoxFuture<'a, Sent>,
    /// Follows a step that was accepted until it is done or has failed. Gives up by itself when it takes longer than such a thing
    /// can take.
    pub follow: for<'a> fn(&'a Acting, &'a Plan, &'a Step, Watching<'a>) -> Asked<'a, Followed>,
}

impl ActionDef {
    /// Whether it acts in Kubernetes clusters, and needs nothing of AWS.
    pub fn is_in_kubernetes(&self) -> bool {
        self.sends.iter().any(|operation| operation.starts_with("k8s:"))
    }
}

/// Its id stands for it.
impl fmt::Debug for ActionDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// For actions without a field to choose from.
pub fn no_choices<'a>(_: &'a Acting, _: &'a ResourceId, _: &'static str) -> Asked<'a, Vec<Choice>> {
    Box::pin(async { Ok(Vec::new()) })
}

/// Every action, in the order of the menu.
pub const ALL: &[&ActionDef] = &[
    &ecs_scale::DEF,
    &ecs_deploy::DEF,
    &ecs_stop_task::DEF,
    &asg_scale::DEF,
    &alarm_actions::DEF,
    &rds_snapshot_create::DEF,
    &rds_snapshot_delete::DEF,
    &rds_restore::DEF,
    &rds_modify::DEF,
    &rds_failover::DEF,
    &rds_reboot::DEF,
    &elasticache_snapshot_create::DEF,
    &elasticache_snapshot_delete::DEF,
    &k8s_scale::DEF,
    &k8s_restart::DEF,
    &k8s_undo::DEF,
    &k8s_delete::DEF,
    &k8s_cordon::CORDON,
    &k8s_cordon::UNCORDON,
    &k8s_drain::DEF,
    &k8s_exec::DEF,
    &k8s_secret_show::DEF,
    &terraform_unlock::DEF,
    &terraform_lock_restore::DEF,
    &terraform_state_restore::DEF,
    &terraform_digest_repair::DEF,
];

/// The action of this id.
pub fn by_id(id: &str) -> Option<&'static ActionDef> {
    ALL.iter().copied().find(|action| action.id == id)
}

/// The actions of a kind, in the order of the menu.
pub fn of_kind(kind: &str) -> impl Iterator<Item = &'static ActionDef> {
    ALL.iter().copied().filter(move |action| action.kinds.contains(&kind))
}

/// Every operation that actions read with.
pub fn reads() -> impl Iterator<Item = Op> {
    ALL.iter().flat_map(|action| action.reads).copied()
}
