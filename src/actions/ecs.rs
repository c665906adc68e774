//! What the actions on ECS services share: a service read afresh, what is to be known before it is changed, an update sent, and what
//! goes wrong while it is followed. Not an action.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::types::{
    DeploymentConfiguration, DeploymentControllerType, DeploymentRolloutState, SchedulingStrategy, Service,
    ServiceEvent,
};
use serde_json::Value as Json;

use super::parts::{self, Stand};
use super::{FieldDef, FieldSort, Op};
use crate::guard::Permit;
use crate::kinds::ecs::stop::{self, Cause};
use crate::kinds::ecs_service::{self, is_trouble, plain, words_of};
use crate::kinds::elb::target_group_name;
use crate::kinds::parts::{instant, text_of};
use crate::model::{Fault, Fields, Precondition, Resource, ResourceId, Seen, Sent, Step};
use crate::providers::Acting;
use crate::providers::aws::{Ride, sent};

pub(super) use crate::kinds::ecs::*;
pub(super) use crate::kinds::ecs_service::primary;

/// The kind of a service.
pub(super) const SERVICE: &str = "ecs-service";
/// What changes a service.
pub(super) const UPDATE: Op = "ecs:UpdateService";

/// So many failed tasks are no accident: the least at which ECS's own circuit breaker trips.
const KEEPS: i32 = 3;

/// The cluster on the command line.
pub(super) const CLUSTER_FIELD: FieldDef =
    FieldDef::new("cluster", "cluster", "Cluster, by name or ARN", "lecture-dhbw-cluster", FieldSort::Text)
        .required()
        .locating();
/// The service on the command line.
pub(super) const SERVICE_FIELD: FieldDef =
    FieldDef::new("service", "service", "Service, by name or ARN", "lecture-backend-service", FieldSort::Text)
        .required()
        .locating();

/// The service that the fields name.
pub(super) fn locate(acting: &Acting, fields: &Fields) -> Result<Arc<ResourceId>, Fault> {
    let (cluster, service) = (parts::wanted(fields, "cluster")?, parts::wanted(fields, "service")?);
    Ok(service_id(&acting.env.scope, name_of(cluster), name_of(service)))
}

/// Whether a row's service is one that can be changed.
pub(super) fn applies(service: &Resource) -> Result<(), String> {
    match text_of(&ecs_service::DEF, service, "status") {
        "ACTIVE" | "" => Ok(()),
        status => Err(format!("the service is {status}")),
    }
}

/// Whether a row's service is one of a number of tasks that can be chosen.
pub(super) fn is_replica(service: &Resource) -> Result<(), String> {
    match text_of(&ecs_service::DEF, service, "scheduling") {
        "DAEMON" => Err("a daemon service runs one task on each instance".to_owned()),
        _ => Ok(()),
    }
}

/// Whether a row's service is deployed by ECS itself.
pub(super) fn is_rolled(service: &Resource) -> Result<(), String> {
    match text_of(&ecs_service::DEF, service, "controller") {
        "ECS" | "" => Ok(()),
        controller => Err(format!("it is deployed by {controller}, not by ECS")),
    }
}

/// A service has to be active to be changed.
pub(super) fn active(service: &Service) -> Precondition {
    let status = service.status().unwrap_or("of no status");
    parts::must("service is active", status == "ACTIVE", format!("the service is {status}"))
}

/// The number of a daemon service's tasks is that of the instances.
pub(super) fn replica(service: &Service) -> Precondition {
    let daemon = service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon);
    let evidence = if daemon { "a daemon service runs one task on each instance" } else { "a replica service" };
    parts::must("not a daemon service", !daemon, evidence)
}

/// Who deploys the service.
pub(super) fn controller(service: &Service) -> &str {
    service.deployment_controller().map_or("ECS", |controller| controller.r#type().as_str())
}

/// What another deployment controller does, a changed service would undo.
pub(super) fn rolled_by_ecs(service: &Service) -> Precondition {
    let controller = controller(service);
    let evidence = format!("the deployment controller is {controller}");
    parts::must("deployed by ECS", controller == DeploymentControllerType::Ecs.as_str(), evidence)
}

/// Family and revision that the service is set to.
pub(super) fn definition_name(service: &Service) -> &str {
    service.task_definition().map_or("no task definition", name_of)
}

/// Whether a rollout is under way, or has failed, is worth a warning.
pub(super) fn at_rest(service: &Service) -> Precondition {
    const NAME: &str = "no rollout is under way";
    match unrest(service) {
        Some(words) => parts::should(NAME, false, words),
        None => parts::should(NAME, true, format!("{} is rolled out", definition_name(service))),
    }
}

/// What is said of a rollout that has not come to an end, or to a bad one.
fn unrest(service: &Service) -> Option<String> {
    let deployment = primary(service)?;
    let name = deployment.task_definition().map_or("a task definition", name_of);
    let (running, desired) = (deployment.running_count(), deployment.desired_count());
    let counts = match deployment.failed_tasks() {
        0 => format!("{running} of {desired} tasks run"),
        failed => format!("{running} of {desired} tasks run, {failed} failed"),
    };
    match deployment.rollout_state() {
        Some(DeploymentRolloutState::InProgress) => Some(format!("{name} is being rolled out: {counts}")),
        Some(DeploymentRolloutState::Failed) => {
            let why = deployment.rollout_state_reason().unwrap_or("no reason is told");
            Some(format!("the rollout of {name} has failed: {}", why.trim_end_matches('.')))
        }
        _ if service.deployments().len() > 1 => Some(format!("tasks of earlier deployments still run beside {name}")),
        _ => None,
    }
}

/// Whether the deployment that is wanted is still being rolled out.
pub(super) fn is_rolling(service: &Service) -> bool {
    let state = primary(service).and_then(|deployment| deployment.rollout_state());
    state == Some(&DeploymentRolloutState::InProgress)
}

/// What every change of a service stands on: that it is this very one, what it is set to, and how far its rollout is.
pub(super) fn seen(service: &Service) -> Seen {
    let deployment = primary(service);
    let state = deployment.and_then(|it| it.rollout_state()).map_or("untold", DeploymentRolloutState::as_str);
    let made = instant(service.created_at()).map_or_else(|| "untold".to_owned(), |at| at.to_string());
    Seen::default()
        .with("ARN", service.service_arn().unwrap_or("untold"))
        .with("created", made)
        .with("status", service.status().unwrap_or("untold"))
        .with("scheduling", service.scheduling_strategy().map_or("untold", SchedulingStrategy::as_str))
        .with("controller", controller(service))
        .with("task definition", definition_name(service))
        .with("deployment", deployment.and_then(|it| it.id()).unwrap_or("untold"))
        .with("rollout", state)
}

/// The names of the target groups that a service's tasks are registered in, as a list in words.
pub(super) fn target_groups(service: &Service) -> Option<String> {
    let arns = service.load_balancers().iter().filter_map(|balancer| balancer.target_group_arn());
    let mut names: Vec<&str> = arns.map(target_group_name).collect();
    names.dedup();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Sends the update that a step holds: only what its input says.
pub(super) async fn update(acting: &Acting, step: &Step, permit: Permit) -> Sent {
    let text = |parameter: &str| parts::text_of(step, parameter).map(str::to_owned);
    let call = acting.writes.ecs().update_service().set_cluster(text("cluster")).set_service(text("service"));
    let call = call.set_desired_count(number(step.input.get("desiredCount")));
    let call = call.set_task_definition(text("taskDefinition"));
    let call = call.set_force_new_deployment(parts::flag_of(step, "forceNewDeployment"));
    let call = call.set_deployment_configuration(step.input.get("deploymentConfiguration").map(|given| {
        DeploymentConfiguration::builder()
            .set_maximum_percent(number(given.get("maximumPercent")))
            .set_minimum_healthy_percent(number(given.get("minimumHealthyPercent")))
            .build()
    }));
    sent(UPDATE, call.customize().interceptor(Ride::with(permit)).send().await)
}

fn number(value: Option<&Json>) -> Option<i32> {
    value.and_then(Json::as_i64).and_then(|number| i32::try_from(number).ok())
}

/// What goes wrong with a service while it is followed. What it told before the first look does not count: clocks differ, and an old
/// trouble need not be this one's.
#[derive(Default)]
pub(super) struct Trouble(Mutex<Option<Before>>);

/// What was so at the first look.
struct Before {
    events: HashSet<String>,
    deployment: Option<String>,
    failed: i32,
}

/// What has gone wrong since the first look.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Troubled {
    /// The newest event that tells of trouble.
    pub(super) event: Option<String>,
    /// Tasks fail one after the other.
    pub(super) keeps_stopping: bool,
}

impl Trouble {
    /// What has gone wrong since the first look.
    pub(super) fn since(&self, service: &Service) -> Troubled {
        let mut before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = before.get_or_insert_with(|| Before::new(service));
        let new = |event: &&ServiceEvent| event.id().is_none_or(|id| !before.events.contains(id));
        let mut events: Vec<&ServiceEvent> = service.events().iter().filter(new).collect();
        events.sort_by_key(|event| std::cmp::Reverse(instant(event.created_at())));
        let told = |words: &str| events.iter().any(|event| words_of(event).contains(words));
        Troubled {
            event: events.iter().map(|event| words_of(event)).find(|words| is_trouble(words)).map(plain),
            keeps_stopping: before.failed_since(service) >= KEEPS || told("unable to consistently start tasks"),
        }
    }
}

impl Before {
    fn new(service: &Service) -> Self {
        let deployment = primary(service);
        Self {
            events: service.events().iter().filter_map(|event| event.id().map(str::to_owned)).collect(),
            deployment: deployment.and_then(|it| it.id()).map(str::to_owned),
            failed: deployment.map_or(0, aws_sdk_ecs::types::Deployment::failed_tasks),
        }
    }

    /// Tasks of the deployment that failed since; ECS counts from the start when one comes up well.
    fn failed_since(&self, service: &Service) -> i32 {
        let Some(deployment) = primary(service) else { return 0 };
        let same = deployment.id() == self.deployment.as_deref();
        deployment.failed_tasks() - if same { self.failed } else { 0 }
    }
}

/// The end of following a service whose tasks keep stopping: why the newest of them stopped, and what ECS says of it.
pub(super) async fn stopping(acting: &Acting, id: &ResourceId, words: &str, trouble: &Troubled) -> Stand {
    let mut words = words.to_owned();
    if let Some(why) = newest_failure(acting, id).await {
        words = format!("{words}: {why}");
    }
    if let Some(event) = trouble.event.as_ref().filter(|event| !words.contains(event.as_str())) {
        words = format!("{words}; “{event}”");
    }
    parts::failed(words)
}

/// Why the newest task of a service that failed did so; nothing where that can't be read.
async fn newest_failure(acting: &Acting, id: &ResourceId) -> Option<String> {
    let (env, cluster) = (&acting.env, cluster_of(id));
    let mut arns = task_arns(env, cluster, Whose::Service(&id.id), false).await.ok()?;
    arns.truncate(PAGE);
    if arns.is_empty() {
        return None;
    }
    let stopped = tasks(env, cluster, &arns).await.ok()?;
    let failed = stopped.iter().filter_map(stop::of).filter(|stop| stop.cause == Cause::Failed);
    failed.max_by_key(|stop| stop.at).map(|stop| stop.words)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Deployment;

    use super::*;

    fn service(state: DeploymentRolloutState, failed: i32, events: &[(&str, &str)]) -> Service {
        let deployment = Deployment::builder().id("ecs-svc/1").status("PRIMARY").task_definition("web:8");
        let deployment = deployment.rollout_state(state).failed_tasks(failed).running_count(1).desired_count(3);
        let event = |(id, words): &(&str, &str)| ServiceEvent::builder().id(*id).message(*words).build();
        Service::builder()
            .status("ACTIVE")
            .deployments(deployment.build())
            .set_events(Some(events.iter().map(event).collect()))
            .build()
    }

    #[test]
    fn only_new_trouble_counts() {
        use DeploymentRolloutState::InProgress;
        let old = ("1", "(service web) is unable to consistently start tasks successfully.");
        let trouble = Trouble::default();
        assert_eq!(trouble.since(&service(InProgress, 31, &[old])), Troubled::default());
        let unhealthy = ("2", "(service web) (port 80) is unhealthy in (target-group x) due to (reason y).");
        let since = trouble.since(&service(InProgress, 33, &[unhealthy, old]));
        assert!(since.event.is_some_and(|event| event.starts_with("(port 80) is unhealthy")) && !since.keeps_stopping);
        assert!(trouble.since(&service(InProgress, 34, &[old])).keeps_stopping);
        let again = ("3", old.1);
        assert!(trouble.since(&service(InProgress, 31, &[again, old])).keeps_stopping);
    }

    #[test]
    fn a_rollout_under_way_or_failed_is_told() {
        use crate::model::Verdict;
        let told = |state, failed| {
            let rest = at_rest(&service(state, failed, &[]));
            (rest.verdict, rest.evidence.to_string())
        };
        assert_eq!(
            told(DeploymentRolloutState::InProgress, 4),
            (Verdict::Warn, "web:8 is being rolled out: 1 of 3 tasks run, 4 failed".to_owned())
        );
        assert_eq!(
            told(DeploymentRolloutState::Failed, 4),
            (Verdict::Warn, "the rollout of web:8 has failed: no reason is told".to_owned())
        );
        assert_eq!(told(DeploymentRolloutState::Completed, 0).0, Verdict::Pass);
    }
}
