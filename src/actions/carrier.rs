//! The guard's hands as they are: actions over environments, AWS or what stands in for it.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{ActionDef, Choice, by_id};
use crate::guard::{Hands, Permit, Watching};
use crate::model::{Fault, FaultClass, Followed, Identity, Order, Plan, ResourceId, Scope, Seen, Sent, Step};
use crate::providers::lend::Lender;
use crate::providers::{Acting, Environments};

/// What an action is given where it acts: in a region of an environment, or in a cluster of Kubernetes there.
pub async fn acting(access: &Environments, action: &ActionDef, scope: &Scope) -> Result<Arc<Acting>, Fault> {
    if action.is_in_kubernetes() {
        access.kube_acting(&Scope { namespace: None, ..scope.clone() }).await
    } else {
        access.acting(&scope.region_scope()).await
    }
}

/// Carries plans out over real providers.
pub struct Carrier {
    access: Arc<Environments>,
    terminal: Option<Lender>,
}

impl Carrier {
    /// On these environments.
    pub fn new(access: Arc<Environments>) -> Self {
        Self { access, terminal: None }
    }

    /// The same, and what is followed may borrow the operator's terminal.
    #[must_use]
    pub fn lending(self, terminal: Lender) -> Self {
        Self { terminal: Some(terminal), ..self }
    }

    /// What can be chosen for a field of an action on this target.
    pub async fn choices(&self, id: &str, target: &ResourceId, field: &'static str) -> Result<Vec<Choice>, Fault> {
        let action = action(id)?;
        let acting = acting(&self.access, action, &target.scope).await?;
        let found = (action.choices)(&acting, target, field).await;
        found.map_err(|fault| self.access.explain(fault, &target.scope.environment))
    }
}

impl Hands for Carrier {
    fn plan<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Plan, Fault>> {
        async move {
            let action = action(order.action)?;
            super::check(action, &order.fields)
                .map_err(|problem| Fault::new(FaultClass::Invalid, problem.to_string()))?;
            let scope = &order.target.scope;
            let plan = async {
                let acting = acting(&self.access, action, scope).await?;
                (action.plan)(&acting, &order.target, &order.fields).await
            };
            let plan = plan.await.map_err(|fault| self.access.explain(fault, &scope.environment))?;
            match plan.steps.iter().find(|step| !action.sends.contains(&step.operation)) {
                Some(step) => Err(bug(format!("{} does not declare {}", action.id, step.operation))),
                None => Ok(plan),
            }
        }
        .boxed()
    }

    fn caller<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Arc<Identity>, Fault>> {
        if scope.cluster.is_some() { self.access.kube_caller(scope).boxed() } else { self.access.caller(scope).boxed() }
    }

    fn look<'a>(&'a self, plan: &'a Plan, step: usize) -> BoxFuture<'a, Result<Seen, Fault>> {
        async move {
            let (action, step) = (action(plan.order.action)?, step_of(plan, step)?);
            (action.look)(&*acting(&self.access, action, &step.scope).await?, plan, step).await
        }
        .boxed()
    }

    fn send<'a>(&'a self, plan: &'a Plan, step: usize, permit: Permit) -> BoxFuture<'a, Sent> {
        async move {
            let found = async {
                let (action, step) = (action(plan.order.action)?, step_of(plan, step)?);
                Ok((action, step, acting(&self.access, action, &step.scope).await?))
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
            let mut acting = acting(&self.access, action, &step.scope).await?;
            if let Some(acting) = Arc::get_mut(&mut acting) {
                acting.terminal.clone_from(&self.terminal);
            }
            (action.follow)(&acting, plan, step, watch).await
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
