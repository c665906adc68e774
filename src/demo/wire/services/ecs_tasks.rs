//! ECS: tasks, and the families and revisions of task definitions.

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::node::{Fields, Node, fields, list, map};
use super::ecs::{arn, cluster, includes, missing, named};
use super::tags;
use crate::demo::world::{AwsLogs, Container, ContainerDefinition, EcsTask, TaskDefinition};

pub fn list_tasks(call: &Call<'_>) -> Answer {
    let cluster = cluster(call)?;
    let size = call.size("maxResults", 100, 1..101)?;
    let service = call.input.text("serviceName").map(|name| name.rsplit('/').next().unwrap_or(name));
    if service.is_some_and(|name| cluster.service(name).is_none()) {
        return Err(Failure::new(400, "ServiceNotFoundException", "Service not found."));
    }
    let desired = call.input.text("desiredStatus").unwrap_or("RUNNING");
    let mut ids = cluster.task_ids(service, desired);
    let [family, started_by, launch_type] = ["family", "startedBy", "launchType"].map(|key| call.input.text(key));
    if family.is_some() || started_by.is_some() || launch_type.is_some() {
        let fits = |task: &EcsTask| {
            family.is_none_or(|family| family_of(&task.task_definition) == family)
                && started_by.is_none_or(|id| task.started_by == id)
                && launch_type.is_none_or(|launch| task.launch_type == launch)
        };
        ids.retain(|id| cluster.task(id).is_some_and(|task| fits(&task)));
    }
    let page = call.page(ids.len(), size, "nextToken")?;
    let prefix = cluster.arn.replacen(":cluster/", ":task/", 1);
    let arns = page.of(&ids).iter().map(|id| format!("{prefix}/{id}"));
    Ok(fields! { "taskArns": list(arns), "nextToken": page.next })
}

/// The family in the ARN of a revision.
fn family_of(definition: &str) -> &str {
    let name = definition.rsplit('/').next().unwrap_or(definition);
    name.split(':').next().unwrap_or(name)
}

pub fn describe_tasks(call: &Call<'_>) -> Answer {
    let cluster = cluster(call)?;
    let references = named(call, "tasks", 100)?;
    if references.is_empty() {
        return Err(call.invalid("Tasks cannot be empty."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        let id = reference.rsplit('/').next().unwrap_or(reference);
        match cluster.task(id) {
            Some(task) => found.push(task_node(&task)),
            None if reference.starts_with("arn:") => failures.push(missing(reference.to_owned())),
            None => failures.push(missing(arn(call, &format!("task/{}/{id}", cluster.name)))),
        }
    }
    Ok(fields! { "tasks": list(found), "failures": list(failures) })
}

pub fn task_node(task: &EcsTask) -> Node {
    let mut node = Fields::default();
    node.put("attachments", list([attachment(task)]));
    node.put("attributes", list([fields! { "name": "ecs.cpu-architecture", "value": "x86_64" }]));
    node.put("availabilityZone", &task.availability_zone);
    node.put("clusterArn", &task.cluster_arn);
    node.put("connectivity", task.connectivity);
    node.put("connectivityAt", task.connectivity_at);
    node.put("containers", list(task.containers.iter().map(|container| container_node(container, task))));
    node.put("cpu", &task.cpu);
    node.put("createdAt", task.created_at);
    node.put("desiredStatus", task.desired_status);
    node.put("enableExecuteCommand", false);
    node.put("executionStoppedAt", task.execution_stopped_at);
    node.put("group", &task.group);
    node.put("healthStatus", task.health_status);
    node.put("lastStatus", task.last_status);
    node.put("launchType", task.launch_type);
    node.put("memory", &task.memory);
    if task.launch_type == "FARGATE" {
        node.put("platformVersion", task.platform_version);
        node.put("platformFamily", "Linux");
    }
    node.put("pullStartedAt", task.pull_started_at);
    node.put("pullStoppedAt", task.pull_stopped_at);
    node.put("startedAt", task.started_at);
    node.put("startedBy", &task.started_by);
    node.put("stopCode", task.stop_code);
    node.put("stoppedAt", task.stopped_at);
    node.put("stoppedReason", &task.stopped_reason);
    node.put("stoppingAt", task.stopping_at);
    node.put("tags", list(Vec::<Node>::new()));
    node.put("taskArn", &task.arn);
    node.put("taskDefinitionArn", &task.task_definition);
    node.put("version", task.version);
    Node::Map(node)
}

fn attachment(task: &EcsTask) -> Node {
    let status = match task.last_status {
        "PROVISIONING" => "PRECREATED",
        "STOPPED" => "DELETED",
        _ => "ATTACHED",
    };
    let details = [
        ("subnetId", &task.subnet_id),
        ("networkInterfaceId", &task.eni_id),
        ("macAddress", &task.mac_address),
        ("privateIPv4Address", &task.private_ip),
    ];
    fields! {
        "id": format!("{}-eni", task.id),
        "type": "ElasticNetworkInterface",
        "status": status,
        "details": list(details.map(|(name, value)| fields! { "name": name, "value": value })),
    }
}

fn container_node(container: &Container, task: &EcsTask) -> Node {
    fields! {
        "containerArn": &container.arn,
        "taskArn": &task.arn,
        "name": &container.name,
        "image": &container.image,
        "imageDigest": &container.image_digest,
        "runtimeId": &container.runtime_id,
        "lastStatus": container.last_status,
        "exitCode": container.exit_code,
        "reason": &container.reason,
        "networkBindings": list(Vec::<Node>::new()),
        "networkInterfaces": list([fields! { "attachmentId": format!("{}-eni", task.id), "privateIpv4Address": &task.private_ip }]),
        "healthStatus": container.health_status,
        "cpu": &container.cpu,
        "memory": &container.memory,
    }
}

pub fn list_families(call: &Call<'_>) -> Answer {
    let size = call.size("maxResults", 100, 1..101)?;
    let prefix = call.input.text("familyPrefix").unwrap_or_default();
    let status = call.input.text("status").unwrap_or("ACTIVE");
    let fits = |revisions: &[TaskDefinition]| {
        let active = revisions.iter().any(|definition| definition.status == "ACTIVE");
        status == "ALL" || active == (status == "ACTIVE")
    };
    let definitions = &call.account.task_definitions;
    let families: Vec<&String> = definitions
        .iter()
        .filter(|(name, revisions)| name.starts_with(prefix) && fits(revisions))
        .map(|(name, _)| name)
        .collect();
    let page = call.page(families.len(), size, "nextToken")?;
    Ok(fields! { "families": list(page.of(&families).iter().copied()), "nextToken": page.next })
}

pub fn list_definitions(call: &Call<'_>) -> Answer {
    let size = call.size("maxResults", 100, 1..101)?;
    let status = call.input.text("status").unwrap_or("ACTIVE");
    let family = call.input.text("familyPrefix");
    let definitions = call.account.task_definitions.values().flatten();
    let mut arns: Vec<&String> = definitions
        .filter(|definition| definition.status == status && family.is_none_or(|family| definition.family == family))
        .map(|definition| &definition.arn)
        .collect();
    if call.input.text("sort") == Some("DESC") {
        arns.reverse();
    }
    let page = call.page(arns.len(), size, "nextToken")?;
    Ok(fields! { "taskDefinitionArns": list(page.of(&arns).iter().copied()), "nextToken": page.next })
}

pub fn describe_definition(call: &Call<'_>) -> Answer {
    let reference = call.required("taskDefinition")?;
    let unknown = || Failure::new(400, "ClientException", "Unable to describe task definition.");
    let definition = call.account.task_definition(reference).ok_or_else(unknown)?;
    Ok(fields! {
        "taskDefinition": definition_node(definition),
        "tags": if includes(call, "TAGS") { tags(&definition.tags, "member", "key", "value") } else { list(Vec::<Node>::new()) },
    })
}

fn definition_node(definition: &TaskDefinition) -> Node {
    fields! {
        "taskDefinitionArn": &definition.arn,
        "containerDefinitions": list(definition.containers.iter().map(container_definition)),
        "family": &definition.family,
        "taskRoleArn": &definition.task_role_arn,
        "executionRoleArn": &definition.execution_role_arn,
        "networkMode": definition.network_mode,
        "revision": definition.revision,
        "volumes": list(Vec::<Node>::new()),
        "status": definition.status,
        "requiresAttributes": list(Vec::<Node>::new()),
        "placementConstraints": list(Vec::<Node>::new()),
        "compatibilities": list(["EC2", "FARGATE"]),
        "runtimePlatform": fields! {
            "cpuArchitecture": definition.cpu_architecture,
            "operatingSystemFamily": definition.operating_system_family,
        },
        "requiresCompatibilities": list(&definition.requires_compatibilities),
        "cpu": &definition.cpu,
        "memory": &definition.memory,
        "registeredAt": definition.registered_at,
        "registeredBy": &definition.registered_by,
    }
}

fn container_definition(container: &ContainerDefinition) -> Node {
    let ports = container.container_ports.iter().map(|port| {
        fields! { "containerPort": *port, "hostPort": *port, "protocol": "tcp" }
    });
    let environment = container.environment.iter().map(|(name, value)| fields! { "name": name, "value": value });
    let secrets = container.secrets.iter().map(|(name, from)| fields! { "name": name, "valueFrom": from });
    let command = &container.health_check_command;
    let health_check = (!command.is_empty()).then(|| {
        fields! { "command": list(command), "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 30 }
    });
    fields! {
        "name": &container.name,
        "image": &container.image,
        "cpu": container.cpu,
        "memory": container.memory,
        "memoryReservation": container.memory_reservation,
        "portMappings": list(ports),
        "essential": container.essential,
        "environment": list(environment),
        "mountPoints": list(Vec::<Node>::new()),
        "volumesFrom": list(Vec::<Node>::new()),
        "secrets": list(secrets),
        "logConfiguration": container.log.as_ref().map(log_configuration),
        "healthCheck": health_check,
        "systemControls": list(Vec::<Node>::new()),
    }
}

fn log_configuration(log: &AwsLogs) -> Node {
    let options =
        [("awslogs-group", &log.group), ("awslogs-region", &log.region), ("awslogs-stream-prefix", &log.stream_prefix)];
    let options = options.map(|(key, value)| (key.to_owned(), value.clone()));
    fields! { "logDriver": "awslogs", "options": map(options.iter().map(|(key, value)| (key, value))) }
}
