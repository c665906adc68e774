//! RDS: snapshots of instances and of clusters.

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::node::{Fields, Node, list_of};
use super::rds::{identifier, page, passing};
use super::tags;
use crate::demo::world::DbSnapshot;

pub fn describe_of_instances(call: &Call<'_>) -> Answer {
    let [id, source] = ["DBSnapshotIdentifier", "DBInstanceIdentifier"].map(|key| call.input.text(key).map(identifier));
    let found = snapshots(call, false, id, source)?;
    if let (Some(id), []) = (id, found.as_slice()) {
        return Err(Failure::new(404, "DBSnapshotNotFound", format!("DBSnapshot {id} not found.")));
    }
    page(call, &found, "DBSnapshots", "DBSnapshot", |snapshot| of_instance(snapshot))
}

pub fn describe_of_clusters(call: &Call<'_>) -> Answer {
    let [id, source] =
        ["DBClusterSnapshotIdentifier", "DBClusterIdentifier"].map(|key| call.input.text(key).map(identifier));
    let found = snapshots(call, true, id, source)?;
    if let (Some(id), []) = (id, found.as_slice()) {
        return Err(Failure::new(404, "DBClusterSnapshotNotFoundFault", format!("DBClusterSnapshot {id} not found.")));
    }
    page(call, &found, "DBClusterSnapshots", "DBClusterSnapshot", |snapshot| of_cluster(snapshot))
}

fn snapshots<'a>(
    call: &Call<'a>,
    of_clusters: bool,
    id: Option<&str>,
    source: Option<&str>,
) -> Result<Vec<&'a DbSnapshot>, Failure> {
    let kind = call.input.text("SnapshotType");
    let wanted = call.account.db_snapshots.values().filter(|snapshot| {
        snapshot.cluster == of_clusters
            && id.is_none_or(|id| snapshot.id == id)
            && source.is_none_or(|source| snapshot.source == source)
            && kind.is_none_or(|kind| snapshot.snapshot_type == kind)
    });
    passing(call, wanted, |snapshot, filter| match (filter, of_clusters) {
        ("db-snapshot-id", false) | ("db-cluster-snapshot-id", true) => Some(&snapshot.id),
        ("db-instance-id", false) | ("db-cluster-id", true) => Some(&snapshot.source),
        ("snapshot-type", _) => Some(snapshot.snapshot_type),
        ("engine", _) => Some(snapshot.engine),
        _ => None,
    })
}

/// A snapshot of either sort.
pub fn node(snapshot: &DbSnapshot) -> Node {
    if snapshot.cluster { of_cluster(snapshot) } else { of_instance(snapshot) }
}

fn of_instance(snapshot: &DbSnapshot) -> Node {
    let mut node = Fields::default();
    node.put("DBSnapshotIdentifier", &snapshot.id);
    node.put("DBInstanceIdentifier", &snapshot.source);
    node.put("SnapshotCreateTime", snapshot.created_at);
    node.put("Engine", snapshot.engine);
    node.put("AllocatedStorage", snapshot.allocated_storage);
    node.put("Status", snapshot.status);
    node.put("Port", snapshot.port);
    node.put("AvailabilityZone", &snapshot.availability_zone);
    node.put("VpcId", &snapshot.vpc_id);
    node.put("InstanceCreateTime", snapshot.source_created_at);
    node.put("MasterUsername", &snapshot.master_username);
    node.put("EngineVersion", &snapshot.engine_version);
    node.put("LicenseModel", "postgresql-license");
    node.put("SnapshotType", snapshot.snapshot_type);
    node.put("PercentProgress", snapshot.percent_progress);
    node.put("StorageType", snapshot.storage_type);
    node.put("Encrypted", snapshot.encrypted);
    node.put("DBSnapshotArn", &snapshot.arn);
    node.put("OriginalSnapshotCreateTime", snapshot.created_at);
    node.put("SnapshotTarget", "region");
    node.put("TagList", tags(&snapshot.tags, "Tag", "Key", "Value"));
    Node::Map(node)
}

fn of_cluster(snapshot: &DbSnapshot) -> Node {
    let mut node = Fields::default();
    node.put("AvailabilityZones", list_of("AvailabilityZone", [&snapshot.availability_zone]));
    node.put("DBClusterSnapshotIdentifier", &snapshot.id);
    node.put("DBClusterIdentifier", &snapshot.source);
    node.put("SnapshotCreateTime", snapshot.created_at.unwrap_or(snapshot.started_at));
    node.put("Engine", snapshot.engine);
    node.put("EngineMode", "provisioned");
    node.put("AllocatedStorage", snapshot.allocated_storage);
    node.put("Status", snapshot.status);
    node.put("Port", snapshot.port);
    node.put("VpcId", &snapshot.vpc_id);
    node.put("ClusterCreateTime", snapshot.source_created_at);
    node.put("MasterUsername", &snapshot.master_username);
    node.put("EngineVersion", &snapshot.engine_version);
    node.put("LicenseModel", snapshot.engine);
    node.put("SnapshotType", snapshot.snapshot_type);
    node.put("PercentProgress", snapshot.percent_progress);
    node.put("StorageEncrypted", snapshot.encrypted);
    node.put("DBClusterSnapshotArn", &snapshot.arn);
    node.put("TagList", tags(&snapshot.tags, "Tag", "Key", "Value"));
    Node::Map(node)
}
