//! `rds-snapshot`: snapshots of RDS instances and of clusters, automated and manual.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_rds::types::{DbClusterSnapshot, DbSnapshot, SourceType};
use futures_util::future::join;

use super::database::{self, of_status, with_progress};
use super::parts::{self, gib, required, time, yes};
use super::{Asked, Column, KindDef, Op, Relation, Show, Sink, System, columns, no_logs};
use crate::model::{Detail, Fault, Resource, ResourceId, Scope, Value};
use crate::providers::Env;
use crate::providers::aws::raw::Capture;
use crate::providers::aws::{fault, pages};

const KIND: &str = "rds-snapshot";
const OF_INSTANCES: Op = "rds:DescribeDBSnapshots";
const OF_CLUSTERS: Op = "rds:DescribeDBClusterSnapshots";

/// The most that one page holds.
const PAGE: i32 = 100;

/// RDS snapshots. Their ids are `snapshot:NAME` and `cluster-snapshot:NAME`, as in ARNs: the two sorts may share names.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "snapshots",
    aliases: &["snap", "snaps", "snapshot", "backups"],
    doc: "Snapshots of databases and clusters, automated and manual: of what, when, how far",
    system: System::Aws,
    pane: None,
    columns: COLUMNS,
    reads: &[OF_INSTANCES, OF_CLUSTERS, database::EVENTS],
    cadence: Duration::from_mins(1),
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console: |snapshot| {
        Some(parts::console(snapshot, "rds", &format!("db-snapshot:id={}", parts::encoded(&snapshot.name))))
    },
};

const COLUMNS: &[Column] = &[
    Column::text("status", "STATUS", (9, 16), Show::Table(0), "Status as RDS tells it"),
    Column::text("source", "SOURCE", (10, 32), Show::Table(1), "The database or cluster it is of"),
    Column::text("type", "TYPE", (6, 9), Show::Table(2), "manual, automated or awsbackup"),
    Column::text("created", "CREATED", (4, 8), Show::Table(3), "When it was made"),
    Column::text("sort", "OF", (7, 8), Show::Table(4), "instance or cluster"),
    Column::number("size", "SIZE", 8, Show::Table(5), "Allocated storage"),
    Column::text("engine", "ENGINE", (8, 17), Show::Table(6), "Database engine"),
    Column::text("version", "VERSION", (4, 12), Show::Data, "Engine version"),
    Column::number("progress", "PROGRESS", 4, Show::Data, "How much of it is done"),
    columns::ENCRYPTED,
    columns::STORAGE_TYPE,
    Column::text("zone", "ZONE", (10, 14), Show::Data, "Availability zone of the database"),
    Column::text("copy_of", "COPY OF", (10, 60), Show::Data, "The snapshot it was copied from"),
];

/// What the two sorts have in common.
struct Seen<'a> {
    sort: &'static str,
    name: &'a str,
    arn: Option<&'a str>,
    status: Option<&'a str>,
    source: Option<&'a str>,
    snapshot_type: Option<&'a str>,
    created: Value,
    size: Option<i32>,
    engine: Option<&'a str>,
    version: Option<&'a str>,
    progress: Option<i32>,
    encrypted: Option<bool>,
    storage_type: Option<&'a str>,
    zone: Option<&'a str>,
    copy_of: Option<&'a str>,
}

fn of_instance(scope: &Scope, snapshot: &DbSnapshot) -> Result<Resource, Fault> {
    Ok(row(
        scope,
        &Seen {
            sort: "instance",
            name: required(snapshot.db_snapshot_identifier(), OF_INSTANCES, "DBSnapshotIdentifier")?,
            arn: snapshot.db_snapshot_arn(),
            status: snapshot.status(),
            source: snapshot.db_instance_identifier(),
            snapshot_type: snapshot.snapshot_type(),
            created: time(snapshot.snapshot_create_time()),
            size: snapshot.allocated_storage(),
            engine: snapshot.engine(),
            version: snapshot.engine_version(),
            progress: snapshot.percent_progress(),
            encrypted: snapshot.encrypted(),
            storage_type: snapshot.storage_type(),
            zone: snapshot.availability_zone(),
            copy_of: snapshot.source_db_snapshot_identifier(),
        },
    ))
}

fn of_cluster(scope: &Scope, snapshot: &DbClusterSnapshot) -> Result<Resource, Fault> {
    Ok(row(
        scope,
        &Seen {
            sort: "cluster",
            name: required(snapshot.db_cluster_snapshot_identifier(), OF_CLUSTERS, "DBClusterSnapshotIdentifier")?,
            arn: snapshot.db_cluster_snapshot_arn(),
            status: snapshot.status(),
            source: snapshot.db_cluster_identifier(),
            snapshot_type: snapshot.snapshot_type(),
            created: time(snapshot.snapshot_create_time()),
            size: snapshot.allocated_storage(),
            engine: snapshot.engine(),
            version: snapshot.engine_version(),
            progress: snapshot.percent_progress(),
            encrypted: snapshot.storage_encrypted(),
            storage_type: snapshot.storage_type(),
            zone: None,
            copy_of: snapshot.source_db_cluster_snapshot_arn(),
        },
    ))
}

fn row(scope: &Scope, seen: &Seen) -> Resource {
    let progress = seen.progress.map(|percent| percent.to_string());
    let verdict = with_progress(of_status(seen.status.unwrap_or_default()), progress.as_deref(), "");
    let cells = vec![
        Value::maybe(seen.status),
        Value::maybe(seen.source),
        Value::maybe(seen.snapshot_type),
        seen.created.clone(),
        Value::text(seen.sort),
        // Aurora's say nothing by it.
        gib(seen.size.filter(|size| *size > 1)),
        Value::maybe(seen.engine),
        Value::maybe(seen.version),
        seen.progress.map_or(Value::None, |percent| Value::Percent(percent.into())),
        yes(seen.encrypted),
        Value::maybe(seen.storage_type),
        Value::maybe(seen.zone),
        Value::maybe(seen.copy_of),
    ];
    let prefix = if seen.sort == "cluster" { CLUSTER } else { INSTANCE };
    parts::row(parts::id(scope, KIND, format!("{prefix}{}", seen.name)), seen.name, seen.arn, verdict, cells)
}

const INSTANCE: &str = "snapshot:";
const CLUSTER: &str = "cluster-snapshot:";

/// A snapshot's name and sort, from its id.
enum Named<'a> {
    OfInstance(&'a str),
    OfCluster(&'a str),
}

fn named(id: &ResourceId) -> Result<Named<'_>, Fault> {
    let of_instance = id.id.strip_prefix(INSTANCE).map(Named::OfInstance);
    of_instance.or_else(|| id.id.strip_prefix(CLUSTER).map(Named::OfCluster)).ok_or_else(|| parts::gone(id))
}

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        match within {
            Some(cluster) if cluster.kind == "rds-cluster" => list_of_clusters(env, Some(&cluster.id), sink).await,
            Some(instance) => list_of_instances(env, Some(&instance.id), sink).await,
            None => {
                list_of_instances(env, None, sink).await?;
                list_of_clusters(env, None, sink).await
            }
        }
    })
}

async fn list_of_instances(env: &Env, instance: Option<&str>, sink: &dyn Sink) -> Result<(), Fault> {
    pages(OF_INSTANCES, move |token| async move {
        let call = env.aws.rds().describe_db_snapshots().set_db_instance_identifier(instance.map(str::to_owned));
        let page =
            call.max_records(PAGE).set_marker(token).send().await.map_err(|error| fault(OF_INSTANCES, &error))?;
        sink.page(page.db_snapshots().iter().map(|it| of_instance(&env.scope, it)).collect::<Result<_, _>>()?);
        Ok(page.marker)
    })
    .await
}

async fn list_of_clusters(env: &Env, cluster: Option<&str>, sink: &dyn Sink) -> Result<(), Fault> {
    pages(OF_CLUSTERS, move |token| async move {
        let call = env.aws.rds().describe_db_cluster_snapshots().set_db_cluster_identifier(cluster.map(str::to_owned));
        let page = call.max_records(PAGE).set_marker(token).send().await.map_err(|error| fault(OF_CLUSTERS, &error))?;
        sink.page(page.db_cluster_snapshots().iter().map(|it| of_cluster(&env.scope, it)).collect::<Result<_, _>>()?);
        Ok(page.marker)
    })
    .await
}

/// The one that an id names, and what was captured of the answer.
async fn one(env: &Env, id: &ResourceId, capture: &Capture) -> Result<Resource, Fault> {
    let rds = env.aws.rds();
    let found = match named(id)? {
        Named::OfInstance(name) => {
            let call = rds.describe_db_snapshots().db_snapshot_identifier(name);
            let answer = call.customize().interceptor(capture.clone()).send().await;
            let answer = answer.map_err(|error| fault(OF_INSTANCES, &error))?;
            answer.db_snapshots().first().map(|it| of_instance(&env.scope, it))
        }
        Named::OfCluster(name) => {
            let call = rds.describe_db_cluster_snapshots().db_cluster_snapshot_identifier(name);
            let answer = call.customize().interceptor(capture.clone()).send().await;
            let answer = answer.map_err(|error| fault(OF_CLUSTERS, &error))?;
            answer.db_cluster_snapshots().first().map(|it| of_cluster(&env.scope, it))
        }
    };
    found.unwrap_or_else(|| Err(parts::gone(id)))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let (name, sort) = match named(id)? {
            Named::OfInstance(name) => (name, SourceType::DbSnapshot),
            Named::OfCluster(name) => (name, SourceType::DbClusterSnapshot),
        };
        let capture = Capture::default();
        let (snapshot, events) = join(one(env, id, &capture), database::events(env, name, sort)).await;
        Ok(Detail { sections: vec![parts::summary(&DEF, &snapshot?), parts::or_why("Events", events)] })
    })
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        one(env, id, &capture).await?;
        match named(id)? {
            Named::OfInstance(_) => capture.pretty(OF_INSTANCES, "/DBSnapshots/0"),
            Named::OfCluster(_) => capture.pretty(OF_CLUSTERS, "/DBClusterSnapshots/0"),
        }
    })
}

fn relations(snapshot: &Resource) -> Vec<Relation> {
    let Some(Value::Text(source)) = DEF.cell(snapshot, "source") else { return Vec::new() };
    let of = |label, kind| {
        let source: Arc<ResourceId> = parts::id(&snapshot.id.scope, kind, source.clone());
        vec![parts::to_one(label, source.clone()), parts::to_those_within("its snapshots", KIND, &source)]
    };
    if snapshot.id.id.starts_with(CLUSTER) { of("cluster", "rds-cluster") } else { of("database", "rds-instance") }
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::primitives::DateTime;

    use super::*;
    use crate::model::{Health, Query};

    fn scope() -> Scope {
        Scope::new("enterprise-prod", "eu-west-1")
    }

    #[test]
    fn both_sorts_have_every_column_and_their_own_ids() {
        let instance = DbSnapshot::builder()
            .db_snapshot_identifier("rds:db-2025-08-22")
            .db_instance_identifier("db")
            .status("available")
            .snapshot_type("automated")
            .allocated_storage(100)
            .snapshot_create_time(DateTime::from_secs(0))
            .build();
        let instance = of_instance(&scope(), &instance).unwrap();
        assert_eq!((&*instance.id.id, &*instance.name), ("snapshot:rds:db-2025-08-22", "rds:db-2025-08-22"));
        assert_eq!(DEF.cell(&instance, "size"), Some(&Value::Bytes(100 << 30)));
        assert!(matches!(named(&instance.id), Ok(Named::OfInstance("rds:db-2025-08-22"))));

        let cluster = DbClusterSnapshot::builder()
            .db_cluster_snapshot_identifier("nightly")
            .db_cluster_identifier("c")
            .status("creating")
            .percent_progress(40)
            .allocated_storage(1)
            .build();
        let cluster = of_cluster(&scope(), &cluster).unwrap();
        assert_eq!(&*cluster.id.id, "cluster-snapshot:nightly");
        assert_eq!((cluster.health, &*cluster.reason), (Health::Progressing, "creating 40%"));
        assert!(matches!(named(&cluster.id), Ok(Named::OfCluster("nightly"))));
        assert_eq!((instance.cells.len(), cluster.cells.len()), (COLUMNS.len(), COLUMNS.len()));
    }

    #[test]
    fn it_leads_to_what_it_is_of() {
        let cluster =
            DbClusterSnapshot::builder().db_cluster_snapshot_identifier("n").db_cluster_identifier("c").build();
        let relations = relations(&of_cluster(&scope(), &cluster).unwrap());
        let Query::Detail(source) = &relations[0].query else { panic!("no detail") };
        assert_eq!((source.kind, &*source.id), ("rds-cluster", "c"));
    }
}
