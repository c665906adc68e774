//! `ecs-cluster`: clusters of ECS. A list calls `ListClusters` and, for each hundred of them, `DescribeClusters` with statistics;
//! what is sick inside of a cluster is told by its services.

use std::time::Duration;

use aws_sdk_ecs::operation::describe_clusters::builders::DescribeClustersFluentBuilder;
use aws_sdk_ecs::types::{Cluster, ClusterField, KeyValuePair};

use super::parts::{self, Verdict, field, fine, required, status_words};
use super::{Asked, BridgePane, Column, KindDef, Op, Relation, Show, Sink, System, ecs, no_logs};
use crate::model::{Detail, Fault, Health, MetricSpec, Resource, ResourceId, Scope, Section, Unit, Value};
use crate::providers::Env;
use crate::providers::aws::fault;
use crate::providers::aws::raw::Capture;

const KIND: &str = "ecs-cluster";
const DESCRIBE: Op = "ecs:DescribeClusters";

/// ECS clusters.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "clusters",
    aliases: &["cluster", "ecs-clusters"],
    doc: "ECS clusters: services, tasks, container instances",
    system: System::Aws,
    pane: Some(BridgePane::Clusters),
    columns: COLUMNS,
    reads: &[ecs::LIST_CLUSTERS, DESCRIBE],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics,
    logs: no_logs,
    has_logs: false,
    console: |cluster| Some(format!("ecs/v2/clusters/{}/services?region={}", cluster.id.id, cluster.id.scope.region)),
};

const COLUMNS: &[Column] = &[
    Column::text("status", "STATUS", (6, 14), Show::Table(3), "ACTIVE, PROVISIONING, DEPROVISIONING, FAILED"),
    Column::number("services", "SERVICES", 8, Show::Table(0), "Active services"),
    Column::number("running", "RUNNING", 7, Show::Table(1), "Tasks running"),
    Column::number("pending", "PENDING", 7, Show::Table(2), "Tasks starting"),
    Column::number("instances", "INSTANCES", 9, Show::Table(4), "Container instances registered"),
    Column::text("capacity", "CAPACITY PROVIDERS", (7, 40), Show::Table(5), "Capacity providers"),
    Column::text("insights", "INSIGHTS", (7, 8), Show::Data, "Whether Container Insights gathers metrics"),
];

const METRICS: &[parts::Metric] =
    &[("cpu", "CPUUtilization", "Average", Unit::Percent), ("memory", "MemoryUtilization", "Average", Unit::Percent)];

fn ask(env: &Env, names: Vec<String>) -> DescribeClustersFluentBuilder {
    let call = env.aws.ecs().describe_clusters().set_clusters(Some(names));
    call.include(ClusterField::Statistics).include(ClusterField::Settings)
}

fn list<'a>(env: &'a Env, _: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        let names = ecs::clusters(env, None).await?;
        for hundred in names.chunks(ecs::PAGE) {
            let answer = ask(env, hundred.to_vec()).send().await.map_err(|error| fault(DESCRIBE, &error))?;
            sink.page(answer.clusters().iter().map(|cluster| resource(&env.scope, cluster)).collect::<Result<_, _>>()?);
        }
        Ok(())
    })
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let answer = ask(env, vec![id.id.to_string()]).include(ClusterField::Tags).send().await;
        let answer = answer.map_err(|error| fault(DESCRIBE, &error))?;
        let cluster = answer.clusters().first().ok_or_else(|| parts::gone(id))?;
        let summary = parts::summary(&DEF, &resource(&env.scope, cluster)?);
        Ok(Detail { sections: parts::filled(vec![summary, statistics(cluster.statistics()), tags(cluster)]) })
    })
}

/// Counts by launch type, as ECS names them (`runningFargateTasksCount`).
fn statistics(counts: &[KeyValuePair]) -> Section {
    let told = counts.iter().filter(|pair| pair.value() != Some("0"));
    let fields = told.filter_map(|pair| Some(field(&counted(pair.name()?), Value::maybe(pair.value())))).collect();
    Section::Fields { title: "Counts", fields }
}

/// `runningFargateTasksCount` as `running fargate tasks`.
fn counted(name: &str) -> String {
    parts::words(name.trim_end_matches("Count"))
}

fn tags(cluster: &Cluster) -> Section {
    let tags = cluster.tags().iter();
    let fields = tags.map(|tag| field(tag.key().unwrap_or_default(), Value::maybe(tag.value()))).collect();
    Section::Fields { title: "Tags", fields }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = ask(env, vec![id.id.to_string()]).customize().interceptor(capture.clone());
        call.send().await.map_err(|error| fault(DESCRIBE, &error))?;
        capture.pretty(DESCRIBE, "/clusters/0")
    })
}

/// A cluster as a row.
pub fn resource(scope: &Scope, cluster: &Cluster) -> Result<Resource, Fault> {
    let name = required(cluster.cluster_name(), DESCRIBE, "clusterName")?;
    let insights = cluster
        .settings()
        .iter()
        .find(|setting| setting.name() == Some(&aws_sdk_ecs::types::ClusterSettingName::ContainerInsights));
    let cells = vec![
        Value::maybe(cluster.status()),
        parts::int(Some(cluster.active_services_count())),
        parts::int(Some(cluster.running_tasks_count())),
        parts::int(Some(cluster.pending_tasks_count())),
        parts::int(Some(cluster.registered_container_instances_count())),
        Value::list(cluster.capacity_providers()),
        Value::maybe(insights.and_then(|setting| setting.value())),
    ];
    Ok(parts::row(parts::id(scope, KIND, name), name, cluster.cluster_arn(), verdict(cluster), cells))
}

fn verdict(cluster: &Cluster) -> Verdict {
    match cluster.status() {
        Some("ACTIVE") => {}
        Some(status @ ("PROVISIONING" | "DEPROVISIONING")) => return (Health::Progressing, status_words(status)),
        Some("FAILED") => return (Health::Failed, "its capacity providers could not be set up".to_owned()),
        Some(status) => return (Health::Unknown, status_words(status)),
        None => return (Health::Unknown, "no status is told".to_owned()),
    }
    match cluster.attachments_status() {
        Some("UPDATE_FAILED") => (Health::Degraded, "the update of its capacity providers failed".to_owned()),
        Some("UPDATE_IN_PROGRESS") => (Health::Progressing, "its capacity providers are being updated".to_owned()),
        _ => fine(),
    }
}

fn relations(cluster: &Resource) -> Vec<Relation> {
    vec![
        parts::to_those_within("services", "ecs-service", &cluster.id),
        parts::to_those_within("tasks", "ecs-task", &cluster.id),
        parts::to_alarms(&cluster.id.scope, &[("ClusterName", &cluster.id.id)]),
    ]
}

/// Of the capacity of container instances: a cluster without them has no such metrics.
fn metrics(cluster: &Resource) -> Vec<MetricSpec> {
    match DEF.cell(cluster, "instances") {
        Some(Value::Int(1..)) => parts::metrics(&cluster.id, "AWS/ECS", &[("ClusterName", &cluster.id.id)], METRICS),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn row(status: &str, attachments: Option<&str>) -> Resource {
        let cluster = Cluster::builder()
            .cluster_name("main")
            .cluster_arn("arn:aws:ecs:eu-central-1:111122223333:cluster/main")
            .status(status)
            .set_attachments_status(attachments.map(str::to_owned))
            .active_services_count(3)
            .running_tasks_count(7)
            .registered_container_instances_count(2)
            .capacity_providers("FARGATE")
            .build();
        resource(&Scope::new("dhbw-prod", "eu-central-1"), &cluster).unwrap()
    }

    #[rstest]
    #[case("ACTIVE", None, Health::Ok, "")]
    #[case("ACTIVE", Some("UPDATE_COMPLETE"), Health::Ok, "")]
    #[case("ACTIVE", Some("UPDATE_FAILED"), Health::Degraded, "the update of its capacity providers failed")]
    #[case("DEPROVISIONING", None, Health::Progressing, "deprovisioning")]
    #[case("FAILED", None, Health::Failed, "its capacity providers could not be set up")]
    #[case("INACTIVE", None, Health::Unknown, "inactive")]
    fn verdicts(#[case] status: &str, #[case] attached: Option<&str>, #[case] health: Health, #[case] reason: &str) {
        let row = row(status, attached);
        assert_eq!((row.health, &*row.reason), (health, reason));
    }

    #[test]
    fn a_row_has_every_column() {
        let row = row("ACTIVE", None);
        assert_eq!(row.cells.len(), COLUMNS.len());
        assert_eq!(DEF.cell(&row, "running"), Some(&Value::Int(7)));
        assert_eq!(metrics(&row).len(), 2);
        assert_eq!(relations(&row)[0].label, "services");
    }
}
