//! `k8s-node`: nodes of the Kubernetes clusters, with what runs on them. Knows what the API server tells of them, nothing of the
//! machines: those are the Auto Scaling groups' affair.

mod health;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::k8s::node::{Node, NodeInfo, Taint};
use super::k8s::pod::{Amounts, Pod};
use super::k8s::{self, Look, detail, fields as common, meta, quantity, top};
use super::{Asked, BridgePane, Column, KindDef, Relation, Show, Sink, System, no_logs, parts};
use crate::model::{Detail, Fault, Resource, ResourceId, Section, Value};
use crate::providers::Env;
use crate::providers::kube::{Cluster, Object};

const KIND: &str = "k8s-node";

/// Nodes.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "nodes",
    aliases: &["node", "no"],
    doc: "Nodes of the Kubernetes clusters: readiness, pressure, pods, what is requested of them and used",
    system: System::Kubernetes(&[Node::PLURAL, Pod::PLURAL, top::NODES]),
    pane: Some(BridgePane::Clusters),
    columns: COLUMNS,
    reads: &[],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics: |_| Vec::new(),
    logs: no_logs,
    has_logs: false,
    console: |_| None,
};

const COLUMNS: &[Column] = &[
    Column::text(
        "status",
        "STATUS",
        (5, 26),
        Show::Table(0),
        "As kubectl tells it: Ready, NotReady, SchedulingDisabled",
    ),
    Column::text("version", "VERSION", (4, 22), Show::Table(4), "Version of its kubelet"),
    Column::text("roles", "ROLES", (5, 20), Show::Table(7), "Its roles"),
    Column::text("pods", "PODS", (5, 8), Show::Table(1), "Pods on it, of those that it takes"),
    Column::number("cpu_used_percent", "CPU", 4, Show::Table(2), "Cores used, of those that pods may have"),
    Column::number(
        "cpu_requested_percent",
        "CPU REQ",
        7,
        Show::Table(5),
        "Cores requested by its pods, of those they may have",
    ),
    Column::number("memory_used_percent", "MEM", 4, Show::Table(3), "Memory used, of what pods may have"),
    Column::number(
        "memory_requested_percent",
        "MEM REQ",
        7,
        Show::Table(6),
        "Memory requested by its pods, of what they may have",
    ),
    Column::text("instance_type", "INSTANCE", (8, 14), Show::Table(10), "Type of its instance"),
    Column::text("zone", "ZONE", (8, 16), Show::Table(11), "Its availability zone"),
    common::AGE,
    common::CLUSTER,
    Column::text("node_group", "NODE GROUP", (6, 30), Show::Data, "Its managed node group of EKS"),
    Column::text("instance_id", "INSTANCE ID", (19, 19), Show::Data, "The EC2 instance that it is"),
    Column::text("eks_cluster", "EKS CLUSTER", (8, 30), Show::Data, "The EKS cluster that it belongs to"),
    Column::text("pressure", "PRESSURE", (8, 40), Show::Data, "What it is short of"),
    Column::text("taints", "TAINTS", (8, 60), Show::Data, "What keeps pods away that do not tolerate it"),
    Column::text("addresses", "ADDRESSES", (8, 60), Show::Data, "Its addresses"),
    Column::text("os", "OS", (8, 40), Show::Data, "Operating system"),
    Column::text("kernel", "KERNEL", (8, 40), Show::Data, "Kernel"),
    Column::text("runtime", "RUNTIME", (8, 30), Show::Data, "What runs its containers"),
    Column::text("architecture", "ARCHITECTURE", (5, 8), Show::Data, "Architecture"),
    Column::text("cpu_allocatable", "CPU ALLOCATABLE", (3, 6), Show::Data, "Cores that pods may have"),
    Column::text("cpu_requested", "CPU REQUESTED", (3, 6), Show::Data, "Cores requested by its pods"),
    Column::text("cpu_used", "CPU USED", (3, 6), Show::Data, "Cores used"),
    Column::number("memory_allocatable", "MEMORY ALLOCATABLE", 8, Show::Data, "Memory that pods may have"),
    Column::number("memory_requested", "MEMORY REQUESTED", 8, Show::Data, "Memory requested by its pods"),
    Column::number("memory_used", "MEMORY USED", 8, Show::Data, "Memory used"),
    common::LABELS,
];

/// What runs on a node, and what it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Load {
    pods: u64,
    /// Thousandths of cores.
    cpu_requested: u64,
    /// Bytes.
    memory_requested: u64,
}

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(k8s::list(env, within, sink, of_cluster))
}

fn of_cluster<'a>(look: &'a Look<'a>) -> BoxFuture<'a, Result<Vec<Resource>, Fault>> {
    Box::pin(async move {
        let nodes = look.all::<Node>().await?;
        let pods = look.besides::<Pod>().await;
        let loads = loads(&pods);
        let using = top::nodes(look).await;
        let now = Timestamp::now();
        let nodes = nodes
            .iter()
            .filter(|node| look.within.is_none_or(|id| id.kind == "eks-cluster" || look.takes(&node.metadata)));
        let row = |node: &Arc<Node>| {
            let name = node.metadata.name.as_deref().unwrap_or_default();
            row(look, node, loads.get(name).copied().unwrap_or_default(), using.of(name), now)
        };
        Ok(nodes.map(row).collect())
    })
}

/// What runs on each node: pods that have ended take nothing any more.
fn loads(pods: &[Arc<Pod>]) -> HashMap<&str, Load> {
    let mut loads: HashMap<&str, Load> = HashMap::new();
    for pod in pods.iter().filter(|pod| !pod.has_ended()) {
        let Some(node) = pod.spec.node_name.as_deref() else { continue };
        let load = loads.entry(node).or_default();
        let (requests, _) = pod.amounts();
        load.pods += 1;
        load.cpu_requested += requests.millicores.unwrap_or(0);
        load.memory_requested += requests.bytes.unwrap_or(0);
    }
    loads
}

fn row(look: &Look, node: &Node, load: Load, used: Option<Amounts>, now: Timestamp) -> Resource {
    let NodeInfo { kubelet_version, os_image, kernel_version, container_runtime_version, architecture } =
        &node.status.node_info;
    let allocatable = &node.status.allocatable;
    let cpu = allocatable.cpu.as_deref().and_then(quantity::millicores);
    let memory = allocatable.memory.as_deref().and_then(quantity::bytes);
    let label = |key: &str| look.cell(meta::label(&node.metadata, key));
    let pods =
        allocatable.pods.as_deref().map_or_else(|| load.pods.to_string(), |most| format!("{}/{most}", load.pods));
    let (cpu_used, memory_used) = used.map_or((None, None), |used| (used.millicores, used.bytes));
    let cells = vec![
        look.cell(Some(&health::status(node))),
        look.cell(kubelet_version.as_deref()),
        Value::list(roles(node)),
        Value::text(pods),
        quantity::percent(cpu_used, cpu),
        quantity::percent(Some(load.cpu_requested), cpu),
        quantity::percent(memory_used, memory),
        quantity::percent(Some(load.memory_requested), memory),
        label("node.kubernetes.io/instance-type"),
        label("topology.kubernetes.io/zone"),
        meta::age(&node.metadata),
        look.cell(Some(&look.cluster.name)),
        label("eks.amazonaws.com/nodegroup"),
        Value::maybe(instance(node)),
        Value::maybe(eks_cluster(node, &look.cluster.name)),
        Value::list(health::pressure(node).map(|condition| &condition.about)),
        Value::list(node.spec.taints.iter().map(taint)),
        Value::list(node.status.addresses.iter().map(|address| &address.address)),
        look.cell(os_image.as_deref()),
        look.cell(kernel_version.as_deref()),
        look.cell(container_runtime_version.as_deref()),
        look.cell(architecture.as_deref()),
        quantity::cores_cell(cpu),
        quantity::cores_cell(Some(load.cpu_requested)),
        quantity::cores_cell(cpu_used),
        quantity::bytes_cell(memory),
        quantity::bytes_cell(Some(load.memory_requested)),
        quantity::bytes_cell(memory_used),
        meta::pairs(node.metadata.labels.as_ref()),
    ];
    look.row(KIND, &node.metadata, health::verdict(node, now), cells)
}

/// Whether a row's node takes no new pods.
pub fn is_cordoned(node: &Resource) -> bool {
    health::is_cordoned(parts::text_of(&DEF, node, "status"))
}

/// Its roles, as its labels say.
fn roles(node: &Node) -> Vec<&str> {
    let labels = node.metadata.labels.iter().flatten();
    labels
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None => (key == "kubernetes.io/role").then_some(value.as_str()),
        })
        .filter(|role| !role.is_empty())
        .collect()
}

fn taint(taint: &Taint) -> String {
    match taint.value.as_deref().filter(|value| !value.is_empty()) {
        Some(value) => format!("{}={value}:{}", taint.key, taint.effect),
        None => format!("{}:{}", taint.key, taint.effect),
    }
}

/// The EC2 instance in `aws:///eu-central-1a/i-0123456789abcdef0`.
fn instance(node: &Node) -> Option<&str> {
    let id = node.spec.provider_id.as_deref()?.strip_prefix("aws://")?.rsplit('/').next()?;
    id.starts_with("i-").then_some(id)
}

/// The EKS cluster of a node that is an instance of EC2: by its label, by a context that is called like the cluster's ARN, else by the
/// cluster's own name.
fn eks_cluster<'a>(node: &'a Node, cluster: &'a str) -> Option<&'a str> {
    instance(node)?;
    let by_arn =
        || cluster.starts_with("arn:").then(|| cluster.rsplit_once(":cluster/").map(|(_, name)| name)).flatten();
    meta::label(&node.metadata, "alpha.eksctl.io/cluster-name").or_else(by_arn).or(Some(cluster))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let node = cluster.get::<Node>(None, &id.id).await?;
        let look = Look::at(&cluster);
        let pods = look.besides::<Pod>().await;
        let load = loads(&pods).get(&*id.id).copied().unwrap_or_default();
        let summary =
            parts::summary(&DEF, &row(&look, &node, load, top::nodes(&look).await.of(&id.id), Timestamp::now()));
        let sections = vec![summary, on_it(&cluster, &pods, &id.id), meta::conditions(&node.status.conditions)];
        Ok(detail::whole(&cluster, "Node", &node.metadata, sections).await)
    })
}

/// The pods on a node.
fn on_it(cluster: &Cluster, pods: &[Arc<Pod>], node: &str) -> Section {
    let row = |pod: &Arc<Pod>| {
        let namespace = pod.metadata.namespace.as_deref();
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let cells = vec![
            Value::maybe(namespace),
            Value::text(name),
            Value::text(k8s::printed::of(pod).status),
            meta::age(&pod.metadata),
        ];
        (cells, meta::object_id(&cluster.scope, "Pod", namespace, name))
    };
    let on_it = pods.iter().filter(|pod| pod.spec.node_name.as_deref() == Some(node));
    Section::Table { title: "Pods", columns: vec!["namespace", "pod", "status", "age"], rows: on_it.map(row).collect() }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(k8s::raw::<Node>(env, id))
}

fn relations(node: &Resource) -> Vec<Relation> {
    let aws = node.id.scope.region_scope();
    let mut relations =
        vec![parts::to_those_within("pods", "pod", &node.id), parts::to_those_within("events", "k8s-event", &node.id)];
    let instance = parts::text_of(&DEF, node, "instance_id");
    if !instance.is_empty() {
        relations.push(parts::to_those("auto scaling group", &aws, "asg", parts::lists("instance_ids", [instance])));
    }
    let cluster = parts::text_of(&DEF, node, "eks_cluster");
    if !cluster.is_empty() {
        relations.push(parts::to_those("eks cluster", &aws, "eks-cluster", parts::exactly("name", [cluster])));
    }
    relations
}

#[cfg(test)]
mod tests;
