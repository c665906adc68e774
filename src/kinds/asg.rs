//! `asg`: Auto Scaling groups with their instances and activities.
//!
//! A list calls `DescribeAutoScalingGroups` by a hundred; for groups that do not have what they want it calls
//! `DescribeScalingActivities` once each, to tell why, up to `EVIDENCE` times.

mod row;

use std::time::Duration;

use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::builders::DescribeAutoScalingGroupsFluentBuilder;
use aws_sdk_autoscaling::types::{Activity, AutoScalingGroup, Instance};
use futures_util::future::join;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::elb::target_group_name;
use super::parts::{self, Allowance};
use super::{Asked, BridgePane, Column, KindDef, Op, Relation, Show, Sink, System, columns, no_logs};
use crate::model::{Detail, Fault, MetricSpec, Resource, ResourceId, Section, Unit, Value};
use crate::providers::Env;
use crate::providers::aws::raw::Capture;
use crate::providers::aws::{fault, pages};

pub use row::sentence;

const KIND: &str = "asg";
const LIST: Op = "autoscaling:DescribeAutoScalingGroups";
/// What a group did and why.
pub const ACTIVITIES: Op = "autoscaling:DescribeScalingActivities";

/// The most groups, and the most activities, on a page.
const PAGE: i32 = 100;
/// How many of the newest activities tell why a group is short.
const NEWEST: i32 = 20;
/// How many of the newest activities a detail shows.
const SHOWN: i32 = 50;
/// Calls for activities that one list may make.
const EVIDENCE: usize = 20;
/// Groups whose activities are asked for at once.
const GATHERING: usize = 4;

/// Auto Scaling groups.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "asgs",
    aliases: &["auto-scaling-groups", "autoscaling"],
    doc: "Auto Scaling groups: instances in service of desired, limits, what failed lately",
    system: System::Aws,
    pane: Some(BridgePane::Clusters),
    columns: COLUMNS,
    reads: &[LIST, ACTIVITIES],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics,
    logs: no_logs,
    has_logs: false,
    console: |group| {
        let place = format!("AutoScalingGroupDetails:id={};view=details", parts::encoded(&group.id.id));
        Some(parts::console(group, "ec2", &place))
    },
};

const COLUMNS: &[Column] = &[
    Column::number("instances", "INSTANCES", 9, Show::Table(0), "Instances in service and healthy, of desired"),
    Column::number("min", "MIN", 4, Show::Table(1), "Least instances"),
    Column::number("max", "MAX", 4, Show::Table(2), "Most instances"),
    Column::text("zones", "ZONES", (10, 44), Show::Table(3), "Availability zones"),
    Column::text("health_check", "CHECK", (3, 8), Show::Table(4), "Whose checks count: EC2, ELB"),
    Column::number("desired", "DESIRED", 5, Show::Data, "Instances wanted"),
    Column::number("in_service", "IN SERVICE", 5, Show::Data, "Instances in service and healthy"),
    Column::number("unhealthy", "UNHEALTHY", 5, Show::Data, "Instances called unhealthy"),
    Column::text("instance_ids", "INSTANCE IDS", (19, 80), Show::Data, "Its instances"),
    Column::text("instance_types", "TYPES", (8, 40), Show::Data, "Types of its instances"),
    Column::text("launch", "LAUNCHES", (8, 60), Show::Data, "Launch template and version, or launch configuration"),
    Column::text("target_groups", "TARGET GROUPS", (10, 60), Show::Data, "Target groups it registers its instances in"),
    Column::text("suspended", "SUSPENDED", (6, 60), Show::Data, "Processes that are suspended"),
    columns::GRACE_SECONDS,
    Column::number("cooldown_seconds", "COOLDOWN", 5, Show::Data, "Seconds between two scalings"),
    Column::text("subnets", "SUBNETS", (15, 80), Show::Data, "Subnets"),
    Column::text("termination", "TERMINATION", (8, 60), Show::Data, "Which instances go first"),
    Column::text("protected", "PROTECTED", (3, 3), Show::Data, "Whether new instances are protected from scale-in"),
    Column::text("eks_cluster", "EKS CLUSTER", (8, 40), Show::Data, "The EKS cluster whose nodes its instances are"),
    Column::text(
        "node_group",
        "NODE GROUP",
        (8, 40),
        Show::Data,
        "The managed node group of EKS that it stands behind",
    ),
    columns::CREATED,
];

const METRICS: &[parts::Metric] = &[("cpu", "CPUUtilization", "Average", Unit::Percent)];

fn ask(env: &Env) -> DescribeAutoScalingGroupsFluentBuilder {
    env.aws.autoscaling().describe_auto_scaling_groups()
}

fn list<'a>(env: &'a Env, _: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        let left = &Allowance::new(EVIDENCE);
        pages(LIST, move |token| async move {
            let call = ask(env).max_records(PAGE).set_next_token(token);
            let page = call.send().await.map_err(|error| fault(LIST, &error))?;
            let groups = page.auto_scaling_groups.unwrap_or_default();
            let rows = stream::iter(groups).map(|group| async move { with_evidence(env, &group, left).await });
            sink.page(rows.buffered(GATHERING).try_collect().await?);
            Ok(page.next_token)
        })
        .await
    })
}

/// A row, with its newest activities where they are needed. What may not be read is left out of the verdict.
async fn with_evidence(env: &Env, group: &AutoScalingGroup, left: &Allowance) -> Result<Resource, Fault> {
    let activities = match group.auto_scaling_group_name() {
        Some(name) if row::is_short(group) && left.take(1) => activities(env, name, NEWEST).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    row::of(&env.scope, group, &activities, Timestamp::now())
}

/// The newest activities of a group, newest first.
async fn activities(env: &Env, group: &str, count: i32) -> Result<Vec<Activity>, Fault> {
    let call = env.aws.autoscaling().describe_scaling_activities().auto_scaling_group_name(group).max_records(count);
    let answer = call.send().await.map_err(|error| fault(ACTIVITIES, &error))?;
    Ok(answer.activities.unwrap_or_default())
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let call = ask(env).auto_scaling_group_names(&*id.id).send();
        let (answer, newest) = join(call, activities(env, &id.id, SHOWN)).await;
        let answer = answer.map_err(|error| fault(LIST, &error))?;
        let group = answer.auto_scaling_groups().first().ok_or_else(|| parts::gone(id))?;
        let row = row::of(&env.scope, group, newest.as_deref().unwrap_or_default(), Timestamp::now())?;
        let activities = parts::or_why("Activities", newest.map(|newest| activity_table(&newest)));
        let sections = vec![parts::summary(&DEF, &row), instances(group.instances()), activities];
        Ok(Detail { sections: parts::filled(sections) })
    })
}

fn instances(instances: &[Instance]) -> Section {
    let row = |instance: &Instance| {
        let template = instance.launch_template();
        let cells = vec![
            Value::maybe(instance.instance_id()),
            Value::maybe(instance.lifecycle_state().map(|state| state.as_str().to_owned())),
            Value::maybe(instance.health_status()),
            Value::maybe(instance.instance_type()),
            Value::maybe(instance.availability_zone()),
            Value::maybe(template.and_then(|template| template.version()).or(instance.launch_configuration_name())),
            parts::yes(instance.protected_from_scale_in()),
        ];
        (cells, None)
    };
    Section::Table {
        title: "Instances",
        columns: vec!["instance", "lifecycle", "health", "type", "zone", "template version", "protected"],
        rows: instances.iter().map(row).collect(),
    }
}

fn activity_table(activities: &[Activity]) -> Section {
    let row = |activity: &Activity| {
        let cells = vec![
            parts::time(activity.start_time()),
            Value::maybe(activity.status_code().map(|code| code.as_str().to_owned())),
            Value::maybe(activity.description()),
            Value::maybe(activity.status_message()),
            Value::maybe(activity.cause()),
            parts::time(activity.end_time()),
        ];
        (cells, None)
    };
    Section::Table {
        title: "Activities",
        columns: vec!["when", "status", "activity", "message", "cause", "ended"],
        rows: activities.iter().map(row).collect(),
    }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = ask(env).auto_scaling_group_names(&*id.id).customize().interceptor(capture.clone());
        call.send().await.map_err(|error| fault(LIST, &error))?;
        capture.pretty(LIST, "/AutoScalingGroups/0")
    })
}

fn relations(group: &Resource) -> Vec<Relation> {
    let scope = &group.id.scope;
    let groups = parts::items_of(&DEF, group, "target_groups");
    let alarms = parts::to_alarms(scope, &[("AutoScalingGroupName", &group.id.id)]);
    parts::to_each("target group", scope, "target-group", groups).chain([alarms]).chain(nodes(group)).collect()
}

/// The nodes that its instances are, where they are some of an EKS cluster.
fn nodes(group: &Resource) -> Option<Relation> {
    let cluster = parts::text_of(&DEF, group, "eks_cluster");
    let cluster = (!cluster.is_empty()).then(|| parts::id(&group.id.scope.region_scope(), "eks-cluster", cluster))?;
    let instances = parts::items_of(&DEF, group, "instance_ids");
    let filter = (!instances.is_empty()).then(|| parts::exactly("instance_id", instances));
    Some(Relation { filter, ..parts::to_those_within("nodes", "k8s-node", &cluster) })
}

fn metrics(group: &Resource) -> Vec<MetricSpec> {
    parts::metrics(&group.id, "AWS/EC2", &[("AutoScalingGroupName", &group.id.id)], METRICS)
}

/// The names of its target groups.
fn target_groups(group: &AutoScalingGroup) -> impl Iterator<Item = &str> {
    group.target_group_arns().iter().map(|arn| target_group_name(arn))
}

#[cfg(test)]
mod tests;
