//! Horizontal pod autoscalers as the API sends them (`autoscaling/v2`), with as much of them as is needed.

use jiff::Timestamp;
use kube::core::ObjectMeta;
use serde::Deserialize;

use super::meta::{Condition, or_default};

/// A horizontal pod autoscaler.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Hpa {
    /// Name, namespace.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(deserialize_with = "or_default")]
    pub spec: HpaSpec,
    /// What there is.
    #[serde(deserialize_with = "or_default")]
    pub status: HpaStatus,
}

crate::object!(Hpa: "autoscaling" "v2" "HorizontalPodAutoscaler" "horizontalpodautoscalers", true);

/// What is wanted of an autoscaler.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaSpec {
    /// What it scales.
    #[serde(deserialize_with = "or_default")]
    pub scale_target_ref: Scaled,
    /// Least replicas; 1 where it is not said.
    pub min_replicas: Option<i64>,
    /// Most replicas.
    #[serde(deserialize_with = "or_default")]
    pub max_replicas: i64,
    /// What it goes by.
    #[serde(deserialize_with = "or_default")]
    pub metrics: Vec<Metric>,
}

/// What is scaled.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Scaled {
    /// Such as `Deployment`.
    #[serde(deserialize_with = "or_default")]
    pub kind: String,
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
}

/// How an autoscaler is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaStatus {
    /// Replicas there are.
    #[serde(deserialize_with = "or_default")]
    pub current_replicas: i64,
    /// Replicas it wants.
    #[serde(deserialize_with = "or_default")]
    pub desired_replicas: i64,
    /// When it scaled last.
    pub last_scale_time: Option<Timestamp>,
    /// The metrics as last read, in the order of the wanted ones.
    #[serde(deserialize_with = "or_default")]
    pub current_metrics: Vec<Metric>,
    /// `AbleToScale`, `ScalingActive`, `ScalingLimited`.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

/// A metric: of each sort only its own member is there. In the specification it has a target, in the status a present value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metric {
    /// `Resource`, `ContainerResource`, `Pods`, `Object`, `External`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub sort: String,
    /// CPU or memory of the pods.
    #[serde(deserialize_with = "or_default")]
    pub resource: Measured,
    /// CPU or memory of one container of the pods.
    #[serde(deserialize_with = "or_default")]
    pub container_resource: Measured,
    /// A metric of the pods.
    #[serde(deserialize_with = "or_default")]
    pub pods: Measured,
    /// A metric of another object.
    #[serde(deserialize_with = "or_default")]
    pub object: Measured,
    /// A metric from outside.
    #[serde(deserialize_with = "or_default")]
    pub external: Measured,
}

impl Metric {
    /// The member of its sort.
    pub fn measured(&self) -> &Measured {
        match self.sort.as_str() {
            "ContainerResource" => &self.container_resource,
            "Pods" => &self.pods,
            "Object" => &self.object,
            "External" => &self.external,
            _ => &self.resource,
        }
    }
}

/// What is measured, and what it is or should be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Measured {
    /// `cpu`, `memory`, for those of pods and containers.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The name of any other metric.
    #[serde(deserialize_with = "or_default")]
    pub metric: Named,
    /// What it should be.
    #[serde(deserialize_with = "or_default")]
    pub target: Amount,
    /// What it is.
    #[serde(deserialize_with = "or_default")]
    pub current: Amount,
}

/// A name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    /// The name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
}

/// How much of a metric: of its forms one is there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Amount {
    /// Percent of what the pods request, on average.
    pub average_utilization: Option<i64>,
    /// A quantity, on average over the pods.
    pub average_value: Option<String>,
    /// A quantity.
    pub value: Option<String>,
}
