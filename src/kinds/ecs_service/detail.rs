//! The detail of a service: what it is, its deployments, what stopped and why, containers, targets, network, events.

use aws_sdk_ecs::types::{Deployment, NetworkConfiguration, Service, ServiceEvent, TaskDefinition};
use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetGroup, TargetHealthDescription};
use futures_util::future::{join_all, join4};
use jiff::Timestamp;

use super::health::{Evidence, plain, words_of};
use super::{GROUPS, row, sick_targets, stops};
use crate::kinds::ecs::stop::Stop;
use crate::kinds::ecs::{self, name_of};
use crate::kinds::elb::{self, balancer_name, target_group_name};
use crate::kinds::parts::{self, field, int};
use crate::kinds::{Asked, ecs_task_definition};
use crate::model::{Detail, Fault, ResourceId, Scope, Section, Value};
use crate::providers::Env;
use crate::providers::aws::fault;
use crate::providers::aws::raw::Capture;

/// Events that a detail shows; ECS keeps a hundred.
const EVENTS_SHOWN: usize = 50;

/// Reads a service with all that belongs to it.
pub fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let service = ecs::service(env, id).await?;
        let cluster = ecs::cluster_of(id);
        let arns = group_arns(&service);
        let no_capture = Capture::default();
        let (definition, ended, health, groups) = join4(
            definition(env, &service),
            stops(env, cluster, &id.id),
            join_all(arns.iter().map(|arn| elb::targets(env, arn, &no_capture))),
            groups(env, &arns),
        )
        .await;
        let health: Vec<(&str, Result<_, Fault>)> = arns.iter().map(String::as_str).zip(health).collect();
        let known = |(arn, found): &(&str, Result<Vec<_>, Fault>)| sick_targets(arn, found.as_ref().ok()?);
        let evidence = Evidence {
            stops: ended.as_deref().unwrap_or_default().to_vec(),
            targets: health.iter().filter_map(known).collect(),
        };
        let summary = row::of(&env.scope, cluster, &service, &evidence, Timestamp::now())?;
        let scope = &env.scope;
        let mut sections = vec![
            parts::summary(&super::DEF, &summary),
            deployments(scope, &service),
            parts::or_why("Stopped tasks", ended.map(|ended| stopped(scope, cluster, &ended))),
            parts::or_why(
                "Containers",
                definition.map(|found| match found {
                    Some(definition) => ecs_task_definition::containers(scope, &definition),
                    None => Section::Text { title: "Containers", lines: Vec::new() },
                }),
            ),
        ];
        if !arns.is_empty() {
            sections.extend(
                health
                    .into_iter()
                    .map(|(arn, found)| parts::or_why("Targets", found.map(|found| target_table(scope, arn, &found)))),
            );
            sections.push(parts::or_why("Load balancers", groups.map(|groups| balancers(scope, &groups))));
        }
        sections.extend(service.network_configuration().and_then(network));
        sections.push(events(service.events()));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

async fn definition(env: &Env, service: &Service) -> Result<Option<TaskDefinition>, Fault> {
    match row::definition(service) {
        Some(reference) => ecs::definition(env, reference).await.map(Some),
        None => Ok(None),
    }
}

/// The ARNs of its target groups, each once.
fn group_arns(service: &Service) -> Vec<String> {
    let arns = service.load_balancers().iter().filter_map(|balancer| balancer.target_group_arn());
    parts::each_once(arns.map(str::to_owned))
}

async fn groups(env: &Env, arns: &[String]) -> Result<Vec<TargetGroup>, Fault> {
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let call = env.aws.elb().describe_target_groups().set_target_group_arns(Some(arns.to_vec()));
    let answer = call.send().await.map_err(|error| fault(GROUPS, &error))?;
    Ok(answer.target_groups.unwrap_or_default())
}

fn deployments(scope: &Scope, service: &Service) -> Section {
    let row = |deployment: &Deployment| {
        let definition = deployment.task_definition().map(name_of);
        let cells = vec![
            Value::maybe(deployment.status()),
            Value::maybe(definition),
            Value::maybe(deployment.rollout_state().map(aws_sdk_ecs::types::DeploymentRolloutState::as_str)),
            Value::Count { have: deployment.running_count().into(), want: deployment.desired_count().into() },
            int(Some(deployment.pending_count())),
            int(Some(deployment.failed_tasks())),
            parts::time(deployment.created_at()),
            parts::time(deployment.updated_at()),
            Value::maybe(deployment.rollout_state_reason()),
            Value::maybe(deployment.id()),
        ];
        (cells, definition.map(|definition| ecs::definition_id(scope, definition)))
    };
    Section::Table {
        title: "Deployments",
        columns: vec![
            "status",
            "task definition",
            "rollout",
            "tasks",
            "pending",
            "failed",
            "created",
            "updated",
            "reason",
            "id",
        ],
        rows: service.deployments().iter().map(row).collect(),
    }
}

fn stopped(scope: &Scope, cluster: &str, ended: &[Stop]) -> Section {
    let mut ended: Vec<&Stop> = ended.iter().collect();
    ended.sort_by_key(|stop| std::cmp::Reverse(stop.at));
    let row = |stop: &Stop| {
        let at = stop.at.map_or(Value::None, Value::Instant);
        let cells = vec![at, Value::text(&stop.task), Value::text(&stop.definition), Value::text(&stop.words)];
        (cells, Some(ecs::task_id(scope, cluster, &stop.task)))
    };
    let columns = vec!["when", "task", "task definition", "why"];
    Section::Table { title: "Stopped tasks", columns, rows: ended.into_iter().map(row).collect() }
}

fn target_table(scope: &Scope, group: &str, targets: &[TargetHealthDescription]) -> Section {
    let name = target_group_name(group);
    let row = |target: &TargetHealthDescription| {
        let health = target.target_health();
        let cells = vec![
            Value::text(name),
            Value::maybe(target.target().and_then(|target| target.id())),
            int(target.target().and_then(TargetDescription::port)),
            Value::maybe(health.and_then(|health| health.state()).map(|state| state.as_str().to_owned())),
            Value::maybe(health.and_then(|health| health.description())),
        ];
        (cells, Some(parts::id(scope, "target-group", name)))
    };
    let columns = vec!["group", "target", "port", "state", "why"];
    Section::Table { title: "Targets", columns, rows: targets.iter().map(row).collect() }
}

fn balancers(scope: &Scope, groups: &[TargetGroup]) -> Section {
    let of_group = |group: &TargetGroup| {
        let name = group.target_group_name().unwrap_or_default().to_owned();
        let row = move |arn: &String| {
            let balancer = balancer_name(arn);
            (vec![Value::text(balancer), Value::text(&name)], Some(parts::id(scope, "load-balancer", balancer)))
        };
        group.load_balancer_arns().iter().map(row).collect::<Vec<_>>()
    };
    let columns = vec!["load balancer", "target group"];
    Section::Table { title: "Load balancers", columns, rows: groups.iter().flat_map(of_group).collect() }
}

fn network(network: &NetworkConfiguration) -> Option<Section> {
    let vpc = network.awsvpc_configuration()?;
    let fields = vec![
        field("subnets", Value::list(vpc.subnets())),
        field("security groups", Value::list(vpc.security_groups())),
        field("public address", Value::maybe(vpc.assign_public_ip().map(aws_sdk_ecs::types::AssignPublicIp::as_str))),
    ];
    Some(Section::Fields { title: "Network", fields })
}

fn events(events: &[ServiceEvent]) -> Section {
    let row = |event: &ServiceEvent| (vec![parts::time(event.created_at()), Value::text(plain(words_of(event)))], None);
    let rows = events.iter().take(EVENTS_SHOWN).map(row).collect();
    Section::Table { title: "Events", columns: vec!["when", "event"], rows }
}
