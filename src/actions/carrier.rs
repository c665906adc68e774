//! The guard's hands as they are: actions over environments, AWS or what stands in for it.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{ActionDef, Choice, by_id};
use crate::guard::{Hands, Permit, Watching};
use crate::model::{Fault, FaultClass, Followed, Identity, Order, Plan, ResourceId, Scope, Seen, Sent, Step};
use crate::providers::Environments;

/// Carries plans out over real providers.
pub struct Carrier {
    access: Arc<Environments>,
}

impl Carrier {
    /// On these environments.
    pub fn new(access: Arc<Environments>) -> Self {
        Self { access }
    }

    /// What can be chosen for a field of an action on this target.
    pub async fn choices(&self, id: &str, target: &ResourceId, field: &'static str) -> Result<Vec<Choice>, Fault> {
        let acting = self.access.acting(&target.scope.region_scope()).await?;
        let found = (action(id)?.choices)(&acting, target, field).await;
        found.map_err(|fault| self.access.explain(fault, &target.scope.environment))
    }
}

impl Hands for Carrier {
    fn plan<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Plan, Fault>> {
        async move {
            let action = action(order.action)?;
            super::check(action, &order.fields)
                .map_err(|problem| Fault::new(FaultClass::Invalid, problem.to_string()))?;
            let scope = order.target.scope.region_scope();
            let plan = async { (action.plan)(&*self.access.acting(&scope).await?, &order.target, &order.fields).await };
            let plan = plan.await.map_err(|fault| self.access.explain(fault, &scope.environment))?;
            match plan.steps.iter().find(|step| !action.sends.contains(&step.operation)) {
                Some(step) => Err(bug(format!("{} does not declare {}", action.id, step.operation))),
                None => Ok(plan),
            }
        }
        .boxed()
    }

    fn caller<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Arc<Identity>, Fault>> {
        self.access.caller(scope).boxed()
    }

    fn look<'a>(&'a self, plan: &'a Plan, step: usize) -> BoxFuture<'a, Result<Seen, Fault>> {
        async move {
            let (action, step) = (action(plan.order.action)?, step_of(plan, step)?);
            (action.look)(&*self.access.acting(&step.scope).await?, plan, step).await
        }
        .boxed()
    }

    fn send<'a>(&'a self, plan: &'a Plan, step: usize, permit: Permit) -> BoxFuture<'a, Sent> {
        async move {
            let found = async {
                let (action, step) = (action(plan.order.action)?, step_of(plan, step)?);
                Ok((action, step, self.access.acting(&step.scope).await?))
            };
            match found.await {
                Ok((action, step, acting)) => (action.send)(&acting, plan, step, permit).await,
                Err(fault) => Sent::Refused(fault),
            }
        }
        .boxed()
    }

    fn follow<'a>(
        &'a self,
        plan: &'a Plan,
        step: usize,
        watch: Watching<'a>,
    ) -> BoxFuture<'a, Result<Followed, Fault>> {
        async move {
            let (action, step) = (action(plan.order.action)?, step_of(plan, step)?);
            (action.follow)(&*self.access.acting(&step.scope).await?, plan, step, watch).await
        }
        .boxed()
    }
}

fn action(id: &str) -> Result<&'static ActionDef, Fault> {
    by_id(id).ok_or_else(|| bug(format!("there is no action {id}")))
}

fn step_of(plan: &Plan, step: usize) -> Result<&Step, Fault> {
    plan.steps.get(step).ok_or_else(|| bug(format!("the plan has no step {step}")))
}

fn bug(words: String) -> Fault {
    Fault::new(FaultClass::Bug, words)
}
