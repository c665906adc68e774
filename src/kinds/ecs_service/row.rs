//! Services of the SDK as rows.

use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, Deployment, DeploymentConfiguration, DeploymentRolloutState, LaunchType, Service,
};
use jiff::Timestamp;

use super::health::{Evidence, primary, verdict};
use crate::kinds::ecs::{self, name_of};
use crate::kinds::elb::target_group_name;
use crate::kinds::parts::{self, int, required};
use crate::model::{Fault, Resource, Scope, Value};

/// A service as a row.
pub fn of(
    scope: &Scope,
    cluster: &str,
    service: &Service,
    evidence: &Evidence,
    now: Timestamp,
) -> Result<Resource, Fault> {
    let name = required(service.service_name(), ecs::SERVICES, "serviceName")?;
    let wanted = primary(service);
    let (running, desired) = (i64::from(service.running_count()), i64::from(service.desired_count()));
    let rollout = wanted.and_then(Deployment::rollout_state).map(DeploymentRolloutState::as_str);
    let settings = service.deployment_configuration();
    let breaker = settings.and_then(|settings| settings.deployment_circuit_breaker());
    let cells = vec![
        Value::text(cluster),
        Value::Count { have: running, want: desired },
        Value::maybe(definition(service).map(name_of)),
        Value::maybe(rollout),
        parts::time(wanted.and_then(Deployment::created_at)),
        Value::text(launch_type(service)),
        Value::Int(desired),
        Value::Int(running),
        int(Some(service.pending_count())),
        Value::maybe(service.status()),
        Value::Int(service.deployments().len() as i64),
        int(wanted.map(Deployment::failed_tasks)),
        Value::maybe(wanted.and_then(Deployment::rollout_state_reason)),
        Value::list(target_groups(service)),
        Value::list(service.load_balancers().iter().filter_map(|balancer| balancer.load_balancer_name())),
        Value::list(exposed(service)),
        Value::maybe(service.deployment_controller().map(|controller| controller.r#type().as_str())),
        Value::maybe(service.scheduling_strategy().map(aws_sdk_ecs::types::SchedulingStrategy::as_str)),
        int(settings.and_then(DeploymentConfiguration::minimum_healthy_percent)),
        int(settings.and_then(DeploymentConfiguration::maximum_percent)),
        Value::maybe(breaker.map(|breaker| match (breaker.enable(), breaker.rollback()) {
            (true, true) => "on, rolls back",
            (true, false) => "on",
            (false, _) => "off",
        })),
        int(service.health_check_grace_period_seconds()),
        Value::Bool(service.enable_execute_command()),
        Value::maybe(service.platform_version()),
        parts::time(service.created_at()),
        Value::maybe(service.created_by().map(name_of)),
    ];
    let id = ecs::service_id(scope, cluster, name);
    Ok(parts::row(id, name, service.service_arn(), verdict(service, evidence, now), cells))
}

/// What it is set to; of one that is deployed from outside, what its primary task set is.
pub fn definition(service: &Service) -> Option<&str> {
    let sets = service.task_sets();
    let set = sets.iter().find(|set| set.status() == Some("PRIMARY")).or(sets.first());
    service.task_definition().or_else(|| set?.task_definition())
}

/// The names of its target groups, each once.
fn target_groups(service: &Service) -> Vec<&str> {
    let arns = service.load_balancers().iter().filter_map(|balancer| balancer.target_group_arn());
    parts::each_once(arns.map(target_group_name))
}

/// Container and port behind each of its load balancers.
fn exposed(service: &Service) -> Vec<String> {
    let exposed = |balancer: &aws_sdk_ecs::types::LoadBalancer| {
        Some(format!("{}:{}", balancer.container_name()?, balancer.container_port()?))
    };
    service.load_balancers().iter().filter_map(exposed).collect()
}

/// The launch type, or the capacity providers that stand in its place.
fn launch_type(service: &Service) -> String {
    let providers = service.capacity_provider_strategy();
    if providers.is_empty() {
        return service.launch_type().map(LaunchType::as_str).unwrap_or_default().to_owned();
    }
    providers.iter().map(CapacityProviderStrategyItem::capacity_provider).collect::<Vec<_>>().join(", ")
}
