//! What the actions on RDS share: a database read afresh, names of snapshots, and snapshots watched until they are there. Not an
//! action.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_rds::types::{DbCluster, DbInstance};
use jiff::Timestamp;

use super::parts::{self, Stand};
use super::{Asked, Op};
use crate::guard::Watching;
use crate::kinds::parts::{gone, id};
use crate::model::{Fault, FaultClass, Fields, Followed, Precondition, Resource, ResourceId, Seen, Step};
use crate::providers::Acting;
use crate::providers::aws::fault;

pub(super) const INSTANCE: &str = "rds-instance";
pub(super) const CLUSTER: &str = "rds-cluster";
pub(super) const SNAPSHOT: &str = "rds-snapshot";

pub(super) const INSTANCES: Op = "rds:DescribeDBInstances";
pub(super) const CLUSTERS: Op = "rds:DescribeDBClusters";
pub(super) const INSTANCE_SNAPSHOTS: Op = "rds:DescribeDBSnapshots";
pub(super) const CLUSTER_SNAPSHOTS: Op = "rds:DescribeDBClusterSnapshots";
pub(super) const CREATE_INSTANCE_SNAPSHOT: Op = "rds:CreateDBSnapshot";
pub(super) const CREATE_CLUSTER_SNAPSHOT: Op = "rds:CreateDBClusterSnapshot";

/// Databases are large, and so is what they wait for.
pub(super) const PATIENCE: Duration = Duration::from_hours(4);

/// An instance, read afresh.
pub(super) async fn instance(acting: &Acting, name: &str) -> Result<DbInstance, Fault> {
    let call = acting.env.aws.rds().describe_db_instances().db_instance_identifier(name);
    let found = call.send().await.map_err(|error| fault(INSTANCES, &error))?;
    let first = found.db_instances.and_then(|found| found.into_iter().next());
    first.ok_or_else(|| gone(&id(&acting.env.scope, INSTANCE, name)))
}

/// The cluster that an instance belongs to.
pub(super) fn cluster_of(db: &DbInstance) -> Option<&str> {
    db.db_cluster_identifier().filter(|cluster| !cluster.is_empty())
}

/// A cluster, read afresh.
pub(super) async fn cluster(acting: &Acting, name: &str) -> Result<DbCluster, Fault> {
    let call = acting.env.aws.rds().describe_db_clusters().db_cluster_identifier(name);
    let found = call.send().await.map_err(|error| fault(CLUSTERS, &error))?;
    let first = found.db_clusters.and_then(|found| found.into_iter().next());
    first.ok_or_else(|| gone(&id(&acting.env.scope, CLUSTER, name)))
}

/// What both sorts of snapshots have in common.
pub(super) struct Snapshot {
    pub(super) arn: Option<String>,
    pub(super) status: String,
    pub(super) percent: Option<u8>,
    pub(super) source: Option<String>,
    pub(super) sort: Option<String>,
    pub(super) created: Option<Timestamp>,
    pub(super) engine: Option<String>,
    pub(super) version: Option<String>,
}

/// Whether a snapshot is of a cluster, and its name: ids are `snapshot:NAME` and `cluster-snapshot:NAME`.
pub(super) fn snapshot_name(target: &ResourceId) -> (bool, &str) {
    match target.id.split_once(':') {
        Some((sort, name)) => (sort == "cluster-snapshot", name),
        None => (false, &target.id),
    }
}

/// The id of a snapshot.
pub(super) fn snapshot_id(acting: &Acting, of_cluster: bool, name: &str) -> Arc<ResourceId> {
    let sort = if of_cluster { "cluster-snapshot" } else { "snapshot" };
    id(&acting.env.scope, SNAPSHOT, format!("{sort}:{name}"))
}

/// A snapshot, if there is one of this name.
pub(super) async fn snapshot(acting: &Acting, of_cluster: bool, name: &str) -> Result<Option<Snapshot>, Fault> {
    let found = if of_cluster { cluster_snapshot(acting, name).await } else { instance_snapshot(acting, name).await };
    match found {
        Err(fault) if fault.class == FaultClass::NotFound => Ok(None),
        other => other,
    }
}

async fn instance_snapshot(acting: &Acting, name: &str) -> Result<Option<Snapshot>, Fault> {
    let call = acting.env.aws.rds().describe_db_snapshots().db_snapshot_identifier(name);
    let found = call.send().await.map_err(|error| fault(INSTANCE_SNAPSHOTS, &error))?;
    Ok(found.db_snapshots().first().map(|snapshot| Snapshot {
        arn: snapshot.db_snapshot_arn().map(str::to_owned),
        status: snapshot.status().unwrap_or_default().to_owned(),
        percent: snapshot.percent_progress().and_then(|percent| percent.try_into().ok()),
        source: snapshot.db_instance_identifier().map(str::to_owned),
        sort: snapshot.snapshot_type().map(str::to_owned),
        created: crate::kinds::parts::instant(snapshot.snapshot_create_time()),
        engine: snapshot.engine().map(str::to_owned),
        version: snapshot.engine_version().map(str::to_owned),
    }))
}

async fn cluster_snapshot(acting: &Acting, name: &str) -> Result<Option<Snapshot>, Fault> {
    let call = acting.env.aws.rds().describe_db_cluster_snapshots().db_cluster_snapshot_identifier(name);
    let found = call.send().await.map_err(|error| fault(CLUSTER_SNAPSHOTS, &error))?;
    Ok(found.db_cluster_snapshots().first().map(|snapshot| Snapshot {
        arn: snapshot.db_cluster_snapshot_arn().map(str::to_owned),
        status: snapshot.status().unwrap_or_default().to_owned(),
        percent: snapshot.percent_progress().and_then(|percent| percent.try_into().ok()),
        source: snapshot.db_cluster_identifier().map(str::to_owned),
        sort: snapshot.snapshot_type().map(str::to_owned),
        created: crate::kinds::parts::instant(snapshot.snapshot_create_time()),
        engine: snapshot.engine().map(str::to_owned),
        version: snapshot.engine_version().map(str::to_owned),
    }))
}

/// The name that is proposed: `manual-YYYYMMDDHHMM`.
pub(super) fn proposed(prefix: &str, now: Timestamp) -> String {
    format!("{prefix}-{}", now.strftime("%Y%m%d%H%M"))
}

/// The longest names of snapshots.
pub(super) const SNAPSHOT_NAME: usize = 255;

/// Whether RDS takes such a name: letters, digits and single hyphens, a letter first, no hyphen last.
pub(super) fn well_named(name: &str, longest: usize) -> Precondition {
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let ends = name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.ends_with('-');
    let holds = letters && ends && !name.contains("--") && name.len() <= longest;
    let rule = format!("letters, digits and single hyphens, a letter first, no hyphen last, at most {longest}");
    parts::must("name well formed", holds, if holds { name.to_owned() } else { format!("{name}: {rule}") })
}

/// Whether no snapshot has this name yet.
pub(super) async fn free(acting: &Acting, of_cluster: bool, name: &str) -> Precondition {
    const NAME: &str = "name free";
    match snapshot(acting, of_cluster, name).await {
        Ok(None) => parts::must(NAME, true, format!("there is no snapshot {name}")),
        Ok(Some(taken)) => {
            let source = taken.source.unwrap_or_default();
            parts::must(NAME, false, format!("{name} is a snapshot of {source} already"))
        }
        Err(fault) => parts::untold(NAME, &fault),
    }
}

/// Whether a database can be worked on.
pub(super) fn available(status: Option<&str>) -> Precondition {
    let status = status.unwrap_or("of unknown status");
    parts::must("available", status == "available", format!("it is {status}"))
}

/// A step that takes a snapshot of an instance or a cluster.
pub(super) fn take(acting: &Acting, of_cluster: bool, source: &str, name: &str, seen: Seen) -> Step {
    let words = format!("take the snapshot {name} of {source}");
    let (operation, input) = if of_cluster {
        let input = serde_json::json!({ "DBClusterIdentifier": source, "DBClusterSnapshotIdentifier": name });
        (CREATE_CLUSTER_SNAPSHOT, input)
    } else {
        let input = serde_json::json!({ "DBInstanceIdentifier": source, "DBSnapshotIdentifier": name });
        (CREATE_INSTANCE_SNAPSHOT, input)
    };
    parts::step(acting, operation, words, &input, seen)
}

/// Watches a snapshot until it is available.
pub(super) async fn until_taken(acting: &Acting, step: &Step, watch: Watching<'_>) -> Result<Followed, Fault> {
    let of_cluster = step.operation == CREATE_CLUSTER_SNAPSHOT;
    let parameter = if of_cluster { "DBClusterSnapshotIdentifier" } else { "DBSnapshotIdentifier" };
    let name = parts::text_of(step, parameter).unwrap_or_default();
    let look = || async { Ok(stand(name, snapshot(acting, of_cluster, name).await?)) };
    parts::until_ended(PATIENCE, watch, look).await
}

fn stand(name: &str, snapshot: Option<Snapshot>) -> Stand {
    let Some(snapshot) = snapshot else { return parts::going(format!("{name} is not listed yet"), Some(0)) };
    match (&*snapshot.status, snapshot.percent) {
        ("available", _) => parts::verified(format!("{name} is available")),
        ("failed", _) => parts::failed(format!("{name} has failed")),
        (status, Some(percent)) => parts::going(format!("{name} is {status}, {percent} % done"), Some(percent)),
        (status, None) => parts::going(format!("{name} is {status}"), None),
    }
}

/// What a database is known by in `seen`: a thing made anew under the same name is another.
pub(super) fn identity(arn: Option<&str>, created: Option<&aws_sdk_rds::primitives::DateTime>) -> Seen {
    let created = crate::kinds::parts::instant(created).map(|at| at.to_string()).unwrap_or_default();
    Seen::default().with("arn", arn.unwrap_or_default()).with("created", created)
}

/// What an instance is known by, and its status.
pub(super) fn seen_of_instance(db: &DbInstance) -> Seen {
    identity(db.db_instance_arn(), db.instance_create_time())
        .with("status", db.db_instance_status().unwrap_or_default())
}

/// What a cluster is known by, and its status.
pub(super) fn seen_of_cluster(db: &DbCluster) -> Seen {
    identity(db.db_cluster_arn(), db.cluster_create_time()).with("status", db.status().unwrap_or_default())
}

/// The instance or cluster that the fields of the command line name.
pub(super) fn locate<'a>(acting: &'a Acting, fields: &'a Fields) -> Asked<'a, Arc<ResourceId>> {
    let found = match (parts::given(fields, "instance"), parts::given(fields, "db-cluster")) {
        (Some(name), None) => Ok(id(&acting.env.scope, INSTANCE, name)),
        (None, Some(name)) => Ok(id(&acting.env.scope, CLUSTER, name)),
        _ => Err(Fault::new(FaultClass::Invalid, "`--instance` or `--db-cluster` must be given, not both")),
    };
    Box::pin(async { found })
}

/// For actions that need an available database: why they can't be used on what was last seen.
pub(super) fn applies_when_available(resource: &Resource) -> Result<(), String> {
    let status = crate::kinds::by_id(resource.id.kind).and_then(|kind| kind.cell(resource, "status"));
    match status.map(|status| status.show_exact().into_owned()) {
        Some(status) if status != "available" => Err(format!("it is {status}")),
        _ => Ok(()),
    }
}
