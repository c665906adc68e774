//! Cache clusters and replication groups of the SDK as rows: cells, and health with its reason.

use std::sync::Arc;

use aws_sdk_elasticache::types::{
    AutomaticFailoverStatus, CacheCluster, CacheNode, Endpoint, MultiAzStatus, NodeGroup, NodeGroupMember,
    ReplicationGroup,
};

use super::{CLUSTERS, GROUPS, KIND, Statuses, parts};
use crate::kinds::database::of_status;
use crate::kinds::parts::{Verdict, int, required, time, yes};
use crate::model::{Fault, Health, Resource, ResourceId, Scope, Section, Value};

/// What the ids of cache clusters start with.
pub const CLUSTER: &str = "cluster:";
/// What the ids of replication groups start with.
pub const GROUP: &str = "replicationgroup:";

fn address(end: Option<&Endpoint>) -> Option<String> {
    let end = end?;
    Some(format!("{}:{}", end.address()?, end.port()?))
}

/// A cache cluster as a row.
pub fn of_cluster(scope: &Scope, cluster: &CacheCluster) -> Result<Resource, Fault> {
    let name = required(cluster.cache_cluster_id(), CLUSTERS, "CacheClusterId")?;
    let nodes = cluster.cache_nodes();
    let available = nodes.iter().filter(|node| node.cache_node_status() == Some("available")).count() as i64;
    let wanted = cluster.num_cache_nodes().map_or(nodes.len() as i64, i64::from);
    let end = cluster.configuration_endpoint().or_else(|| nodes.first()?.endpoint());
    let cells = vec![
        Value::maybe(cluster.cache_cluster_status()),
        Value::maybe(cluster.engine()),
        Value::maybe(cluster.cache_node_type()),
        Value::Count { have: available, want: wanted },
        Value::maybe(cluster.engine_version()),
        Value::maybe(cluster.preferred_availability_zone()),
        Value::maybe(cluster.replication_group_id()),
        Value::text("cluster"),
        Value::maybe(address(end)),
        Value::None,
        Value::None,
        Value::None,
        Value::None,
        Value::None,
        yes(cluster.transit_encryption_enabled()),
        yes(cluster.at_rest_encryption_enabled()),
        yes(cluster.auth_token_enabled()),
        int(cluster.snapshot_retention_limit()),
        Value::maybe(cluster.snapshot_window()),
        Value::maybe(cluster.preferred_maintenance_window()),
        time(cluster.cache_cluster_create_time()),
    ];
    let made_of = nodes.iter().map(|node| {
        let name = node.cache_node_id().unwrap_or_default();
        (format!("node {name}"), node.cache_node_status())
    });
    let verdict = verdict(cluster.cache_cluster_status(), made_of);
    Ok(parts::row(parts::id(scope, KIND, format!("{CLUSTER}{name}")), name, cluster.arn(), verdict, cells))
}

/// A replication group as a row. Its members' status comes from the cache clusters that they are.
pub fn of_group(scope: &Scope, group: &ReplicationGroup, statuses: &Statuses) -> Result<Resource, Fault> {
    let name = required(group.replication_group_id(), GROUPS, "ReplicationGroupId")?;
    let members = members(group);
    let status = |member: &str| statuses.get(member).map(String::as_str);
    let available = members.iter().filter(|member| status(member) == Some("available")).count();
    let shards = group.node_groups();
    let first = shards.first();
    let end = group.configuration_endpoint().or_else(|| first?.primary_endpoint());
    let cells = vec![
        Value::maybe(group.status()),
        Value::maybe(group.engine()),
        Value::maybe(group.cache_node_type()),
        Value::Count { have: available as i64, want: members.len() as i64 },
        Value::None,
        Value::None,
        Value::None,
        Value::text("replication group"),
        Value::maybe(address(end)),
        Value::maybe(address(first.and_then(|shard| shard.reader_endpoint()))),
        Value::Int(shards.len() as i64),
        Value::list(&members),
        Value::maybe(group.automatic_failover().map(AutomaticFailoverStatus::as_str)),
        Value::maybe(group.multi_az().map(MultiAzStatus::as_str)),
        yes(group.transit_encryption_enabled()),
        yes(group.at_rest_encryption_enabled()),
        yes(group.auth_token_enabled()),
        int(group.snapshot_retention_limit()),
        Value::maybe(group.snapshot_window()),
        Value::None,
        time(group.replication_group_create_time()),
    ];
    let shard_states = shards.iter().map(|shard| {
        let name = shard.node_group_id().unwrap_or_default();
        (format!("shard {name}"), shard.status())
    });
    let made_of = shard_states.chain(members.iter().map(|member| ((*member).to_owned(), status(member))));
    let verdict = verdict(group.status(), made_of);
    Ok(parts::row(parts::id(scope, KIND, format!("{GROUP}{name}")), name, group.arn(), verdict, cells))
}

/// Names of its cache clusters, primaries first.
fn members(group: &ReplicationGroup) -> Vec<&str> {
    let nodes = group.node_groups().iter().flat_map(NodeGroup::node_group_members);
    let primaries = nodes.filter(|node| node.current_role() == Some("primary"));
    let mut names: Vec<&str> = primaries.filter_map(NodeGroupMember::cache_cluster_id).collect();
    for name in group.member_clusters() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// Its health: its own status, then that of what it is made of.
fn verdict<'a>(status: Option<&str>, made_of: impl Iterator<Item = (String, Option<&'a str>)>) -> Verdict {
    let own = of_status(status.unwrap_or_default());
    if own.0 != Health::Ok {
        return own;
    }
    let (mut well, mut worst, mut words) = (0, Health::Ok, Vec::new());
    for (name, state) in made_of {
        match of_status(state.unwrap_or_default()).0 {
            Health::Ok => well += 1,
            health => {
                worst = worst.max(health);
                words.push(format!("{name} is {}", state.unwrap_or("not known")));
            }
        }
    }
    // As long as one works, the cache is up.
    let health = if worst == Health::Failed && well > 0 { Health::Degraded } else { worst };
    (health, words.join(", "))
}

/// The nodes of a cache cluster.
pub fn nodes_table(cluster: &CacheCluster) -> Section {
    let row = |node: &CacheNode| {
        let cells = vec![
            Value::maybe(node.cache_node_id()),
            Value::maybe(node.cache_node_status()),
            Value::maybe(address(node.endpoint())),
            Value::maybe(node.customer_availability_zone()),
            Value::maybe(node.parameter_group_status()),
            time(node.cache_node_create_time()),
        ];
        (cells, None)
    };
    Section::Table {
        title: "Nodes",
        columns: vec!["node", "status", "endpoint", "zone", "parameters", "created"],
        rows: cluster.cache_nodes().iter().map(row).collect(),
    }
}

/// The members of a replication group, by shard.
pub fn members_table(scope: &Scope, group: &ReplicationGroup, statuses: &Statuses) -> Section {
    let mut rows: Vec<(Vec<Value>, Option<Arc<ResourceId>>)> = Vec::new();
    for shard in group.node_groups() {
        for member in shard.node_group_members() {
            let name = member.cache_cluster_id().unwrap_or_default();
            let cells = vec![
                Value::maybe(shard.node_group_id()),
                Value::text(name),
                Value::maybe(member.current_role()),
                Value::maybe(statuses.get(name)),
                Value::maybe(member.preferred_availability_zone()),
                Value::maybe(address(member.read_endpoint())),
            ];
            rows.push((cells, Some(parts::id(scope, KIND, format!("{CLUSTER}{name}")))));
        }
    }
    let columns = vec!["shard", "cluster", "role", "status", "zone", "endpoint"];
    Section::Table { title: "Members", columns, rows }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::{COLUMNS, DEF, metrics, relations};
    use super::*;

    fn scope() -> Scope {
        Scope::new("starttech-dev", "us-east-1")
    }

    fn cluster(status: &str, nodes: &[&str]) -> Resource {
        let end = Endpoint::builder().address("dev-redis.example").port(6379).build();
        let node = |(at, status): (usize, &&str)| {
            let node = CacheNode::builder().cache_node_id(format!("000{at}")).cache_node_status(*status);
            node.endpoint(end.clone()).build()
        };
        let cluster = CacheCluster::builder()
            .cache_cluster_id("dev-redis")
            .cache_cluster_status(status)
            .engine("redis")
            .num_cache_nodes(nodes.len() as i32)
            .set_cache_nodes(Some(nodes.iter().enumerate().map(node).collect()));
        of_cluster(&scope(), &cluster.build()).unwrap()
    }

    fn group() -> ReplicationGroup {
        let member =
            |name: &str, role: &str| NodeGroupMember::builder().cache_cluster_id(name).current_role(role).build();
        let end = Endpoint::builder().address("primary.example").port(6379).build();
        let shard = NodeGroup::builder()
            .node_group_id("0001")
            .status("available")
            .primary_endpoint(end)
            .node_group_members(member("q-001", "replica"))
            .node_group_members(member("q-002", "primary"));
        ReplicationGroup::builder()
            .replication_group_id("q")
            .status("available")
            .node_groups(shard.build())
            .member_clusters("q-001")
            .member_clusters("q-002")
            .build()
    }

    fn shown(row: &Resource, column: &str) -> String {
        DEF.cell(row, column).unwrap().show_exact().into_owned()
    }

    #[rstest]
    #[case("available", &["available"], Health::Ok, "")]
    #[case("modifying", &["available"], Health::Progressing, "modifying")]
    #[case("available", &["available", "rebooting"], Health::Progressing, "node 0001 is rebooting")]
    #[case("available", &["available", "create-failed"], Health::Degraded, "node 0001 is create-failed")]
    #[case("available", &["create-failed"], Health::Failed, "node 0000 is create-failed")]
    #[case("incompatible-network", &[], Health::Failed, "its subnets or network can't hold it")]
    fn a_cluster_is_as_its_nodes(
        #[case] status: &str,
        #[case] nodes: &[&str],
        #[case] health: Health,
        #[case] reason: &str,
    ) {
        let row = cluster(status, nodes);
        assert_eq!((row.health, &*row.reason), (health, reason));
    }

    #[test]
    fn a_cluster_has_every_column() {
        let row = cluster("available", &["available"]);
        assert_eq!(row.cells.len(), COLUMNS.len());
        assert_eq!((&*row.id.id, &*row.name), ("cluster:dev-redis", "dev-redis"));
        assert_eq!(shown(&row, "endpoint"), "dev-redis.example:6379");
        assert_eq!(shown(&row, "nodes"), "1/1");
        assert_eq!(&*metrics(&row)[0].dimensions[0].1, "dev-redis");
    }

    #[test]
    fn a_group_is_as_its_members() {
        let statuses = |second: &str| {
            Statuses::from([("q-001".to_owned(), "available".to_owned()), ("q-002".to_owned(), second.to_owned())])
        };
        let well = of_group(&scope(), &group(), &statuses("available")).unwrap();
        assert_eq!(well.cells.len(), COLUMNS.len());
        assert_eq!((well.health, &*well.reason), (Health::Ok, ""));
        assert_eq!(shown(&well, "members"), "q-002, q-001");
        assert_eq!(shown(&well, "endpoint"), "primary.example:6379");
        assert_eq!(&*metrics(&well)[0].dimensions[0].1, "q-002", "the primary's");
        let sick = of_group(&scope(), &group(), &statuses("incompatible-network")).unwrap();
        assert_eq!((sick.health, &*sick.reason), (Health::Degraded, "q-002 is incompatible-network"));
        assert_eq!(shown(&sick, "nodes"), "1/2");
        let labels: Vec<_> = relations(&sick).iter().map(|relation| relation.label).collect();
        assert_eq!(labels, ["members", "alarms"]);
    }
}
