//! What carries plans out, as one trait: the actions over real providers, or something that a test holds in its hands.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::Permit;
use crate::model::{Fault, Followed, Headway, Identity, Order, Plan, Scope, Seen, Sent};

/// Is told how far a step has come.
pub type Watching<'a> = &'a (dyn Fn(Headway) + Send + Sync);

/// Makes plans and carries out their steps. Every future may be dropped at any time, but for that of [`Hands::send`], which is
/// driven to its end.
pub trait Hands: Send + Sync + 'static {
    /// A plan from a fresh read. A precondition that does not hold is part of the plan, no fault.
    fn plan<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Plan, Fault>>;

    /// Who answers in this scope now, asked afresh.
    fn caller<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Arc<Identity>, Fault>>;

    /// What a step stands on, as it is now: the same names as in its `seen`.
    fn look<'a>(&'a self, plan: &'a Plan, step: usize) -> BoxFuture<'a, Result<Seen, Fault>>;

    /// Sends a step, once.
    fn send<'a>(&'a self, plan: &'a Plan, step: usize, permit: Permit) -> BoxFuture<'a, Sent>;

    /// Follows a step that was accepted until it is done or has failed.
    fn follow<'a>(&'a self, plan: &'a Plan, step: usize, watch: Watching<'a>)
    -> BoxFuture<'a, Result<Followed, Fault>>;
}
