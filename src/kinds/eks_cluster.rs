//! `eks-cluster`: clusters of EKS with their managed node groups. Knows what EKS tells, nothing of what runs in the cluster.
//!
//! A list calls `ListClusters`, and for each cluster `DescribeCluster`, `ListNodegroups` and `DescribeNodegroup` for each group.
//! Where node groups may not be read, the cluster is shown without them, and says so.

mod row;

use std::time::Duration;

use aws_sdk_eks::types::{Cluster, ClusterIssue, Issue, Nodegroup, NodegroupScalingConfig};
use futures_util::future::{join, try_join};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::parts::{self, required};
use super::{Asked, BridgePane, Column, KindDef, Op, Relation, Show, Sink, System, columns};
use crate::model::{Detail, Fault, FaultClass, LogSource, Resource, ResourceId, Section, Value};
use crate::providers::Env;
use crate::providers::aws::raw::{self, Capture};
use crate::providers::aws::{fault, gathered};

const KIND: &str = "eks-cluster";
const LIST: Op = "eks:ListClusters";
const DESCRIBE: Op = "eks:DescribeCluster";
const GROUPS: Op = "eks:ListNodegroups";
const GROUP: Op = "eks:DescribeNodegroup";

/// Clusters read at once.
const CLUSTERS: usize = 4;
/// Node groups of a cluster read at once.
const NODE_GROUPS: usize = 4;

/// EKS clusters.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "eks-clusters",
    aliases: &["eks", "nodegroups", "ng"],
    doc: "EKS clusters with their node groups: version, nodes wanted, health issues",
    system: System::Aws,
    pane: Some(BridgePane::Clusters),
    columns: COLUMNS,
    reads: &[LIST, DESCRIBE, GROUPS, GROUP],
    cadence: Duration::from_mins(1),
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs,
    has_logs: true,
    console: |cluster| {
        Some(format!("eks/clusters/{}?region={}", parts::encoded(&cluster.id.id), cluster.id.scope.region))
    },
};

const COLUMNS: &[Column] = &[
    Column::text("status", "STATUS", (6, 9), Show::Table(2), "Status as EKS tells it"),
    Column::text("version", "VERSION", (4, 7), Show::Table(1), "Kubernetes version"),
    Column::number("nodes", "NODES", 6, Show::Table(0), "Nodes that its node groups want"),
    Column::text(
        "node_groups",
        "NODE GROUPS",
        (8, 44),
        Show::Table(3),
        "Managed node groups with the nodes each wants",
    ),
    Column::number("nodes_min", "NODES MIN", 5, Show::Data, "Least nodes of all groups"),
    Column::number("nodes_max", "NODES MAX", 5, Show::Data, "Most nodes of all groups"),
    Column::text("asgs", "AUTO SCALING GROUPS", (8, 60), Show::Data, "Auto Scaling groups behind its node groups"),
    Column::text("platform", "PLATFORM", (5, 8), Show::Data, "EKS platform version"),
    Column::text("endpoint", "ENDPOINT", (20, 80), Show::Data, "Address of its API server"),
    Column::text("endpoint_access", "ENDPOINT ACCESS", (6, 16), Show::Data, "From where the API server can be reached"),
    Column::text("log_types", "LOGS", (3, 60), Show::Data, "Control plane logs it sends to CloudWatch"),
    columns::VPC,
    Column::text("subnets", "SUBNETS", (15, 80), Show::Data, "Subnets of its control plane"),
    Column::text("role", "ROLE", (8, 40), Show::Data, "Its role"),
    columns::DELETION_PROTECTION,
    columns::CREATED,
];

/// What lies in a cluster, by the words for it and their kinds. It opens on the first.
const INSIDE: [(&str, &str); 4] =
    [("pods", "pod"), ("nodes", "k8s-node"), ("namespaces", "namespace"), ("resources", "k8s-resource")];

/// What a cluster's node groups are, or why that may not be known.
type Groups = Result<Vec<Nodegroup>, Fault>;

fn list<'a>(env: &'a Env, _: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        let names = gathered(LIST, |token| async move {
            let call = env.aws.eks().list_clusters().max_results(100).set_next_token(token);
            let page = call.send().await.map_err(|error| fault(LIST, &error))?;
            Ok((page.clusters.unwrap_or_default(), page.next_token))
        })
        .await?;
        let mut clusters = stream::iter(names).map(|name| async move { whole(env, &name).await }).buffered(CLUSTERS);
        while let Some((cluster, groups)) = clusters.try_next().await? {
            sink.page(vec![row::of(&env.scope, &cluster, &groups)?]);
        }
        Ok(())
    })
}

/// A cluster with its node groups. Only a missing permission is the groups' own affair.
async fn whole(env: &Env, name: &str) -> Result<(Cluster, Groups), Fault> {
    let groups = async {
        match node_groups(env, name).await {
            Err(fault) if !matches!(fault.class, FaultClass::Denied { .. }) => Err(fault),
            told => Ok(told),
        }
    };
    try_join(cluster(env, name), groups).await
}

async fn cluster(env: &Env, name: &str) -> Result<Cluster, Fault> {
    let answer = env.aws.eks().describe_cluster().name(name).send().await.map_err(|error| fault(DESCRIBE, &error))?;
    required(answer.cluster.as_ref(), DESCRIBE, "cluster").cloned()
}

async fn node_group_names(env: &Env, cluster: &str) -> Result<Vec<String>, Fault> {
    gathered(GROUPS, |token| {
        let call = env.aws.eks().list_nodegroups().cluster_name(cluster).max_results(100).set_next_token(token);
        async move {
            let page = call.send().await.map_err(|error| fault(GROUPS, &error))?;
            Ok((page.nodegroups.unwrap_or_default(), page.next_token))
        }
    })
    .await
}

async fn node_groups(env: &Env, cluster: &str) -> Groups {
    let names = node_group_names(env, cluster).await?;
    let group = |name: String| async move {
        let call = env.aws.eks().describe_nodegroup().cluster_name(cluster).nodegroup_name(name);
        let answer = call.send().await.map_err(|error| fault(GROUP, &error))?;
        required(answer.nodegroup.as_ref(), GROUP, "nodegroup").cloned()
    };
    stream::iter(names).map(group).buffered(NODE_GROUPS).try_collect().await
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let (cluster, groups) = whole(env, &id.id).await?;
        let mut sections = vec![parts::summary(&DEF, &row::of(&env.scope, &cluster, &groups)?)];
        let issues = issues(&cluster, groups.as_deref().unwrap_or_default());
        sections.push(Section::Table {
            title: "Health issues",
            columns: vec!["of", "issue", "message", "resources"],
            rows: issues.into_iter().map(|cells| (cells, None)).collect(),
        });
        sections.push(parts::or_why("Node groups", groups.map(|groups| group_table(env, &groups))));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

fn issues(cluster: &Cluster, groups: &[Nodegroup]) -> Vec<Vec<Value>> {
    let of_cluster = |issue: &ClusterIssue| {
        let code = issue.code().map(|code| code.as_str().to_owned());
        vec![
            Value::text("cluster"),
            Value::maybe(code),
            Value::maybe(issue.message()),
            Value::list(issue.resource_ids()),
        ]
    };
    let mut all: Vec<Vec<Value>> = cluster.health().iter().flat_map(|health| health.issues()).map(of_cluster).collect();
    for group in groups {
        let of_group = |issue: &Issue| {
            let code = issue.code().map(|code| code.as_str().to_owned());
            let name = Value::maybe(group.nodegroup_name());
            vec![name, Value::maybe(code), Value::maybe(issue.message()), Value::list(issue.resource_ids())]
        };
        all.extend(group.health().iter().flat_map(|health| health.issues()).map(of_group));
    }
    all
}

/// The node groups; each leads to the Auto Scaling group behind it.
fn group_table(env: &Env, groups: &[Nodegroup]) -> Section {
    let row = |group: &Nodegroup| {
        let size = group.scaling_config();
        let cells = vec![
            Value::maybe(group.nodegroup_name()),
            Value::maybe(group.status().map(|status| status.as_str().to_owned())),
            parts::int(size.and_then(NodegroupScalingConfig::desired_size)),
            parts::int(size.and_then(NodegroupScalingConfig::min_size)),
            parts::int(size.and_then(NodegroupScalingConfig::max_size)),
            Value::list(group.instance_types()),
            Value::maybe(group.capacity_type().map(|capacity| capacity.as_str().to_owned())),
            Value::maybe(group.version()),
            Value::maybe(group.ami_type().map(|ami| ami.as_str().to_owned())),
            Value::maybe(group.release_version()),
        ];
        (cells, row::asgs(group).next().map(|name| parts::id(&env.scope, "asg", name)))
    };
    Section::Table {
        title: "Node groups",
        columns: vec!["group", "status", "nodes", "min", "max", "instances", "capacity", "version", "ami", "release"],
        rows: groups.iter().map(row).collect(),
    }
}

/// The cluster as sent, and its node groups beside it.
fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = env.aws.eks().describe_cluster().name(&*id.id).customize().interceptor(capture.clone());
        let (answer, names) = join(call.send(), node_group_names(env, &id.id)).await;
        answer.map_err(|error| fault(DESCRIBE, &error))?;
        let mut whole = capture.json(DESCRIBE)?;
        let mut groups = Vec::new();
        for name in names.unwrap_or_default() {
            let capture = Capture::default();
            let call = env.aws.eks().describe_nodegroup().cluster_name(&*id.id).nodegroup_name(name);
            let call = call.customize().interceptor(capture.clone());
            call.send().await.map_err(|error| fault(GROUP, &error))?;
            groups.push(capture.json(GROUP)?["nodegroup"].take());
        }
        whole["nodegroups"] = groups.into();
        raw::pretty(&whole)
    })
}

fn relations(cluster: &Resource) -> Vec<Relation> {
    let scope = &cluster.id.scope;
    let mut relations: Vec<Relation> =
        INSIDE.iter().map(|(label, kind)| parts::to_those_within(label, kind, &cluster.id)).collect();
    let asgs = parts::items_of(&DEF, cluster, "asgs");
    if !asgs.is_empty() {
        relations.push(parts::to_those("auto scaling groups", scope, "asg", parts::exactly("name", asgs)));
    }
    relations.push(parts::to_alarms(scope, &[("ClusterName", &cluster.id.id)]));
    if !parts::items_of(&DEF, cluster, "log_types").is_empty() {
        relations.push(parts::to_one("log group", parts::id(scope, "log-group", control_plane(&cluster.id.id))));
    }
    relations
}

/// Where EKS writes the logs of a control plane.
fn control_plane(cluster: &str) -> String {
    format!("/aws/eks/{cluster}/cluster")
}

fn logs<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Vec<LogSource>> {
    Box::pin(async move {
        if row::log_types(&cluster(env, &id.id).await?).is_empty() {
            return Ok(Vec::new());
        }
        let label = crate::model::text::clean(&id.id);
        Ok(vec![LogSource::group(env.scope.clone(), control_plane(&id.id), None, label)])
    })
}

#[cfg(test)]
mod tests;
