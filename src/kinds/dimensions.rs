//! Which resources the dimensions of a metric name. Not a kind.

use std::sync::Arc;

use super::elb::{balancer_name, target_group_name};
use super::parts::id;
use crate::model::{KindId, ResourceId, Scope};

/// The kinds of resources that dimensions can name.
pub const KINDS: [KindId; 10] = [
    "asg",
    "ecs-cluster",
    "ecs-service",
    "eks-cluster",
    "elasticache",
    "load-balancer",
    "log-group",
    "rds-cluster",
    "rds-instance",
    "target-group",
];

/// The resources that a metric's dimensions name, the most particular first, each with the word for it.
pub fn resources(scope: &Scope, namespace: &str, dimensions: &[(&str, &str)]) -> Vec<(&'static str, Arc<ResourceId>)> {
    let dimension = |name: &str| dimensions.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    let mut found = Vec::new();
    if let Some(cluster) = dimension("ClusterName") {
        match dimension("ServiceName") {
            Some(service) => found.push(("service", id(&scope.in_cluster(cluster), "ecs-service", service))),
            None if namespace == "ContainerInsights" => found.push(("cluster", id(scope, "eks-cluster", cluster))),
            None => found.push(("cluster", id(scope, "ecs-cluster", cluster))),
        }
    }
    let plain = [
        ("DBInstanceIdentifier", "database", "rds-instance"),
        ("DBClusterIdentifier", "cluster", "rds-cluster"),
        ("AutoScalingGroupName", "group", "asg"),
        ("LogGroupName", "logs", "log-group"),
    ];
    for (name, label, kind) in plain {
        found.extend(dimension(name).map(|value| (label, id(scope, kind, value))));
    }
    let caches = [("CacheClusterId", "cluster"), ("ReplicationGroupId", "replicationgroup")];
    for (name, sort) in caches {
        found.extend(dimension(name).map(|value| ("cache", id(scope, "elasticache", format!("{sort}:{value}")))));
    }
    let group = dimension("TargetGroup").map(target_group_name);
    found.extend(group.map(|name| ("target group", id(scope, "target-group", name))));
    let balancer = dimension("LoadBalancer").map(balancer_name);
    found.extend(balancer.map(|name| ("load balancer", id(scope, "load-balancer", name))));
    found
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("AWS/ECS", &[("ClusterName", "c"), ("ServiceName", "s")], "service e/r/c ecs-service s")]
    #[case("AWS/ECS", &[("ClusterName", "c")], "cluster e/r ecs-cluster c")]
    #[case("ContainerInsights", &[("ClusterName", "c")], "cluster e/r eks-cluster c")]
    #[case("AWS/RDS", &[("DBInstanceIdentifier", "d")], "database e/r rds-instance d")]
    #[case("AWS/RDS", &[("DBClusterIdentifier", "d")], "cluster e/r rds-cluster d")]
    #[case("AWS/EC2", &[("AutoScalingGroupName", "a")], "group e/r asg a")]
    #[case("AWS/ElastiCache", &[("CacheClusterId", "k"), ("CacheNodeId", "0001")], "cache e/r elasticache cluster:k")]
    #[case(
        "AWS/ApplicationELB",
        &[("LoadBalancer", "app/web/1a"), ("TargetGroup", "targetgroup/tg/2b")],
        "target group e/r target-group tg; load balancer e/r load-balancer web"
    )]
    #[case("AWS/Logs", &[("LogGroupName", "/ecs/x")], "logs e/r log-group /ecs/x")]
    #[case("Custom", &[("Host", "h")], "")]
    fn names(#[case] namespace: &str, #[case] dimensions: &[(&str, &str)], #[case] expected: &str) {
        let found = resources(&Scope::new("e", "r"), namespace, dimensions);
        let words: Vec<_> = found.iter().map(|(label, r)| format!("{label} {} {} {}", r.scope, r.kind, r.id)).collect();
        assert_eq!(words.join("; "), expected);
        assert!(found.iter().all(|(_, found)| KINDS.contains(&found.kind)));
    }
}
