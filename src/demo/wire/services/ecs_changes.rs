//! ECS: services updated, tasks stopped.

use super::super::call::Answer;
use super::super::change::Change;
use super::super::failure::Failure;
use super::super::node::fields;
use super::{ecs, ecs_tasks};
use crate::demo::world::ServiceUpdate;

/// The most tasks that a service can have.
const MOST: i64 = 5_000;
const SOURCE: &str = "ecs.amazonaws.com";

pub fn answer(change: &mut Change<'_>) -> Option<Answer> {
    match change.operation {
        "UpdateService" => Some(update_service(change)),
        "StopTask" => Some(stop_task(change)),
        _ => None,
    }
}

/// The name of the cluster that the call names.
fn cluster(change: &Change<'_>) -> Result<String, Failure> {
    let cluster = change.account.ecs_cluster(change.input.text("cluster").unwrap_or("default"));
    let unknown = || Failure::new(400, "ClusterNotFoundException", "Cluster not found.");
    cluster.map(|cluster| cluster.name.clone()).ok_or_else(unknown)
}

fn last_part(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

fn update_service(change: &mut Change<'_>) -> Answer {
    let (cluster, name) = (cluster(change)?, last_part(change.required("service")?));
    let Some(service) = change.account.ecs_cluster(&cluster).and_then(|cluster| cluster.service(name)) else {
        return Err(Failure::new(400, "ServiceNotFoundException", "Service not found."));
    };
    if service.status != "ACTIVE" {
        return Err(Failure::new(400, "ServiceNotActiveException", "Service was not ACTIVE."));
    }
    let arn = service.arn.clone();
    let update = update_of(change, service.scheduling_strategy == "DAEMON")?;
    change.account.operated(SOURCE, "UpdateService", ("AWS::ECS::Service", arn), change.input.0.clone());
    change.account.update_service(&cluster, name, &update);
    let service = change.account.ecs_cluster(&cluster).and_then(|cluster| cluster.service(name));
    Ok(fields! { "service": service.map(|service| ecs::service_node(&service, false)) })
}

fn update_of(change: &Change<'_>, daemon: bool) -> Result<ServiceUpdate, Failure> {
    let desired = change.whole("desiredCount", 0..=MOST)?;
    if daemon && desired.is_some() {
        return Err(change.invalid("The daemon scheduling strategy does not support a desired count for services."));
    }
    let task_definition = match change.input.text("taskDefinition") {
        None => None,
        Some(reference) => match change.account.task_definition(reference) {
            Some(definition) if definition.status == "ACTIVE" => Some(definition.arn.clone()),
            Some(_) => return Err(Failure::new(400, "ClientException", "TaskDefinition is inactive")),
            None => return Err(Failure::new(400, "ClientException", "TaskDefinition not found.")),
        },
    };
    let configuration = change.input.structure("deploymentConfiguration").unwrap_or_default();
    let percent = |key: &str| configuration.whole(key).and_then(|percent| i32::try_from(percent).ok());
    Ok(ServiceUpdate {
        desired,
        task_definition,
        force: change.input.truth("forceNewDeployment"),
        maximum_percent: percent("maximumPercent"),
        minimum_percent: percent("minimumHealthyPercent"),
    })
}

fn stop_task(change: &mut Change<'_>) -> Answer {
    let (cluster, id) = (cluster(change)?, last_part(change.required("task")?));
    let Some(task) = change.account.ecs_cluster(&cluster).and_then(|cluster| cluster.task(id)) else {
        return Err(change.invalid("The referenced task was not found."));
    };
    let (arn, running) = (task.arn.clone(), task.desired_status == "RUNNING");
    change.account.operated(SOURCE, "StopTask", ("AWS::ECS::Task", arn), change.input.0.clone());
    if running {
        let reason = change.input.text("reason").unwrap_or("Task stopped by user");
        change.account.stop_task_for(&cluster, id, reason);
    }
    let task = change.account.ecs_cluster(&cluster).and_then(|cluster| cluster.task(id));
    Ok(fields! { "task": task.map(|task| ecs_tasks::task_node(&task)) })
}
