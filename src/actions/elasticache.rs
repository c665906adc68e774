//! What the actions on ElastiCache share: a cluster or a group read afresh, and snapshots by name. Not an action.

use aws_sdk_elasticache::types::Snapshot;

use super::Op;
use super::parts;
use crate::kinds::parts::gone;
use crate::model::{Fault, FaultClass, ResourceId, Seen};
use crate::providers::Acting;
use crate::providers::aws::fault;

pub(super) const KIND: &str = "elasticache";
pub(super) const CLUSTERS: Op = "elasticache:DescribeCacheClusters";
pub(super) const GROUPS: Op = "elasticache:DescribeReplicationGroups";
pub(super) const SNAPSHOTS: Op = "elasticache:DescribeSnapshots";

/// What both sorts of caches have in common.
pub(super) struct Cache {
    pub(super) arn: Option<String>,
    pub(super) status: String,
    /// `redis`, `valkey` or `memcached`.
    pub(super) engine: String,
    pub(super) node_type: String,
    pub(super) snapshot_window: Option<String>,
}

/// Whether it is a replication group, and its name: ids are `cluster:NAME` and `replicationgroup:NAME`.
pub(super) fn name_of(target: &ResourceId) -> (bool, &str) {
    match target.id.split_once(':') {
        Some((sort, name)) => (sort == "replicationgroup", name),
        None => (false, &target.id),
    }
}

/// A cluster or a group, read afresh.
pub(super) async fn cache(acting: &Acting, target: &ResourceId) -> Result<Cache, Fault> {
    let (is_group, name) = name_of(target);
    let found = if is_group { group(acting, name).await? } else { cluster(acting, name).await? };
    found.ok_or_else(|| gone(target))
}

async fn cluster(acting: &Acting, name: &str) -> Result<Option<Cache>, Fault> {
    let call = acting.env.aws.elasticache().describe_cache_clusters().cache_cluster_id(name);
    let found = call.send().await.map_err(|error| fault(CLUSTERS, &error))?;
    Ok(found.cache_clusters().first().map(|it| Cache {
        arn: it.arn().map(str::to_owned),
        status: it.cache_cluster_status().unwrap_or_default().to_owned(),
        engine: it.engine().unwrap_or_default().to_owned(),
        node_type: it.cache_node_type().unwrap_or_default().to_owned(),
        snapshot_window: it.snapshot_window().map(str::to_owned),
    }))
}

async fn group(acting: &Acting, name: &str) -> Result<Option<Cache>, Fault> {
    let call = acting.env.aws.elasticache().describe_replication_groups().replication_group_id(name);
    let found = call.send().await.map_err(|error| fault(GROUPS, &error))?;
    Ok(found.replication_groups().first().map(|it| Cache {
        arn: it.arn().map(str::to_owned),
        status: it.status().unwrap_or_default().to_owned(),
        engine: it.engine().unwrap_or("redis").to_owned(),
        node_type: it.cache_node_type().unwrap_or_default().to_owned(),
        snapshot_window: it.snapshot_window().map(str::to_owned),
    }))
}

/// What a cache is known by, and its status.
pub(super) fn seen(cache: &Cache) -> Seen {
    Seen::default().with("arn", cache.arn.as_deref().unwrap_or_default()).with("status", &cache.status)
}

/// A snapshot, if there is one of this name.
pub(super) async fn snapshot(acting: &Acting, name: &str) -> Result<Option<Snapshot>, Fault> {
    let call = acting.env.aws.elasticache().describe_snapshots().snapshot_name(name);
    match call.send().await.map_err(|error| fault(SNAPSHOTS, &error)) {
        Ok(found) => Ok(found.snapshots.and_then(|found| found.into_iter().next())),
        Err(fault) if fault.class == FaultClass::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The cache that the fields of the command line name.
pub(super) fn located(acting: &Acting, fields: &crate::model::Fields) -> Result<std::sync::Arc<ResourceId>, Fault> {
    let id = match (parts::given(fields, "cache-cluster"), parts::given(fields, "replication-group")) {
        (Some(name), None) => format!("cluster:{name}"),
        (None, Some(name)) => format!("replicationgroup:{name}"),
        _ => {
            let words = "`--cache-cluster` or `--replication-group` must be given, not both";
            return Err(Fault::new(FaultClass::Invalid, words));
        }
    };
    Ok(crate::kinds::parts::id(&acting.env.scope, KIND, id))
}
