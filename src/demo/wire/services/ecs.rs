//! ECS: clusters and services; tasks and task definitions are in `ecs_tasks`.

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::node::{Fields, Node, fields, list};
use super::{ecs_history, ecs_tasks, not_offered, tags};
use crate::demo::world::{AwsVpc, Deployment, DeploymentConfiguration, EcsCluster, EcsService, ServiceLoadBalancer};

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "ListClusters" => list_clusters(call),
        "DescribeClusters" => describe_clusters(call),
        "ListServices" => list_services(call),
        "DescribeServices" => describe_services(call),
        "ListServiceDeployments" => ecs_history::list_deployments(call),
        "DescribeServiceRevisions" => ecs_history::describe_revisions(call),
        "ListTasks" => ecs_tasks::list_tasks(call),
        "DescribeTasks" => ecs_tasks::describe_tasks(call),
        "ListTaskDefinitionFamilies" => ecs_tasks::list_families(call),
        "ListTaskDefinitions" => ecs_tasks::list_definitions(call),
        "DescribeTaskDefinition" => ecs_tasks::describe_definition(call),
        _ => Err(not_offered(call)),
    }
}

/// The cluster that the call names.
pub fn cluster<'a>(call: &Call<'a>) -> Result<&'a EcsCluster, Failure> {
    let name = call.input.text("cluster").unwrap_or("default");
    call.account.ecs_cluster(name).ok_or_else(|| Failure::new(400, "ClusterNotFoundException", "Cluster not found."))
}

/// Whether the answer shall have that part too.
pub fn includes(call: &Call<'_>, part: &str) -> bool {
    call.input.texts("include").contains(&part)
}

/// What was asked for and is not there.
pub fn missing(arn: String) -> Node {
    fields! { "arn": arn, "reason": "MISSING" }
}

/// The names in a list parameter, at most so many.
pub fn named<'a>(call: &'a Call<'_>, key: &str, most: usize) -> Result<Vec<&'a str>, Failure> {
    let names = call.input.texts(key);
    if names.len() > most {
        return Err(call.invalid(format!("{key} can have at most {most} items.")));
    }
    Ok(names)
}

fn list_clusters(call: &Call<'_>) -> Answer {
    let arns: Vec<&String> = call.account.ecs_clusters.values().map(|cluster| &cluster.arn).collect();
    let page = call.page(arns.len(), call.size("maxResults", 100, 1..101)?, "nextToken")?;
    Ok(fields! { "clusterArns": list(page.of(&arns).iter().copied()), "nextToken": page.next })
}

fn describe_clusters(call: &Call<'_>) -> Answer {
    let mut names = named(call, "clusters", 100)?;
    if names.is_empty() {
        names.push("default");
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match call.account.ecs_cluster(name) {
            Some(cluster) => found.push(cluster_node(call, cluster)),
            None if name.starts_with("arn:") => failures.push(missing(name.to_owned())),
            None => failures.push(missing(arn(call, &format!("cluster/{name}")))),
        }
    }
    Ok(fields! { "clusters": list(found), "failures": list(failures) })
}

/// The ARN of something of ECS in this account.
pub fn arn(call: &Call<'_>, resource: &str) -> String {
    format!("arn:aws:ecs:{}:{}:{resource}", call.account.region, call.account.id)
}

fn cluster_node(call: &Call<'_>, cluster: &EcsCluster) -> Node {
    let (services, running, pending) = cluster.counts();
    let insights = if cluster.container_insights { "enabled" } else { "disabled" };
    fields! {
        "clusterArn": &cluster.arn,
        "clusterName": &cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": cluster.registered_container_instances,
        "runningTasksCount": running,
        "pendingTasksCount": pending,
        "activeServicesCount": services,
        "statistics": list(Vec::<Node>::new()),
        "tags": if includes(call, "TAGS") { tags(&cluster.tags, "member", "key", "value") } else { list(Vec::<Node>::new()) },
        "settings": list(includes(call, "SETTINGS").then(|| fields! { "name": "containerInsights", "value": insights })),
        "capacityProviders": list(&cluster.capacity_providers),
        "defaultCapacityProviderStrategy": list(Vec::<Node>::new()),
    }
}

fn list_services(call: &Call<'_>) -> Answer {
    let cluster = cluster(call)?;
    let size = call.size("maxResults", 10, 1..101)?;
    let prefix = cluster.arn.replacen(":cluster/", ":service/", 1);
    let arn = |name: &String| format!("{prefix}/{name}");
    let wanted = ["launchType", "schedulingStrategy"].map(|key| call.input.text(key));
    if wanted == [None, None] {
        let page = call.page(cluster.service_count(), size, "nextToken")?;
        let names = cluster.service_names(page.range.start, page.range.len());
        return Ok(fields! { "serviceArns": list(names.iter().map(arn)), "nextToken": page.next });
    }
    let fits = |name: &String| {
        cluster.service(name).is_some_and(|service| {
            let has = [service.launch_type, service.scheduling_strategy];
            wanted.iter().zip(has).all(|(wanted, has)| wanted.is_none_or(|wanted| wanted == has))
        })
    };
    let names: Vec<String> = cluster.service_names(0, cluster.service_count()).into_iter().filter(fits).collect();
    let page = call.page(names.len(), size, "nextToken")?;
    Ok(fields! { "serviceArns": list(page.of(&names).iter().map(arn)), "nextToken": page.next })
}

fn describe_services(call: &Call<'_>) -> Answer {
    let cluster = cluster(call)?;
    let names = named(call, "services", 10)?;
    if names.is_empty() {
        return Err(call.invalid("Services cannot be empty."));
    }
    let with_tags = includes(call, "TAGS");
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for reference in names {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        match cluster.service(name) {
            Some(service) => found.push(service_node(&service, with_tags)),
            None if reference.starts_with("arn:") => failures.push(missing(reference.to_owned())),
            None => failures.push(missing(arn(call, &format!("service/{}/{name}", cluster.name)))),
        }
    }
    Ok(fields! { "services": list(found), "failures": list(failures) })
}

pub fn service_node(service: &EcsService, with_tags: bool) -> Node {
    let network = service.network.as_ref();
    let events = service.events.iter().map(|event| {
        fields! { "id": &event.id, "createdAt": event.created_at, "message": &event.message }
    });
    let mut node = Fields::default();
    node.put("serviceArn", &service.arn);
    node.put("serviceName", &service.name);
    node.put("clusterArn", &service.cluster_arn);
    node.put("loadBalancers", list(service.load_balancers.iter().map(load_balancer)));
    node.put("serviceRegistries", list(Vec::<Node>::new()));
    node.put("status", service.status);
    node.put("desiredCount", service.desired_count);
    node.put("runningCount", service.running_count);
    node.put("pendingCount", service.pending_count);
    node.put("launchType", service.launch_type);
    if service.launch_type == "FARGATE" {
        node.put("platformVersion", service.platform_version);
        node.put("platformFamily", "Linux");
    }
    node.put("taskDefinition", &service.task_definition);
    node.put("deploymentConfiguration", deployment_configuration(&service.deployment_configuration));
    node.put("deployments", list(service.deployments.iter().map(|deployment| deployment_node(deployment, network))));
    node.put("roleArn", &service.role_arn);
    node.put("events", list(events));
    node.put("createdAt", service.created_at);
    node.put("placementConstraints", list(Vec::<Node>::new()));
    node.put("placementStrategy", list(Vec::<Node>::new()));
    node.put("networkConfiguration", network.map(network_configuration));
    node.put("healthCheckGracePeriodSeconds", service.health_check_grace_period_seconds);
    node.put("schedulingStrategy", service.scheduling_strategy);
    node.put("deploymentController", fields! { "type": service.deployment_controller });
    node.put("tags", with_tags.then(|| tags(&service.tags, "member", "key", "value")));
    node.put("createdBy", &service.created_by);
    node.put("enableECSManagedTags", true);
    node.put("propagateTags", service.propagate_tags);
    node.put("enableExecuteCommand", service.enable_execute_command);
    node.put("availabilityZoneRebalancing", "ENABLED");
    Node::Map(node)
}

fn load_balancer(balancer: &ServiceLoadBalancer) -> Node {
    fields! {
        "targetGroupArn": &balancer.target_group_arn,
        "containerName": &balancer.container_name,
        "containerPort": balancer.container_port,
    }
}

fn deployment_configuration(configuration: &DeploymentConfiguration) -> Node {
    fields! {
        "deploymentCircuitBreaker": fields! {
            "enable": configuration.circuit_breaker_enable,
            "rollback": configuration.circuit_breaker_rollback,
        },
        "maximumPercent": configuration.maximum_percent,
        "minimumHealthyPercent": configuration.minimum_healthy_percent,
        "strategy": "ROLLING",
    }
}

fn deployment_node(deployment: &Deployment, network: Option<&AwsVpc>) -> Node {
    let fargate = deployment.launch_type == "FARGATE";
    fields! {
        "id": &deployment.id,
        "status": deployment.status,
        "taskDefinition": &deployment.task_definition,
        "desiredCount": deployment.desired_count,
        "pendingCount": deployment.pending_count,
        "runningCount": deployment.running_count,
        "failedTasks": deployment.failed_tasks,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        "launchType": deployment.launch_type,
        "platformVersion": fargate.then_some(deployment.platform_version),
        "platformFamily": fargate.then_some("Linux"),
        "networkConfiguration": network.map(network_configuration),
        "rolloutState": deployment.rollout_state,
        "rolloutStateReason": &deployment.rollout_state_reason,
    }
}

fn network_configuration(network: &AwsVpc) -> Node {
    fields! {
        "awsvpcConfiguration": fields! {
            "subnets": list(&network.subnets),
            "securityGroups": list(&network.security_groups),
            "assignPublicIp": network.assign_public_ip,
        },
    }
}
