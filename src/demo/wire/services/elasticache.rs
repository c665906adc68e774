//! ElastiCache: cache clusters with their nodes, and replication groups.

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::node::{Fields, Node, fields, list_of};
use super::{elasticache_changes, not_offered};
use crate::demo::world::{CacheCluster, CacheNode, ReplicationGroup, ReplicationMember};

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "DescribeCacheClusters" => describe_clusters(call),
        "DescribeSnapshots" => elasticache_changes::describe(call),
        "DescribeReplicationGroups" => describe_groups(call),
        _ => Err(not_offered(call)),
    }
}

fn describe_clusters(call: &Call<'_>) -> Answer {
    let wanted = call.input.text("CacheClusterId");
    let alone = call.input.truth("ShowCacheClustersNotInReplicationGroups");
    let found: Vec<&CacheCluster> = call
        .account
        .cache_clusters
        .values()
        .filter(|cluster| wanted.is_none_or(|id| cluster.id == id))
        .filter(|cluster| !alone || cluster.replication_group.is_none())
        .collect();
    if let (Some(id), []) = (wanted, found.as_slice()) {
        return Err(Failure::new(404, "CacheClusterNotFound", format!("CacheCluster not found: {id}")));
    }
    let page = call.page(found.len(), call.size("MaxRecords", 100, 20..101)?, "Marker")?;
    let with_nodes = call.input.truth("ShowCacheNodeInfo");
    let nodes = page.of(&found).iter().map(|cluster| cluster_node(cluster, with_nodes));
    Ok(fields! { "Marker": page.next.clone(), "CacheClusters": list_of("CacheCluster", nodes) })
}

fn cluster_node(cluster: &CacheCluster, with_nodes: bool) -> Node {
    let mut node = Fields::default();
    node.put("CacheClusterId", &cluster.id);
    node.put("CacheNodeType", &cluster.node_type);
    node.put("Engine", cluster.engine);
    node.put("EngineVersion", &cluster.engine_version);
    node.put("CacheClusterStatus", cluster.status);
    node.put("NumCacheNodes", cluster.nodes.len());
    node.put("PreferredAvailabilityZone", &cluster.availability_zone);
    node.put("CacheClusterCreateTime", cluster.created_at);
    node.put("PreferredMaintenanceWindow", &cluster.maintenance_window);
    node.put("PendingModifiedValues", fields! {});
    node.put(
        "CacheParameterGroup",
        fields! { "CacheParameterGroupName": &cluster.parameter_group, "ParameterApplyStatus": "in-sync" },
    );
    node.put("CacheSubnetGroupName", &cluster.subnet_group);
    node.put("CacheNodes", with_nodes.then(|| list_of("CacheNode", cluster.nodes.iter().map(cache_node))));
    node.put("AutoMinorVersionUpgrade", true);
    node.put(
        "SecurityGroups",
        list_of("member", [fields! { "SecurityGroupId": &cluster.security_group, "Status": "active" }]),
    );
    node.put("ReplicationGroupId", &cluster.replication_group);
    node.put("SnapshotRetentionLimit", cluster.snapshot_retention_limit);
    node.put("SnapshotWindow", &cluster.snapshot_window);
    node.put("AuthTokenEnabled", cluster.auth_token_enabled);
    node.put("TransitEncryptionEnabled", cluster.transit_encryption);
    node.put("AtRestEncryptionEnabled", cluster.at_rest_encryption);
    node.put("ARN", &cluster.arn);
    Node::Map(node)
}

fn cache_node(node: &CacheNode) -> Node {
    fields! {
        "CacheNodeId": &node.id,
        "CacheNodeStatus": node.status,
        "CacheNodeCreateTime": node.created_at,
        "Endpoint": endpoint(&node.endpoint, node.port),
        "ParameterGroupStatus": node.parameter_group_status,
        "CustomerAvailabilityZone": &node.availability_zone,
    }
}

fn endpoint(address: &String, port: i32) -> Node {
    fields! { "Address": address, "Port": port }
}

fn describe_groups(call: &Call<'_>) -> Answer {
    let wanted = call.input.text("ReplicationGroupId");
    let groups = call.account.replication_groups.values();
    let found: Vec<&ReplicationGroup> = groups.filter(|group| wanted.is_none_or(|id| group.id == id)).collect();
    if let (Some(id), []) = (wanted, found.as_slice()) {
        return Err(Failure::new(404, "ReplicationGroupNotFoundFault", format!("ReplicationGroup {id} not found.")));
    }
    let page = call.page(found.len(), call.size("MaxRecords", 100, 20..101)?, "Marker")?;
    let nodes = page.of(&found).iter().map(|group| group_node(group));
    Ok(fields! { "Marker": page.next.clone(), "ReplicationGroups": list_of("ReplicationGroup", nodes) })
}

fn group_node(group: &ReplicationGroup) -> Node {
    let members = group.members.iter().map(|member| member_node(member, group.port));
    let shard = fields! {
        "NodeGroupId": "0001",
        "Status": group.status,
        "PrimaryEndpoint": endpoint(&group.primary_endpoint, group.port),
        "ReaderEndpoint": endpoint(&group.reader_endpoint, group.port),
        "NodeGroupMembers": list_of("NodeGroupMember", members),
    };
    let mut node = Fields::default();
    node.put("ReplicationGroupId", &group.id);
    node.put("Description", &group.description);
    node.put("Status", group.status);
    node.put("PendingModifiedValues", fields! {});
    node.put("MemberClusters", list_of("ClusterId", group.members.iter().map(|member| &member.cache_cluster)));
    node.put("NodeGroups", list_of("NodeGroup", [shard]));
    node.put("AutomaticFailover", group.automatic_failover);
    node.put("MultiAZ", group.multi_az);
    node.put("SnapshotRetentionLimit", group.snapshot_retention_limit);
    node.put("SnapshotWindow", &group.snapshot_window);
    node.put("ClusterEnabled", group.cluster_enabled);
    node.put("CacheNodeType", &group.node_type);
    node.put("AuthTokenEnabled", group.auth_token_enabled);
    node.put("TransitEncryptionEnabled", group.transit_encryption);
    node.put("AtRestEncryptionEnabled", group.at_rest_encryption);
    node.put("ARN", &group.arn);
    node.put("ReplicationGroupCreateTime", group.created_at);
    node.put("Engine", group.engine);
    Node::Map(node)
}

fn member_node(member: &ReplicationMember, port: i32) -> Node {
    fields! {
        "CacheClusterId": &member.cache_cluster,
        "CacheNodeId": &member.node_id,
        "ReadEndpoint": endpoint(&member.endpoint, port),
        "PreferredAvailabilityZone": &member.availability_zone,
        "CurrentRole": member.role,
    }
}
