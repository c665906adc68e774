//! Services and the endpoints behind them as the API sends them, with as much of them as is needed.

use std::collections::BTreeMap;

use kube::core::ObjectMeta;
use serde::Deserialize;
use serde_json::Value as Json;

use super::meta::or_default;

/// A service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Service {
    /// Name, namespace.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(deserialize_with = "or_default")]
    pub spec: ServiceSpec,
    /// What there is.
    #[serde(deserialize_with = "or_default")]
    pub status: ServiceStatus,
}

crate::object!(Service: "" "v1" "Service" "services", true);

/// What is wanted of a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub sort: String,
    /// Its address in the cluster; `None` where it is headless.
    #[serde(rename = "clusterIP")]
    pub cluster_ip: Option<String>,
    /// Addresses that are routed to it from outside.
    #[serde(rename = "externalIPs", deserialize_with = "or_default")]
    pub external_ips: Vec<String>,
    /// The name that it stands for.
    pub external_name: Option<String>,
    /// The labels of its pods.
    #[serde(deserialize_with = "or_default")]
    pub selector: BTreeMap<String, String>,
    /// Its ports.
    #[serde(deserialize_with = "or_default")]
    pub ports: Vec<ServicePort>,
    /// What sees to its load balancer, where it is not the cluster's own.
    pub load_balancer_class: Option<String>,
    /// Endpoints count before they are ready.
    #[serde(deserialize_with = "or_default")]
    pub publish_not_ready_addresses: bool,
}

/// A port of a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// Its name.
    pub name: Option<String>,
    /// Its number.
    #[serde(deserialize_with = "or_default")]
    pub port: i64,
    /// The port of its pods, by number or name.
    pub target_port: Option<Json>,
    /// The port of every node.
    pub node_port: Option<i64>,
    /// `TCP`, `UDP`, `SCTP`.
    pub protocol: Option<String>,
}

/// How a service is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceStatus {
    /// Its load balancer.
    #[serde(deserialize_with = "or_default")]
    pub load_balancer: Balancer,
}

/// What a load balancer has of addresses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Balancer {
    /// Each of them.
    #[serde(deserialize_with = "or_default")]
    pub ingress: Vec<BalancerPoint>,
}

/// Where a load balancer can be reached.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BalancerPoint {
    /// By name.
    pub hostname: Option<String>,
    /// By address.
    pub ip: Option<String>,
}

impl Balancer {
    /// Its names, else its addresses.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.ingress.iter().filter_map(|point| point.hostname.as_deref().or(point.ip.as_deref()))
    }
}

/// A part of the endpoints of a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EndpointSlice {
    /// The label `kubernetes.io/service-name` names the service.
    pub metadata: ObjectMeta,
    /// Its endpoints.
    #[serde(deserialize_with = "or_default")]
    pub endpoints: Vec<Endpoint>,
}

crate::object!(EndpointSlice: "discovery.k8s.io" "v1" "EndpointSlice" "endpointslices", true);

/// The label of a slice that names its service.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// What serves behind a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint {
    /// Its addresses.
    #[serde(deserialize_with = "or_default")]
    pub addresses: Vec<String>,
    /// Whether it serves.
    #[serde(deserialize_with = "or_default")]
    pub conditions: EndpointConditions,
    /// The object that it is.
    #[serde(deserialize_with = "or_default")]
    pub target_ref: Reference,
    /// The node it is on.
    pub node_name: Option<String>,
}

/// Whether an endpoint serves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EndpointConditions {
    /// It takes requests; what is not told counts as yes.
    pub ready: Option<bool>,
    /// It is on its way out.
    pub terminating: Option<bool>,
}

/// Names another object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reference {
    /// Such as `Pod`.
    pub kind: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

impl Endpoint {
    /// Whether requests are sent to it.
    pub fn serves(&self) -> bool {
        self.conditions.ready != Some(false)
    }
}
