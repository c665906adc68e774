//! Which resources a CloudTrail record touches, as far as they are of our kinds.

use std::sync::Arc;

use aws_sdk_cloudtrail::types::Event;
use serde_json::Value;

use crate::kinds::ecs::{self, name_of};
use crate::kinds::elb::target_group_name;
use crate::kinds::parts::id;
use crate::model::{KindId, ResourceId, Scope};

/// What a record touches.
#[derive(Debug, Default)]
pub struct Touched {
    /// The name of the thing that changed.
    pub name: String,
    /// The resources, the one that changed first.
    pub resources: Vec<Arc<ResourceId>>,
}

/// By the request, else by what CloudTrail's index names.
pub fn by(scope: &Scope, event: &Event, record: &Value) -> Touched {
    let mut touched = Touched::default();
    by_request(scope, record, &mut touched);
    for resource in event.resources() {
        let (Some(sort), Some(name)) = (resource.resource_type(), resource.resource_name()) else { continue };
        touched.add(of_type(scope, sort, name));
    }
    let name = match touched.resources.first() {
        Some(first) if has_prefix(first.kind) => {
            first.id.split_once(':').map_or(&*first.id, |(_, name)| name).to_owned()
        }
        Some(first) => first.id.to_string(),
        None => any_name(event, record).to_owned(),
    };
    Touched { name, ..touched }
}

/// Kinds whose ids begin with their sort.
fn has_prefix(kind: KindId) -> bool {
    matches!(kind, "rds-snapshot" | "elasticache")
}

impl Touched {
    fn add(&mut self, resource: Option<Arc<ResourceId>>) {
        if let Some(resource) = resource.filter(|resource| !self.resources.contains(resource)) {
            self.resources.push(resource);
        }
    }
}

fn by_request(scope: &Scope, record: &Value, touched: &mut Touched) {
    let request = &record["requestParameters"];
    let text = |key: &str| request[key].as_str().filter(|text| !text.is_empty());
    match record["eventSource"].as_str().unwrap_or_default() {
        "ecs.amazonaws.com" => of_ecs(scope, record, touched),
        "eks.amazonaws.com" => {
            let cluster = text("clusterName").or_else(|| text("name"));
            touched.add(cluster.map(|name| id(scope, "eks-cluster", name)));
        }
        "monitoring.amazonaws.com" => {
            let several = request["alarmNames"].as_array().into_iter().flatten().filter_map(Value::as_str);
            for name in text("alarmName").into_iter().chain(several) {
                touched.add(Some(id(scope, "alarm", name)));
            }
        }
        _ => {}
    }
    // The more particular first: a snapshot's creation names its database too.
    let plain: [(&str, KindId, &str); 8] = [
        ("dBSnapshotIdentifier", "rds-snapshot", "snapshot:"),
        ("dBClusterSnapshotIdentifier", "rds-snapshot", "cluster-snapshot:"),
        ("dBInstanceIdentifier", "rds-instance", ""),
        ("dBClusterIdentifier", "rds-cluster", ""),
        ("cacheClusterId", "elasticache", "cluster:"),
        ("replicationGroupId", "elasticache", "replicationgroup:"),
        ("autoScalingGroupName", "asg", ""),
        ("loadBalancerName", "load-balancer", ""),
    ];
    for (key, kind, prefix) in plain {
        touched.add(text(key).map(|name| id(scope, kind, format!("{prefix}{}", after_colon(name)))));
    }
    touched.add(text("logGroupName").map(|name| id(scope, "log-group", name)));
    for key in ["targetGroupArn", "loadBalancerArn", "resourceArn", "resourceName"] {
        touched.add(text(key).and_then(|arn| of_arn(scope, arn)));
    }
}

/// The name in an ARN of RDS, where one may stand in a name's place.
fn after_colon(name: &str) -> &str {
    if name.starts_with("arn:") { name.rsplit(':').next().unwrap_or(name) } else { name }
}

fn of_ecs(scope: &Scope, record: &Value, touched: &mut Touched) {
    let request = &record["requestParameters"];
    let text = |key: &str| request[key].as_str().filter(|text| !text.is_empty());
    let cluster = text("cluster").map_or("default", name_of);
    let service = text("service").or_else(|| text("serviceName"));
    touched.add(service.map(|name| ecs::service_id(scope, cluster, name_of(name))));
    touched.add(text("task").map(|task| ecs::task_id(scope, cluster, name_of(task))));
    let made = record["responseElements"]["taskDefinition"]["taskDefinitionArn"].as_str();
    let named = made.or_else(|| text("taskDefinition")).filter(|name| name_of(name).contains(':'));
    touched.add(named.map(|name| ecs::definition_id(scope, name)));
    if touched.resources.is_empty() {
        let cluster = text("clusterName").or_else(|| text("cluster"));
        touched.add(cluster.map(|name| id(scope, "ecs-cluster", name_of(name))));
    }
}

/// A resource as CloudTrail's index names it: a type as in `CloudFormation`, and a name or an ARN.
fn of_type(scope: &Scope, sort: &str, name: &str) -> Option<Arc<ResourceId>> {
    if let Some(known) = of_arn(scope, name) {
        return Some(known);
    }
    let (kind, prefix) = match sort {
        "AWS::ECS::Cluster" => ("ecs-cluster", ""),
        "AWS::ECS::TaskDefinition" if name.contains(':') => ("ecs-task-definition", ""),
        "AWS::EKS::Cluster" => ("eks-cluster", ""),
        "AWS::RDS::DBInstance" => ("rds-instance", ""),
        "AWS::RDS::DBCluster" => ("rds-cluster", ""),
        "AWS::RDS::DBSnapshot" => ("rds-snapshot", "snapshot:"),
        "AWS::RDS::DBClusterSnapshot" => ("rds-snapshot", "cluster-snapshot:"),
        "AWS::ElastiCache::CacheCluster" => ("elasticache", "cluster:"),
        "AWS::ElastiCache::ReplicationGroup" => ("elasticache", "replicationgroup:"),
        "AWS::AutoScaling::AutoScalingGroup" => ("asg", ""),
        "AWS::CloudWatch::Alarm" => ("alarm", ""),
        "AWS::Logs::LogGroup" => ("log-group", ""),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => ("load-balancer", ""),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => ("target-group", ""),
        _ => return None,
    };
    Some(id(scope, kind, format!("{prefix}{name}")))
}

/// A resource by its ARN, `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
fn of_arn(scope: &Scope, arn: &str) -> Option<Arc<ResourceId>> {
    let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
    let (service, resource) = (parts.nth(1)?, parts.nth(2)?);
    let slashed: Vec<&str> = resource.split('/').collect();
    let of = |kind: KindId, name: &str| Some(id(scope, kind, name));
    match (service, slashed.as_slice()) {
        ("ecs", ["cluster", name]) => of("ecs-cluster", name),
        ("ecs", ["service", cluster, name]) => Some(ecs::service_id(scope, cluster, name)),
        ("ecs", ["task", cluster, name]) => Some(ecs::task_id(scope, cluster, name)),
        ("ecs", ["task-definition", name]) => of("ecs-task-definition", name),
        ("eks", ["cluster" | "nodegroup", name, ..]) => of("eks-cluster", name),
        ("elasticloadbalancing", ["targetgroup", ..]) => of("target-group", target_group_name(arn)),
        ("elasticloadbalancing", ["loadbalancer" | "listener" | "listener-rule", _, name, ..]) => {
            of("load-balancer", name)
        }
        ("autoscaling", [_, name]) => of("asg", name),
        _ => match (service, resource.split_once(':')?) {
            ("rds", ("db", name)) => of("rds-instance", name),
            ("rds", ("cluster", name)) => of("rds-cluster", name),
            ("rds", ("snapshot" | "cluster-snapshot", _)) => of("rds-snapshot", resource),
            ("elasticache", ("cluster" | "replicationgroup", _)) => of("elasticache", resource),
            ("cloudwatch", ("alarm", name)) => of("alarm", name),
            ("logs", ("log-group", name)) => of("log-group", name.trim_end_matches(":*")),
            _ => None,
        },
    }
}

/// A name for what is of no kind of ours.
fn any_name<'a>(event: &'a Event, record: &'a Value) -> &'a str {
    const KEYS: [&str; 12] = [
        "name",
        "functionName",
        "repositoryName",
        "bucketName",
        "tableName",
        "roleName",
        "userName",
        "policyName",
        "secretId",
        "keyId",
        "stackName",
        "resourceArn",
    ];
    let indexed = event.resources().iter().find_map(|resource| resource.resource_name());
    let asked = || KEYS.iter().find_map(|key| record["requestParameters"][*key].as_str());
    indexed.or_else(asked).map(|name| if name.starts_with("arn:") { name_of(name) } else { name }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudtrail::types::Resource;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn told(source: &str, request: &Value, indexed: &[(&str, &str)]) -> String {
        let resource =
            |(sort, name): &(&str, &str)| Resource::builder().resource_type(*sort).resource_name(*name).build();
        let event = Event::builder().set_resources(Some(indexed.iter().map(resource).collect())).build();
        let record = json!({ "eventSource": source, "requestParameters": request });
        let touched = by(&Scope::new("e", "r"), &event, &record);
        let ids: Vec<_> = touched.resources.iter().map(|r| format!("{} {} {}", r.scope, r.kind, r.id)).collect();
        format!("{} = {}", touched.name, ids.join("; "))
    }

    #[rstest]
    #[case("ecs.amazonaws.com", json!({"cluster": "main", "service": "web", "desiredCount": 2}), "web = e/r/main ecs-service web")]
    #[case(
        "ecs.amazonaws.com",
        json!({"cluster": "arn:aws:ecs:r:1:cluster/main", "service": "arn:aws:ecs:r:1:service/main/web", "taskDefinition": "web:8"}),
        "web = e/r/main ecs-service web; e/r ecs-task-definition web:8"
    )]
    #[case("ecs.amazonaws.com", json!({"clusterName": "main"}), "main = e/r ecs-cluster main")]
    #[case("ecs.amazonaws.com", json!({"cluster": "main", "task": "arn:aws:ecs:r:1:task/main/01"}), "01 = e/r/main ecs-task 01")]
    #[case("ecs.amazonaws.com", json!({"taskDefinition": "web"}), " = ")]
    #[case("rds.amazonaws.com", json!({"dBInstanceIdentifier": "db"}), "db = e/r rds-instance db")]
    #[case(
        "rds.amazonaws.com", json!({"dBInstanceIdentifier": "db", "dBSnapshotIdentifier": "before"}),
        "before = e/r rds-snapshot snapshot:before; e/r rds-instance db"
    )]
    #[case("autoscaling.amazonaws.com", json!({"autoScalingGroupName": "web-asg"}), "web-asg = e/r asg web-asg")]
    #[case("monitoring.amazonaws.com", json!({"alarmNames": ["a", "b"]}), "a = e/r alarm a; e/r alarm b")]
    #[case("logs.amazonaws.com", json!({"logGroupName": "/ecs/web"}), "/ecs/web = e/r log-group /ecs/web")]
    #[case("eks.amazonaws.com", json!({"clusterName": "c", "nodegroupName": "g"}), "c = e/r eks-cluster c")]
    #[case("elasticache.amazonaws.com", json!({"replicationGroupId": "cache"}), "cache = e/r elasticache replicationgroup:cache")]
    #[case("lambda.amazonaws.com", json!({"functionName": "resize"}), "resize = ")]
    fn requests(#[case] source: &str, #[case] request: Value, #[case] expected: &str) {
        assert_eq!(told(source, &request, &[]), expected);
    }

    #[rstest]
    #[case("AWS::RDS::DBSnapshot", "before", "before = e/r rds-snapshot snapshot:before")]
    #[case("AWS::ECS::Service", "arn:aws:ecs:r:1:service/main/web", "web = e/r/main ecs-service web")]
    #[case(
        "AWS::ECS::TaskDefinition",
        "arn:aws:ecs:r:1:task-definition/web:8",
        "web:8 = e/r ecs-task-definition web:8"
    )]
    #[case("AWS::CloudWatch::Alarm", "arn:aws:cloudwatch:r:1:alarm:high: cpu", "high: cpu = e/r alarm high: cpu")]
    #[case("AWS::RDS::DBInstance", "arn:aws:rds:r:1:db:main", "main = e/r rds-instance main")]
    #[case(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "arn:aws:elasticloadbalancing:r:1:targetgroup/web-tg/0a",
        "web-tg = e/r target-group web-tg"
    )]
    #[case("AWS::Logs::LogGroup", "arn:aws:logs:r:1:log-group:/ecs/web:*", "/ecs/web = e/r log-group /ecs/web")]
    #[case("AWS::S3::Bucket", "tfstate", "tfstate = ")]
    fn indexed(#[case] sort: &str, #[case] name: &str, #[case] expected: &str) {
        assert_eq!(told("", &Value::Null, &[(sort, name)]), expected);
    }
}
