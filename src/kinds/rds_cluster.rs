//! `rds-cluster`: Aurora and Multi-AZ database clusters.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_rds::operation::describe_db_clusters::builders::DescribeDBClustersFluentBuilder;
use aws_sdk_rds::types::{DbCluster, DbClusterMember, DbInstance, Filter, SourceType};
use futures_util::future::join3;
use tokio::sync::OnceCell;

use super::database::{self, of_status, with_progress};
use super::parts::{self, Verdict, int, required, time, yes};
use super::{Asked, BridgePane, Column, KindDef, Op, Relation, Show, Sink, System, columns};
use crate::model::{Detail, Fault, Health, LogSource, Resource, ResourceId, Scope, Section, Unit, Value};
use crate::providers::Env;
use crate::providers::aws::raw::Capture;
use crate::providers::aws::{fault, gathered, pages};

const KIND: &str = "rds-cluster";
const LIST: Op = "rds:DescribeDBClusters";
/// A cluster does not tell how its instances are.
const MEMBERS: Op = "rds:DescribeDBInstances";

/// RDS clusters.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "db-clusters",
    aliases: &["aurora", "dbc", "db-cluster"],
    doc: "Aurora and Multi-AZ clusters: status, instances available, writer, endpoints",
    system: System::Aws,
    pane: Some(BridgePane::Databases),
    columns: COLUMNS,
    reads: &[LIST, MEMBERS, database::EVENTS],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics: |cluster| parts::metrics(&cluster.id, "AWS/RDS", &[("DBClusterIdentifier", &cluster.id.id)], METRICS),
    logs,
    has_logs: true,
    console: |cluster| {
        Some(parts::console(cluster, "rds", &format!("database:id={};is-cluster=true", parts::encoded(&cluster.id.id))))
    },
};

const COLUMNS: &[Column] = &[
    Column::text("status", "STATUS", (9, 20), Show::Table(0), "Status as RDS tells it"),
    Column::text("engine", "ENGINE", (8, 17), Show::Table(1), "Database engine"),
    Column::text("class", "CLASS", (11, 16), Show::Table(2), "Instance class, or the range of capacity units"),
    Column::number("nodes", "NODES", 5, Show::Table(3), "Instances available of all"),
    Column::text("version", "VERSION", (4, 12), Show::Table(4), "Engine version"),
    Column::text("writer", "WRITER", (8, 28), Show::Table(5), "The instance that takes writes"),
    Column::text("members", "MEMBERS", (8, 60), Show::Data, "Its instances"),
    Column::text("multi_az", "MULTI-AZ", (3, 3), Show::Data, "Whether it has instances in several zones"),
    Column::text("zones", "ZONES", (10, 60), Show::Data, "Availability zones of its storage"),
    Column::text("endpoint", "ENDPOINT", (20, 80), Show::Data, "Host name and port for writes"),
    Column::text("reader_endpoint", "READER ENDPOINT", (20, 80), Show::Data, "Host name for reads"),
    columns::DATABASE,
    columns::PENDING,
    columns::BACKUP_DAYS,
    columns::BACKUP_WINDOW,
    columns::MAINTENANCE_WINDOW,
    columns::ENCRYPTED,
    columns::DELETION_PROTECTION,
    columns::LOG_EXPORTS,
    columns::CREATED,
];

const METRICS: &[parts::Metric] = &[
    ("cpu", "CPUUtilization", "Average", Unit::Percent),
    ("connections", "DatabaseConnections", "Average", Unit::Count),
    ("volume", "VolumeBytesUsed", "Maximum", Unit::Bytes),
    ("read latency", "ReadLatency", "Average", Unit::Seconds),
    ("write latency", "WriteLatency", "Average", Unit::Seconds),
];

/// Instances by name, for the health of their clusters.
type Instances = HashMap<String, DbInstance>;

fn list<'a>(env: &'a Env, _: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        // Asked for once, and only where there are clusters at all.
        let known = OnceCell::new();
        pages(LIST, |token| {
            let known = &known;
            async move {
                let call = env.aws.rds().describe_db_clusters().set_marker(token);
                let page = call.send().await.map_err(|error| fault(LIST, &error))?;
                if !page.db_clusters().is_empty() {
                    let instances = known.get_or_try_init(|| instances(env, None)).await?;
                    let row = |cluster| resource(&env.scope, cluster, instances);
                    sink.page(page.db_clusters().iter().map(row).collect::<Result<_, _>>()?);
                }
                Ok(page.marker)
            }
        })
        .await
    })
}

/// The instances of a cluster, or all there are.
async fn instances(env: &Env, cluster: Option<&str>) -> Result<Instances, Fault> {
    let filter = cluster.map(|cluster| vec![Filter::builder().name("db-cluster-id").values(cluster).build()]);
    let found = gathered(MEMBERS, |token| {
        let call = env.aws.rds().describe_db_instances().set_filters(filter.clone()).set_marker(token);
        async move {
            let page = call.send().await.map_err(|error| fault(MEMBERS, &error))?;
            Ok((page.db_instances.unwrap_or_default(), page.marker))
        }
    });
    let members = found.await?.into_iter().filter(|db| db.db_cluster_identifier().is_some());
    Ok(members.filter_map(|db| Some((db.db_instance_identifier()?.to_owned(), db))).collect())
}

fn ask(env: &Env, id: &ResourceId) -> DescribeDBClustersFluentBuilder {
    env.aws.rds().describe_db_clusters().db_cluster_identifier(&*id.id)
}

async fn one(env: &Env, id: &ResourceId) -> Result<DbCluster, Fault> {
    let answer = ask(env, id).send().await.map_err(|error| fault(LIST, &error))?;
    answer.db_clusters.and_then(|found| found.into_iter().next()).ok_or_else(|| parts::gone(id))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let events = database::events(env, &id.id, SourceType::DbCluster);
        let (cluster, instances, events) = Box::pin(join3(one(env, id), instances(env, Some(&id.id)), events)).await;
        let (cluster, instances) = (cluster?, instances?);
        let row = resource(&env.scope, &cluster, &instances)?;
        let sections = vec![
            parts::summary(&DEF, &row),
            members_table(&env.scope, &cluster, &instances),
            database::recovery(cluster.earliest_restorable_time(), cluster.latest_restorable_time()),
            parts::or_why("Events", events),
        ];
        Ok(Detail { sections })
    })
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = ask(env, id).customize().interceptor(capture.clone());
        call.send().await.map_err(|error| fault(LIST, &error))?;
        capture.pretty(LIST, "/DBClusters/0")
    })
}

fn members_table(scope: &Scope, cluster: &DbCluster, instances: &Instances) -> Section {
    let row = |member: &DbClusterMember| -> (Vec<Value>, Option<Arc<ResourceId>>) {
        let name = member.db_instance_identifier().unwrap_or_default();
        let db = instances.get(name);
        let cells = vec![
            Value::text(name),
            Value::text(if is_writer(member) { "writer" } else { "reader" }),
            Value::maybe(db.and_then(DbInstance::db_instance_status)),
            Value::maybe(db.and_then(DbInstance::db_instance_class)),
            Value::maybe(db.and_then(DbInstance::availability_zone)),
            int(member.promotion_tier()),
        ];
        (cells, Some(parts::id(scope, "rds-instance", name)))
    };
    Section::Table {
        title: "Members",
        columns: vec!["instance", "role", "status", "class", "zone", "tier"],
        rows: cluster.db_cluster_members().iter().map(row).collect(),
    }
}

fn is_writer(member: &DbClusterMember) -> bool {
    member.is_cluster_writer() == Some(true)
}

/// A cluster as a row.
fn resource(scope: &Scope, cluster: &DbCluster, instances: &Instances) -> Result<Resource, Fault> {
    let name = required(cluster.db_cluster_identifier(), LIST, "DBClusterIdentifier")?;
    let members = cluster.db_cluster_members();
    let available = members.iter().filter(|member| state(member, instances) == "available").count();
    let writer = members.iter().find(|member| is_writer(member));
    let endpoint = cluster.endpoint().map(|host| match cluster.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    });
    let cells = vec![
        Value::maybe(cluster.status()),
        Value::maybe(cluster.engine()),
        Value::maybe(class(cluster, instances)),
        Value::Count { have: available as i64, want: members.len() as i64 },
        Value::maybe(cluster.engine_version()),
        Value::maybe(writer.and_then(DbClusterMember::db_instance_identifier)),
        Value::list(members.iter().filter_map(DbClusterMember::db_instance_identifier)),
        yes(cluster.multi_az()),
        Value::list(cluster.availability_zones()),
        Value::maybe(endpoint),
        Value::maybe(cluster.reader_endpoint()),
        Value::maybe(cluster.database_name()),
        Value::list(pending(cluster)),
        int(cluster.backup_retention_period()),
        Value::maybe(cluster.preferred_backup_window()),
        Value::maybe(cluster.preferred_maintenance_window()),
        yes(cluster.storage_encrypted()),
        yes(cluster.deletion_protection()),
        Value::list(cluster.enabled_cloudwatch_logs_exports()),
        time(cluster.cluster_create_time()),
    ];
    let verdict = verdict(cluster, instances);
    Ok(parts::row(parts::id(scope, KIND, name), name, cluster.db_cluster_arn(), verdict, cells))
}

/// The class that all its instances share, or what stands in its place.
fn class(cluster: &DbCluster, instances: &Instances) -> Option<String> {
    if let Some(range) = cluster.serverless_v2_scaling_configuration() {
        return Some(format!("{}–{} ACU", range.min_capacity()?, range.max_capacity()?));
    }
    if let Some(class) = cluster.db_cluster_instance_class() {
        return Some(class.to_owned());
    }
    let members = cluster.db_cluster_members().iter().filter_map(DbClusterMember::db_instance_identifier);
    let mut classes: Vec<&str> = members.filter_map(|name| instances.get(name)?.db_instance_class()).collect();
    classes.sort_unstable();
    classes.dedup();
    match classes.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        _ => Some("mixed".to_owned()),
    }
}

fn state<'a>(member: &DbClusterMember, instances: &'a Instances) -> &'a str {
    let db = member.db_instance_identifier().and_then(|name| instances.get(name));
    db.and_then(DbInstance::db_instance_status).unwrap_or_default()
}

fn pending(cluster: &DbCluster) -> Vec<String> {
    let Some(to) = cluster.pending_modified_values() else { return Vec::new() };
    let changes = [
        ("version", to.engine_version().map(str::to_owned)),
        ("name", to.db_cluster_identifier().map(str::to_owned)),
        ("storage", to.allocated_storage().map(|size| format!("{size} GiB"))),
        ("storage type", to.storage_type().map(str::to_owned)),
        ("IOPS", to.iops().map(|iops| iops.to_string())),
        ("backup days", to.backup_retention_period().map(|days| days.to_string())),
        ("master password", to.master_user_password().map(|_| "(a new one)".to_owned())),
    ];
    changes.into_iter().filter_map(|(what, to)| Some(format!("{what} → {}", to?))).collect()
}

/// Its health: its own status, then its instances'.
fn verdict(cluster: &DbCluster, instances: &Instances) -> Verdict {
    let status = cluster.status().unwrap_or_default();
    let (health, reason) = with_progress(of_status(status), cluster.percent_progress(), &pending(cluster).join(", "));
    if status == "stopped" {
        return (health, reason + &database::starts_again(cluster.automatic_restart_time()));
    }
    if health != Health::Ok {
        return (health, reason);
    }
    let members = cluster.db_cluster_members();
    // The first serverless generation has no instances of its own.
    if members.is_empty() && cluster.engine_mode() != Some("serverless") {
        return (Health::Degraded, "it has no instance: nothing answers".to_owned());
    }
    let mut sick: Vec<(Health, bool, String)> = Vec::new();
    for member in members {
        let (health, _) = of_status(state(member, instances));
        if health != Health::Ok {
            let name = member.db_instance_identifier().unwrap_or_default();
            let role = if is_writer(member) { "writer" } else { "reader" };
            let told = Some(state(member, instances)).filter(|state| !state.is_empty()).unwrap_or("not known");
            sick.push((health, is_writer(member), format!("{role} {name} is {told}")));
        }
    }
    let worst = sick.iter().map(|(health, ..)| *health).max().unwrap_or(Health::Ok);
    let writer_broken = sick.iter().any(|(health, writer, _)| *writer && *health == Health::Failed);
    let words = sick.into_iter().map(|(.., words)| words).collect::<Vec<_>>().join(", ");
    match worst {
        Health::Failed if writer_broken => (Health::Failed, words),
        Health::Failed => (Health::Degraded, words),
        other => (other, words),
    }
}

fn relations(cluster: &Resource) -> Vec<Relation> {
    let members = parts::items_of(&DEF, cluster, "members").iter();
    let own = format!("DBClusterIdentifier={}", cluster.id.id);
    let watched = [own].into_iter().chain(members.map(|member| format!("DBInstanceIdentifier={member}")));
    let scope = &cluster.id.scope;
    let mut relations = vec![
        parts::to_those_within("members", "rds-instance", &cluster.id),
        parts::to_those_within("snapshots", "rds-snapshot", &cluster.id),
        parts::to_those("alarms", scope, "alarm", parts::lists("dimensions", watched)),
    ];
    let exports = parts::items_of(&DEF, cluster, "log_exports");
    relations.extend(database::to_log_groups(scope, Some(&cluster.id.id), None, exports));
    relations
}

fn logs<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Vec<LogSource>> {
    Box::pin(async move {
        let cluster = one(env, id).await?;
        Ok(database::log_sources(&env.scope, Some(&id.id), None, cluster.enabled_cloudwatch_logs_exports()))
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::ServerlessV2ScalingConfigurationInfo;
    use aws_sdk_rds::types::builders::DbClusterBuilder;
    use rstest::rstest;

    use super::*;

    fn cluster(status: &str) -> DbClusterBuilder {
        let member = |name: &str, writer| {
            DbClusterMember::builder().db_instance_identifier(name).is_cluster_writer(writer).build()
        };
        DbCluster::builder()
            .db_cluster_identifier("lecture-dhbw-cluster")
            .status(status)
            .engine("aurora-postgresql")
            .endpoint("c.example")
            .port(5432)
            .db_cluster_members(member("one", true))
            .db_cluster_members(member("two", false))
    }

    fn instances(states: &[(&str, &str)]) -> Instances {
        let db = |&(name, state): &(&str, &str)| {
            let db = DbInstance::builder().db_instance_status(state).db_instance_class("db.r6g.large").build();
            (name.to_owned(), db)
        };
        states.iter().map(db).collect()
    }

    fn row(cluster: DbClusterBuilder, states: &[(&str, &str)]) -> Resource {
        resource(&Scope::new("dhbw-prod", "eu-central-1"), &cluster.build(), &instances(states)).unwrap()
    }

    fn shown(row: &Resource, column: &str) -> String {
        DEF.cell(row, column).unwrap().show_exact().into_owned()
    }

    #[rstest]
    #[case("available", "available", "available", Health::Ok, "")]
    #[case("available", "available", "rebooting", Health::Progressing, "reader two is rebooting")]
    #[case("available", "available", "storage-full", Health::Degraded, "reader two is storage-full")]
    #[case("available", "failed", "available", Health::Failed, "writer one is failed")]
    #[case("failing-over", "failed", "available", Health::Progressing, "failing over")]
    #[case("stopped", "stopped", "stopped", Health::Degraded, "stopped")]
    fn health_counts_the_members(
        #[case] status: &str,
        #[case] one: &str,
        #[case] two: &str,
        #[case] health: Health,
        #[case] reason: &str,
    ) {
        let row = row(cluster(status), &[("one", one), ("two", two)]);
        assert_eq!((row.health, &*row.reason), (health, reason));
    }

    #[test]
    fn a_row_has_every_column() {
        let row = row(cluster("available"), &[("one", "available")]);
        assert_eq!(row.cells.len(), COLUMNS.len());
        assert_eq!((row.health, &*row.reason), (Health::Unknown, "reader two is not known"));
        assert_eq!(shown(&row, "nodes"), "1/2");
        assert_eq!(shown(&row, "writer"), "one");
        assert_eq!(shown(&row, "class"), "db.r6g.large");
        assert_eq!(shown(&row, "endpoint"), "c.example:5432");
    }

    #[test]
    fn a_serverless_one_shows_its_range() {
        let range = ServerlessV2ScalingConfigurationInfo::builder().min_capacity(0.5).max_capacity(8.0).build();
        let row = row(cluster("available").serverless_v2_scaling_configuration(range), &[]);
        assert_eq!(shown(&row, "class"), "0.5–8 ACU");
    }

    #[test]
    fn it_leads_to_its_members_and_what_belongs_to_them() {
        let row = row(cluster("available").enabled_cloudwatch_logs_exports("postgresql"), &[]);
        let relations = relations(&row);
        let labels: Vec<_> = relations.iter().map(|relation| relation.label).collect();
        assert_eq!(labels, ["members", "snapshots", "alarms", "log group"]);
        let alarms = relations[2].filter.as_deref().unwrap_or_default();
        assert!(alarms.contains("DBClusterIdentifier=") && alarms.contains("DBInstanceIdentifier=two"), "{alarms}");
    }

    #[test]
    fn one_without_instances_answers_nobody() {
        let row = row(cluster("available").set_db_cluster_members(None), &[]);
        assert_eq!(row.health, Health::Degraded);
    }
}
