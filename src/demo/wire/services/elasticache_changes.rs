//! ElastiCache: snapshots taken, listed and deleted.

use super::super::call::{Answer, Call};
use super::super::change::Change;
use super::super::failure::Failure;
use super::super::node::{Fields, Node, fields, list_of};
use crate::demo::world::CacheSnapshot;

const SOURCE: &str = "elasticache.amazonaws.com";

pub fn answer(change: &mut Change<'_>) -> Option<Answer> {
    match change.operation {
        "CreateSnapshot" => Some(create(change)),
        "DeleteSnapshot" => Some(delete(change)),
        _ => None,
    }
}

fn create(change: &mut Change<'_>) -> Answer {
    let id = change.required("SnapshotName")?;
    let (group, cluster) = (change.input.text("ReplicationGroupId"), change.input.text("CacheClusterId"));
    let status = match (group, cluster) {
        (Some(group), _) => change.account.replication_groups.get(group).map(|group| group.status),
        (None, Some(cluster)) => change.account.cache_clusters.get(cluster).map(|cluster| cluster.status),
        (None, None) => return Err(change.invalid("CacheClusterId or ReplicationGroupId must be given")),
    };
    let source = group.or(cluster).unwrap_or_default();
    match status {
        Some("available") => {}
        Some(status) => {
            let words = format!("{source} is {status}");
            return Err(Failure::new(400, "InvalidCacheClusterState", words));
        }
        None => return Err(Failure::new(404, "CacheClusterNotFound", format!("CacheCluster not found: {source}"))),
    }
    if change.account.cache_snapshots.contains_key(id) {
        let words = format!("Snapshot with specified name already exists: {id}");
        return Err(Failure::new(400, "SnapshotAlreadyExistsFault", words));
    }
    let request = change.input.0.clone();
    change.account.operated(SOURCE, "CreateSnapshot", ("AWS::ElastiCache::CacheCluster", source.to_owned()), request);
    change.account.begin_cache_snapshot(id, source, group.is_some());
    Ok(fields! { "Snapshot": change.account.cache_snapshots.get(id).map(node) })
}

fn delete(change: &mut Change<'_>) -> Answer {
    let id = change.required("SnapshotName")?;
    let Some(snapshot) = change.account.cache_snapshots.get(id).cloned() else { return Err(missing(id)) };
    if snapshot.status != "available" {
        return Err(Failure::new(400, "InvalidSnapshotState", format!("{id} is {}", snapshot.status)));
    }
    let request = change.input.0.clone();
    change.account.operated(SOURCE, "DeleteSnapshot", ("AWS::ElastiCache::Snapshot", id.to_owned()), request);
    change.account.cache_snapshots.remove(id);
    Ok(fields! { "Snapshot": node(&snapshot) })
}

fn missing(id: &str) -> Failure {
    Failure::new(404, "SnapshotNotFoundFault", format!("{id} is not found."))
}

pub fn describe(call: &Call<'_>) -> Answer {
    let wanted = call.input.text("SnapshotName");
    let all = call.account.cache_snapshots.values();
    let found: Vec<&CacheSnapshot> = all.filter(|snapshot| wanted.is_none_or(|id| snapshot.id == id)).collect();
    if let (Some(id), []) = (wanted, found.as_slice()) {
        return Err(missing(id));
    }
    let page = call.page(found.len(), call.size("MaxRecords", 50, 20..51)?, "Marker")?;
    let nodes = page.of(&found).iter().map(|snapshot| node(snapshot));
    Ok(fields! { "Marker": page.next.clone(), "Snapshots": list_of("Snapshot", nodes) })
}

fn node(snapshot: &CacheSnapshot) -> Node {
    let mut node = Fields::default();
    node.put("SnapshotName", &snapshot.id);
    node.put(if snapshot.of_group { "ReplicationGroupId" } else { "CacheClusterId" }, &snapshot.source);
    node.put("SnapshotStatus", snapshot.status);
    node.put("SnapshotSource", "manual");
    node.put("ARN", &snapshot.arn);
    Node::Map(node)
}
