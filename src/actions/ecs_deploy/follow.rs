//! A rollout followed to its end: completed, failed, given up by the circuit breaker, or replaced by another one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ecs::types::{Deployment, DeploymentCircuitBreaker, DeploymentRolloutState, Service};

use super::super::ecs::{self, Trouble, Troubled, name_of};
use super::super::parts::{self, BEGINNING, Stand};
use crate::guard::Watching;
use crate::model::{Fault, Followed, Plan, Step};
use crate::providers::Acting;

/// Large services with long drains and health checks; a rollout that takes longer is looked after by people.
const PATIENCE: Duration = Duration::from_hours(1);

/// The deployment that is followed.
#[derive(Default)]
struct Own {
    id: Option<String>,
    looks: u32,
}

/// Follows the deployment that a step has begun.
pub(super) async fn until_rolled_out(
    acting: &Acting,
    plan: &Plan,
    step: &Step,
    watch: Watching<'_>,
) -> Result<Followed, Fault> {
    let id = &*plan.target.id;
    let before = step.seen.0.get("deployment").map(|id| &**id).unwrap_or_default();
    let (trouble, own) = (Trouble::default(), Mutex::new(Own::default()));
    let look = || async {
        let service = ecs::service(&acting.env, id).await?;
        let troubled = trouble.since(&service);
        let stand = stand(&service, before, &mut own.lock().unwrap_or_else(PoisonError::into_inner), &troubled);
        match stand {
            Rollout::Stand(stand) => Ok(stand),
            Rollout::Broken(words) => Ok(ecs::stopping(acting, id, &words, &troubled).await),
        }
    };
    parts::until_ended(PATIENCE, watch, look).await
}

/// How far a rollout has come.
enum Rollout {
    Stand(Stand),
    /// It has failed; why its tasks did is worth a look.
    Broken(String),
}

fn stand(service: &Service, before: &str, own: &mut Own, trouble: &Troubled) -> Rollout {
    let Some(primary) = ecs::primary(service) else { return Rollout::Stand(parts::failed("it has no deployment")) };
    if own.id.is_none() {
        own.looks += 1;
        // Servers that are not AWS may keep the deployment's id.
        if primary.id() == Some(before) && own.looks < BEGINNING {
            return Rollout::Stand(parts::going("the deployment begins", Some(0)));
        }
        own.id = primary.id().map(str::to_owned);
    }
    let ours = service.deployments().iter().find(|deployment| deployment.id() == own.id.as_deref());
    match ours {
        Some(ours) if ours.id() == primary.id() => progress(service, ours, trouble),
        _ => Rollout::Broken(replaced(primary, ours)),
    }
}

/// Another deployment is the one that is wanted now.
fn replaced(primary: &Deployment, ours: Option<&Deployment>) -> String {
    let name = primary.task_definition().map_or("another task definition", name_of);
    let why = ours.and_then(|ours| ours.rollout_state_reason()).or(primary.rollout_state_reason());
    let why = why.map(|why| format!(": {}", why.trim_end_matches('.'))).unwrap_or_default();
    format!("another deployment, of {name}, has taken its place{why}")
}

fn progress(service: &Service, ours: &Deployment, trouble: &Troubled) -> Rollout {
    let name = ours.task_definition().map_or("the task definition", name_of);
    let (running, desired) = (ours.running_count(), ours.desired_count());
    let counts = format!("{running} of {desired} tasks of {name} run");
    let alone = service.deployments().len() == 1 && running == desired;
    match ours.rollout_state() {
        Some(DeploymentRolloutState::Completed) => Rollout::Stand(parts::verified(format!("rolled out: {counts}"))),
        Some(DeploymentRolloutState::Failed) => {
            let why = ours.rollout_state_reason().unwrap_or("no reason is told");
            Rollout::Broken(format!("the rollout of {name} has failed: {}", why.trim_end_matches('.')))
        }
        Some(DeploymentRolloutState::InProgress) => going(service, ours, &counts, trouble),
        _ if alone => Rollout::Stand(parts::verified(format!("rolled out: {counts}"))),
        _ => going(service, ours, &counts, trouble),
    }
}

fn going(service: &Service, ours: &Deployment, counts: &str, trouble: &Troubled) -> Rollout {
    let settings = service.deployment_configuration();
    let breaker = settings.and_then(|it| it.deployment_circuit_breaker()).is_some_and(DeploymentCircuitBreaker::enable);
    if trouble.keeps_stopping && !breaker {
        return Rollout::Broken(format!("tasks keep stopping, and no circuit breaker gives it up ({counts})"));
    }
    let mut words = counts.to_owned();
    let old = service.running_count() - ours.running_count();
    if old > 0 {
        words = format!("{words}, {old} old ones too");
    }
    if ours.failed_tasks() > 0 {
        words = format!("{words}, {} failed", ours.failed_tasks());
    }
    if let Some(event) = &trouble.event {
        words = format!("{words}; “{event}”");
    }
    let percent = (100 * ours.running_count()).checked_div(ours.desired_count());
    Rollout::Stand(parts::going(words, percent.map(|percent| percent.clamp(0, 100) as u8)))
}
