//! Tasks of the SDK as rows.

use aws_sdk_ecs::types::{Attachment, Container, HealthStatus, LaunchType, NetworkInterface, Task, TaskStopCode};

use super::DEF;
use crate::kinds::ecs::stop::{self, Cause};
use crate::kinds::ecs::{self, name_of};
use crate::kinds::parts::{self, Verdict, fine, required};
use crate::model::{Fault, Health, Resource, Scope, Value};

/// A task as a row.
pub fn of(scope: &Scope, cluster: &str, task: &Task) -> Result<Resource, Fault> {
    let name = name_of(required(task.task_arn(), ecs::TASKS, "taskArn")?);
    let group = task.group().unwrap_or_default();
    let launch = task.capacity_provider_name().or(task.launch_type().map(LaunchType::as_str));
    let containers = task.containers();
    let cells = vec![
        Value::maybe(task.last_status()),
        Value::text(group.strip_prefix("service:").unwrap_or(group)),
        Value::maybe(task.task_definition_arn().map(name_of)),
        parts::time(task.started_at()),
        Value::list(exit_codes(containers)),
        Value::maybe(task.availability_zone()),
        Value::maybe(address(task)),
        Value::text(cluster),
        Value::maybe(task.desired_status()),
        Value::maybe(task.health_status().map(HealthStatus::as_str)),
        Value::maybe(task.stop_code().map(TaskStopCode::as_str)),
        Value::maybe(task.stopped_reason()),
        Value::list(containers.iter().filter_map(Container::image)),
        Value::list(containers.iter().filter_map(Container::image_digest)),
        Value::maybe(task.cpu()),
        Value::maybe(task.memory()),
        Value::maybe(launch),
        Value::maybe(task.started_by()),
        Value::maybe(task.container_instance_arn().map(name_of)),
        Value::Bool(task.enable_execute_command()),
        parts::time(task.created_at()),
        parts::time(task.stopped_at()),
    ];
    let id = ecs::task_id(scope, cluster, name);
    Ok(parts::row(id, name, task.task_arn(), verdict(task), cells))
}

/// Whether the task of this row belongs to a service: groups of other tasks are `family:NAME` or free text.
pub fn has_service(task: &Resource) -> bool {
    let started_by = DEF.cell(task, "started_by").map(Value::show_exact).unwrap_or_default();
    let service = DEF.cell(task, "service").map(Value::show_exact).unwrap_or_default();
    started_by.starts_with("ecs-svc/") || (!service.is_empty() && !service.contains(':'))
}

/// The exit codes: one alone, several with their containers' names.
fn exit_codes(containers: &[Container]) -> Vec<String> {
    let one = containers.len() == 1;
    let code = |container: &Container| {
        let code = container.exit_code()?;
        Some(if one { code.to_string() } else { format!("{}={code}", container.name().unwrap_or("container")) })
    };
    containers.iter().filter_map(code).collect()
}

/// The private address of its network interface, else of its first container's.
fn address(task: &Task) -> Option<&str> {
    let details = task.attachments().iter().flat_map(Attachment::details);
    let own = details.filter(|pair| pair.name() == Some("privateIPv4Address")).find_map(|pair| pair.value());
    let interfaces = task.containers().iter().flat_map(Container::network_interfaces);
    own.or_else(|| interfaces.into_iter().find_map(NetworkInterface::private_ipv4_address))
}

fn verdict(task: &Task) -> Verdict {
    let Some(stop) = stop::of(task) else {
        return match task.last_status() {
            Some("RUNNING") if task.health_status() == Some(&HealthStatus::Unhealthy) => {
                (Health::Degraded, "fails its containers' health checks".to_owned())
            }
            Some("RUNNING") => fine(),
            Some(status) => (Health::Progressing, parts::status_words(status)),
            None => (Health::Unknown, "no status is told".to_owned()),
        };
    };
    match stop.cause {
        Cause::Failed => (Health::Failed, stop.words),
        Cause::Lost => (Health::Degraded, format!("its capacity was taken away: {}", stop.words)),
        Cause::Asked | Cause::Done if task.last_status() != Some("STOPPED") => {
            (Health::Progressing, format!("stopping: {}", stop.words))
        }
        Cause::Asked => (Health::Ok, format!("stopped: {}", stop.words)),
        Cause::Done => (Health::Ok, "done".to_owned()),
    }
}
