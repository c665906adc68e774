//! `ecs-service`: services of ECS.
//!
//! A list calls `ListClusters` (unless it is within one), `ListServices` by a hundred and `DescribeServices` by ten, and nothing
//! more as long as all looks well. What looks sick by that answer is asked about once more: `ListTasks` and `DescribeTasks` for
//! why its tasks stopped, `DescribeTargetHealth` for each of its target groups; a service that looks well is asked about only
//! the groups that its own events since the last steady state call unhealthy. All of that stands under `EVIDENCE`, so that an
//! incident does not multiply the calls: services beyond it are judged by counts, rollout and events alone. Evidence that may
//! not be read is left out of the verdict; the detail says so.

mod detail;
mod health;
mod row;

use aws_sdk_ecs::types::Service;
use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;
use futures_util::future::{join, join_all};
use futures_util::stream::TryStreamExt;
use jiff::Timestamp;

use super::ecs::{self, stop};
use super::parts::Allowance;
use super::{Asked, BridgePane, Column, KindDef, Op, Relation, Show, Sink, System, columns, elb, parts};
use crate::model::{Fault, LogSource, MetricSpec, Resource, ResourceId, Unit, Value};
use crate::providers::Env;
use crate::providers::aws::fault;
use crate::providers::aws::raw::Capture;

use health::{Evidence, Needs, SickTargets};
pub use health::{is_bookkeeping, is_steady, is_trouble, plain, primary, words_of};

const KIND: &str = "ecs-service";
/// Which load balancers use the target groups.
const GROUPS: Op = "elasticloadbalancing:DescribeTargetGroups";

/// Calls for evidence that one list may make.
const EVIDENCE: usize = 60;
/// Batches of ten services that gather evidence at once.
const GATHERING: usize = 2;

/// ECS services.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "services",
    aliases: &["svc", "service", "ecs"],
    doc: "ECS services: tasks running of desired, task definition, rollout, and what is wrong",
    system: System::Aws,
    pane: Some(BridgePane::Services),
    columns: COLUMNS,
    reads: &[
        ecs::LIST_CLUSTERS,
        ecs::LIST_SERVICES,
        ecs::SERVICES,
        ecs::LIST_TASKS,
        ecs::TASKS,
        ecs::DEFINITION,
        elb::TARGET_HEALTH,
        GROUPS,
    ],
    cadence: ecs::CADENCE,
    list,
    detail: detail::detail,
    raw,
    relations,
    metrics,
    logs,
    has_logs: true,
    console: |service| {
        let (cluster, region) = (ecs::cluster_of(&service.id), &service.id.scope.region);
        Some(format!("ecs/v2/clusters/{cluster}/services/{}/health?region={region}", service.id.id))
    },
};

const COLUMNS: &[Column] = &[
    Column::text("cluster", "CLUSTER", (8, 24), Show::Table(3), "Cluster it runs in"),
    Column::number("tasks", "TASKS", 7, Show::Table(0), "Tasks running of desired"),
    Column::text("task_definition", "TASK DEFINITION", (12, 36), Show::Table(2), "Family and revision it is set to"),
    Column::text("rollout", "ROLLOUT", (9, 11), Show::Table(1), "COMPLETED, IN_PROGRESS or FAILED"),
    Column::text("deployed_at", "DEPLOYED", (4, 8), Show::Table(4), "When its newest deployment began"),
    Column::text("launch_type", "LAUNCH", (3, 12), Show::Table(5), "FARGATE, EC2, EXTERNAL, or capacity providers"),
    Column::number("desired", "DESIRED", 5, Show::Data, "Tasks wanted"),
    Column::number("running", "RUNNING", 5, Show::Data, "Tasks running"),
    Column::number("pending", "PENDING", 5, Show::Data, "Tasks starting"),
    Column::text("status", "STATUS", (6, 8), Show::Data, "ACTIVE, DRAINING or INACTIVE"),
    Column::number("deployments", "DEPLOYMENTS", 3, Show::Data, "Deployments, the old ones that still drain too"),
    Column::number("failed_tasks", "FAILED TASKS", 4, Show::Data, "Tasks of the newest deployment that failed"),
    Column::text("rollout_reason", "ROLLOUT REASON", (10, 80), Show::Data, "What ECS says of the rollout"),
    Column::text("target_groups", "TARGET GROUPS", (10, 60), Show::Data, "Target groups it registers its tasks in"),
    Column::text("load_balancers", "LOAD BALANCERS", (10, 60), Show::Data, "Classic load balancers, by name"),
    Column::text("exposed", "EXPOSED", (8, 40), Show::Data, "Container and port behind each target group"),
    Column::text("controller", "CONTROLLER", (3, 11), Show::Data, "Who deploys: ECS, CODE_DEPLOY or EXTERNAL"),
    Column::text("scheduling", "SCHEDULING", (6, 7), Show::Data, "REPLICA or DAEMON"),
    Column::number("minimum_percent", "MINIMUM %", 4, Show::Data, "Least of desired kept healthy in a rollout"),
    Column::number("maximum_percent", "MAXIMUM %", 4, Show::Data, "Most of desired that run in a rollout"),
    Column::text("circuit_breaker", "CIRCUIT BREAKER", (2, 14), Show::Data, "Whether failing rollouts are given up"),
    columns::GRACE_SECONDS,
    Column::text("exec", "EXEC", (3, 3), Show::Data, "Whether commands can be run in its containers"),
    Column::text("platform", "PLATFORM", (5, 8), Show::Data, "Fargate platform version"),
    columns::CREATED,
    Column::text("created_by", "CREATED BY", (8, 40), Show::Data, "Who made it"),
];

const METRICS: &[parts::Metric] =
    &[("cpu", "CPUUtilization", "Average", Unit::Percent), ("memory", "MemoryUtilization", "Average", Unit::Percent)];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        let clusters = ecs::clusters(env, within).await?;
        let left = &Allowance::new(EVIDENCE);
        let services = ecs::services(env, clusters);
        let rows = services.map_ok(|(cluster, ten)| async move { rows(env, &cluster, &ten, left).await });
        let mut rows = std::pin::pin!(rows.try_buffered(GATHERING));
        while let Some(rows) = rows.try_next().await? {
            sink.page(rows);
        }
        Ok(())
    })
}

async fn rows(env: &Env, cluster: &str, ten: &[Service], left: &Allowance) -> Result<Vec<Resource>, Fault> {
    let now = Timestamp::now();
    let row = async |service: &Service| {
        let needs = health::needs(service, now);
        let evidence = evidence(env, cluster, service, affordable(needs, left)).await;
        row::of(&env.scope, cluster, service, &evidence, now)
    };
    join_all(ten.iter().map(row)).await.into_iter().collect()
}

/// As much of the evidence as there are calls left for.
fn affordable(needs: Needs, left: &Allowance) -> Needs {
    Needs { stops: needs.stops && left.take(2), targets: needs.targets.into_iter().filter(|_| left.take(1)).collect() }
}

/// What could be found out.
async fn evidence(env: &Env, cluster: &str, service: &Service, needs: Needs) -> Evidence {
    let name = service.service_name().unwrap_or_default();
    let stops = async { if needs.stops { stops(env, cluster, name).await.unwrap_or_default() } else { Vec::new() } };
    let no_capture = Capture::default();
    let targets = join_all(needs.targets.iter().map(|group| elb::targets(env, group, &no_capture)));
    let (stops, targets) = join(stops, targets).await;
    let sick = needs.targets.iter().zip(targets).filter_map(|(group, found)| sick_targets(group, &found.ok()?));
    Evidence { stops, targets: sick.collect() }
}

/// How tasks of a service ended within the last hour; a hundred of them say enough.
async fn stops(env: &Env, cluster: &str, service: &str) -> Result<Vec<stop::Stop>, Fault> {
    let call = env.aws.ecs().list_tasks().cluster(cluster).service_name(service).desired_status("STOPPED".into());
    let page = call.max_results(ecs::PAGE as i32).send().await.map_err(|error| fault(ecs::LIST_TASKS, &error))?;
    if page.task_arns().is_empty() {
        return Ok(Vec::new());
    }
    let tasks = ecs::tasks(env, cluster, page.task_arns()).await?;
    Ok(tasks.iter().filter_map(stop::of).collect())
}

fn sick_targets(group: &str, targets: &[TargetHealthDescription]) -> Option<SickTargets> {
    let targets = elb::Targets::new(targets);
    (targets.unhealthy > 0).then(|| SickTargets {
        group: elb::target_group_name(group).to_owned(),
        unhealthy: targets.unhealthy,
        of: targets.total(),
        why: targets.complaint().unwrap_or("no reason is told").to_owned(),
    })
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = env.aws.ecs().describe_services().cluster(ecs::cluster_of(id)).services(&*id.id);
        let call = call.customize().interceptor(capture.clone());
        call.send().await.map_err(|error| fault(ecs::SERVICES, &error))?;
        capture.pretty(ecs::SERVICES, "/services/0")
    })
}

fn relations(service: &Resource) -> Vec<Relation> {
    let scope = &service.id.scope;
    let cluster = ecs::cluster_of(&service.id);
    let mut relations = vec![parts::to_those_within("tasks", "ecs-task", &service.id)];
    if let Some(Value::Text(definition)) = DEF.cell(service, "task_definition") {
        relations.push(parts::to_one("task definition", ecs::definition_id(scope, definition)));
    }
    let groups = parts::items_of(&DEF, service, "target_groups");
    relations.extend(parts::to_each("target group", scope, "target-group", groups));
    relations.push(parts::to_alarms(scope, &[("ClusterName", cluster), ("ServiceName", &service.id.id)]));
    relations.push(parts::to_one("cluster", parts::id(&scope.region_scope(), "ecs-cluster", cluster)));
    relations
}

fn metrics(service: &Resource) -> Vec<MetricSpec> {
    let dimensions = [("ClusterName", ecs::cluster_of(&service.id)), ("ServiceName", &*service.id.id)];
    parts::metrics(&service.id, "AWS/ECS", &dimensions, METRICS)
}

fn logs<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Vec<LogSource>> {
    Box::pin(async move {
        let service = ecs::service(env, id).await?;
        let Some(definition) = row::definition(&service) else { return Ok(Vec::new()) };
        Ok(ecs::log_sources(&env.scope, &ecs::definition(env, definition).await?, None))
    })
}

#[cfg(test)]
mod tests;
