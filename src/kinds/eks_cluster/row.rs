//! EKS clusters of the SDK, with their node groups, as rows.

use aws_sdk_eks::types::{
    Cluster, ClusterHealth, ClusterStatus, LogSetup, LogType, Logging, Nodegroup, NodegroupResources,
    NodegroupScalingConfig, NodegroupStatus, VpcConfigResponse,
};

use super::{DESCRIBE, Groups, KIND};
use crate::kinds::ecs::name_of;
use crate::kinds::parts::{self, Verdict, fine, required, status_words, yes};
use crate::model::{Fault, Health, Resource, Scope, Value};

/// A cluster as a row.
pub fn of(scope: &Scope, cluster: &Cluster, groups: &Groups) -> Result<Resource, Fault> {
    let name = required(cluster.name(), DESCRIBE, "name")?;
    let vpc = cluster.resources_vpc_config();
    let known = groups.as_deref().ok();
    let all = known.unwrap_or_default();
    let sum = |size: fn(&NodegroupScalingConfig) -> Option<i32>| {
        known.map(|groups| groups.iter().filter_map(|g| size(g.scaling_config()?)).map(i64::from).sum::<i64>())
    };
    let cells = vec![
        Value::maybe(cluster.status().map(ClusterStatus::as_str)),
        Value::maybe(cluster.version()),
        parts::int(sum(NodegroupScalingConfig::desired_size)),
        Value::list(all.iter().map(told)),
        parts::int(sum(NodegroupScalingConfig::min_size)),
        parts::int(sum(NodegroupScalingConfig::max_size)),
        Value::list(all.iter().flat_map(asgs)),
        Value::maybe(cluster.platform_version()),
        Value::maybe(cluster.endpoint()),
        Value::maybe(vpc.map(access)),
        Value::list(log_types(cluster).iter().map(|sort| sort.as_str())),
        Value::maybe(vpc.and_then(|vpc| vpc.vpc_id())),
        Value::list(vpc.map(VpcConfigResponse::subnet_ids).unwrap_or_default()),
        Value::maybe(cluster.role_arn().map(name_of)),
        yes(cluster.deletion_protection()),
        parts::time(cluster.created_at()),
    ];
    Ok(parts::row(parts::id(scope, KIND, name), name, cluster.arn(), verdict(cluster, groups), cells))
}

/// A node group with the nodes it wants: `workers 3`.
fn told(group: &Nodegroup) -> String {
    let name = group.nodegroup_name().unwrap_or_default();
    match group.scaling_config().and_then(NodegroupScalingConfig::desired_size) {
        Some(nodes) => format!("{name} {nodes}"),
        None => name.to_owned(),
    }
}

/// The names of the Auto Scaling groups behind a node group.
pub fn asgs(group: &Nodegroup) -> impl Iterator<Item = &str> {
    group.resources().into_iter().flat_map(NodegroupResources::auto_scaling_groups).filter_map(|asg| asg.name())
}

fn access(vpc: &VpcConfigResponse) -> &'static str {
    match (vpc.endpoint_public_access(), vpc.endpoint_private_access()) {
        (true, true) => "public, private",
        (true, false) => "public",
        (false, true) => "private",
        (false, false) => "none",
    }
}

/// The control plane logs that are switched on.
pub fn log_types(cluster: &Cluster) -> Vec<&LogType> {
    let setups = cluster.logging().into_iter().flat_map(Logging::cluster_logging);
    setups.filter(|setup| setup.enabled() == Some(true)).flat_map(LogSetup::types).collect()
}

fn verdict(cluster: &Cluster, groups: &Groups) -> Verdict {
    match cluster.status() {
        Some(ClusterStatus::Active) => {}
        Some(ClusterStatus::Failed) => return (Health::Failed, "could not be set up".to_owned()),
        Some(status) => return (Health::Progressing, status_words(status.as_str())),
        None => return (Health::Unknown, "no status is told".to_owned()),
    }
    let issues = cluster.health().map(ClusterHealth::issues).unwrap_or_default();
    if let Some(issue) = issues.first() {
        let code = issue.code().map_or("issue", |code| code.as_str());
        return (Health::Degraded, with_message(code, issue.message()));
    }
    match groups {
        Ok(groups) => of_groups(groups),
        Err(fault) => (Health::Unknown, format!("its node groups can't be told: {}", fault.summary)),
    }
}

/// The sickest group speaks for all.
fn of_groups(groups: &[Nodegroup]) -> Verdict {
    let verdicts = groups.iter().map(|group| (group.nodegroup_name().unwrap_or_default(), of_group(group)));
    let mut sick: Vec<(&str, Verdict)> = verdicts.filter(|(_, (health, _))| *health != Health::Ok).collect();
    sick.sort_by_key(|(_, (health, _))| std::cmp::Reverse(*health));
    match sick.as_slice() {
        [] => fine(),
        [(name, (health, reason))] => (*health, format!("node group {name}: {reason}")),
        [(name, (health, reason)), others @ ..] => {
            (*health, format!("node group {name}: {reason}; and {} more", others.len()))
        }
    }
}

fn of_group(group: &Nodegroup) -> Verdict {
    let issue = group.health().and_then(|health| health.issues().first());
    let issue = issue.map(|issue| with_message(issue.code().map_or("issue", |code| code.as_str()), issue.message()));
    let words = |status: &NodegroupStatus| status_words(status.as_str());
    match (group.status(), issue) {
        (Some(status @ (NodegroupStatus::CreateFailed | NodegroupStatus::DeleteFailed)), issue) => {
            (Health::Failed, issue.map_or_else(|| words(status), |issue| format!("{}: {issue}", words(status))))
        }
        (_, Some(issue)) => (Health::Degraded, issue),
        (Some(NodegroupStatus::Degraded), None) => (Health::Degraded, "degraded".to_owned()),
        (None | Some(NodegroupStatus::Active), None) => fine(),
        (Some(status), None) => (Health::Progressing, words(status)),
    }
}

fn with_message(code: &str, message: Option<&str>) -> String {
    message.map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"))
}
