use aws_sdk_eks::types::builders::NodegroupBuilder;
use aws_sdk_eks::types::{
    AutoScalingGroup, ClusterHealth, ClusterIssueCode, ClusterStatus, LogSetup, LogType, Logging, NodegroupHealth,
    NodegroupIssueCode, NodegroupResources, NodegroupStatus,
};
use rstest::rstest;

use super::*;
use crate::model::{Health, Scope};

fn group(name: &str, status: NodegroupStatus) -> NodegroupBuilder {
    let asg = AutoScalingGroup::builder().name(format!("eks-{name}")).build();
    Nodegroup::builder()
        .nodegroup_name(name)
        .status(status)
        .scaling_config(NodegroupScalingConfig::builder().min_size(1).desired_size(3).max_size(5).build())
        .resources(NodegroupResources::builder().auto_scaling_groups(asg).build())
}

fn sick(name: &str) -> Nodegroup {
    let issue = Issue::builder().code(NodegroupIssueCode::AsgInstanceLaunchFailures).message("no capacity").build();
    group(name, NodegroupStatus::Degraded).health(NodegroupHealth::builder().issues(issue).build()).build()
}

fn well(name: &str) -> Nodegroup {
    group(name, NodegroupStatus::Active).build()
}

fn row(status: ClusterStatus, groups: &Groups) -> Resource {
    let logs = LogSetup::builder().types(LogType::Api).enabled(true).build();
    let cluster = Cluster::builder()
        .name("beta9")
        .status(status)
        .version("1.31")
        .logging(Logging::builder().cluster_logging(logs).build())
        .build();
    row::of(&Scope::new("beta9-prod", "us-east-1"), &cluster, groups).unwrap()
}

fn denied() -> Fault {
    Fault::new(FaultClass::Denied { permission: Some(GROUPS.to_owned()) }, "not allowed: eks:ListNodegroups")
}

#[rstest]
#[case(ClusterStatus::Active, Ok(vec![well("a"), well("b")]), Health::Ok, "")]
#[case(ClusterStatus::Updating, Ok(vec![]), Health::Progressing, "updating")]
#[case(ClusterStatus::Failed, Ok(vec![]), Health::Failed, "could not be set up")]
#[case(ClusterStatus::Active, Ok(vec![well("a"), sick("b")]), Health::Degraded, "node group b: AsgInstanceLaunchFailures: no capacity")]
#[case(
    ClusterStatus::Active,
    Ok(vec![sick("a"), group("b", NodegroupStatus::CreateFailed).build()]),
    Health::Failed, "node group b: create failed; and 1 more"
)]
#[case(ClusterStatus::Active, Ok(vec![group("a", NodegroupStatus::Updating).build()]), Health::Progressing, "node group a: updating")]
#[case(
    ClusterStatus::Active,
    Err(denied()),
    Health::Unknown,
    "its node groups can't be told: not allowed: eks:ListNodegroups"
)]
fn verdicts(#[case] status: ClusterStatus, #[case] groups: Groups, #[case] health: Health, #[case] reason: &str) {
    let row = row(status, &groups);
    assert_eq!((row.health, &*row.reason), (health, reason));
}

#[test]
fn a_row_has_every_column() {
    let row = row(ClusterStatus::Active, &Ok(vec![well("a"), well("b")]));
    assert_eq!(row.cells.len(), COLUMNS.len());
    let shown = |column: &str| DEF.cell(&row, column).unwrap().show_exact().into_owned();
    assert_eq!((shown("nodes"), shown("nodes_max")), ("6".to_owned(), "10".to_owned()));
    assert_eq!((shown("node_groups"), shown("asgs")), ("a 3, b 3".to_owned(), "eks-a, eks-b".to_owned()));
    let labels: Vec<_> = relations(&row).iter().map(|relation| relation.label).collect();
    assert_eq!(labels, ["pods", "nodes", "namespaces", "resources", "auto scaling groups", "alarms", "log group"]);
}

#[test]
fn unknown_groups_are_not_none() {
    let row = row(ClusterStatus::Active, &Err(denied()));
    assert_eq!(DEF.cell(&row, "nodes"), Some(&Value::None));
}

#[test]
fn issues_name_whose_they_are() {
    let issue =
        ClusterIssue::builder().code(ClusterIssueCode::Ec2SubnetNotFound).message("gone").resource_ids("subnet-1");
    let cluster = Cluster::builder().health(ClusterHealth::builder().issues(issue.build()).build()).build();
    let told = issues(&cluster, &[sick("b")]);
    assert_eq!(told[0][0], Value::text("cluster"));
    assert_eq!(told[0][3], Value::list(["subnet-1"]));
    assert_eq!(told[1][0], Value::text("b"));
}
