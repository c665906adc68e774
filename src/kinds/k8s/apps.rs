//! Deployments, replica sets, stateful sets and daemon sets as the API sends them, with as much of them as is needed.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::core::ObjectMeta;
use serde::Deserialize;

use super::meta::{Condition, or_default};
use super::pod::Container;
use crate::model::{Value, text};

/// A deployment.
#[derive(Clone, Debug, Deserialize)]
pub struct Deployment {
    /// Name, namespace, labels.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: DeploymentSpec,
    /// What there is.
    #[serde(default, deserialize_with = "or_default")]
    pub status: ReplicaStatus,
}

crate::object!(Deployment: "apps" "v1" "Deployment" "deployments", true);

/// A replica set.
#[derive(Clone, Debug, Deserialize)]
pub struct ReplicaSet {
    /// Name, namespace, owner.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: DeploymentSpec,
    /// What there is.
    #[serde(default, deserialize_with = "or_default")]
    pub status: ReplicaStatus,
}

crate::object!(ReplicaSet: "apps" "v1" "ReplicaSet" "replicasets", true);

/// A stateful set.
#[derive(Clone, Debug, Deserialize)]
pub struct StatefulSet {
    /// Name, namespace, labels.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: DeploymentSpec,
    /// What there is.
    #[serde(default, deserialize_with = "or_default")]
    pub status: ReplicaStatus,
}

crate::object!(StatefulSet: "apps" "v1" "StatefulSet" "statefulsets", true);

/// A daemon set.
#[derive(Clone, Debug, Deserialize)]
pub struct DaemonSet {
    /// Name, namespace, labels.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: DeploymentSpec,
    /// What there is.
    #[serde(default, deserialize_with = "or_default")]
    pub status: DaemonStatus,
}

crate::object!(DaemonSet: "apps" "v1" "DaemonSet" "daemonsets", true);

/// An earlier or present form of a stateful set or daemon set.
#[derive(Clone, Debug, Deserialize)]
pub struct ControllerRevision {
    /// Name, namespace, owner.
    pub metadata: ObjectMeta,
    /// Its number.
    #[serde(default, deserialize_with = "or_default")]
    pub revision: i64,
    /// What the owner was then.
    #[serde(default, deserialize_with = "or_default")]
    pub data: RevisionData,
}

crate::object!(ControllerRevision: "apps" "v1" "ControllerRevision" "controllerrevisions", true);

/// What a stateful set or daemon set was in a revision.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RevisionData {
    /// Its template.
    #[serde(deserialize_with = "or_default")]
    pub spec: DeploymentSpec,
}

/// What is wanted of a workload that keeps pods running. Those that lack a field have none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentSpec {
    /// Pods wanted; one where nothing is told.
    pub replicas: Option<i64>,
    /// Which pods are its own.
    #[serde(deserialize_with = "or_default")]
    pub selector: Selector,
    /// What its pods are made from.
    #[serde(deserialize_with = "or_default")]
    pub template: Template,
    /// How a deployment changes its pods.
    #[serde(deserialize_with = "or_default")]
    pub strategy: Strategy,
    /// How the others do.
    #[serde(deserialize_with = "or_default")]
    pub update_strategy: Strategy,
    /// Whether rollouts are stopped by hand.
    pub paused: Option<bool>,
    /// The service that names a stateful set's pods.
    pub service_name: Option<String>,
}

/// What pods are made from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Template {
    /// Its annotations tell when it was restarted by hand.
    pub metadata: Option<ObjectMeta>,
    /// The containers.
    #[serde(deserialize_with = "or_default")]
    pub spec: TemplateSpec,
}

/// The containers of a template.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateSpec {
    /// The containers.
    #[serde(deserialize_with = "or_default")]
    pub containers: Vec<Container>,
    /// Which nodes may take its pods.
    #[serde(deserialize_with = "or_default")]
    pub node_selector: BTreeMap<String, String>,
}

impl Template {
    /// The images of its containers.
    pub fn images(&self) -> impl Iterator<Item = &str> {
        self.spec.containers.iter().filter_map(|container| container.image.as_deref())
    }

    /// When it was restarted by hand.
    pub fn restarted(&self) -> Option<jiff::Timestamp> {
        let meta = self.metadata.as_ref()?;
        super::meta::annotation(meta, "kubectl.kubernetes.io/restartedAt")?.parse().ok()
    }
}

/// How a workload changes its pods.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Strategy {
    /// `RollingUpdate`, `Recreate`, `OnDelete`.
    #[serde(rename = "type")]
    pub sort: Option<String>,
    /// By how much at a time.
    #[serde(deserialize_with = "or_default")]
    pub rolling_update: Rolling,
}

/// How much a rollout changes at a time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rolling {
    /// More pods than wanted.
    pub max_surge: Option<IntOrString>,
    /// Fewer pods than wanted.
    pub max_unavailable: Option<IntOrString>,
    /// Pods of a stateful set below this number keep their revision.
    pub partition: Option<i64>,
}

impl Strategy {
    /// In words: `RollingUpdate, 25% more, 25% fewer`.
    pub fn words(&self) -> Option<String> {
        let sort = self.sort.as_deref()?;
        let amount = |amount: &IntOrString| match amount {
            IntOrString::Int(n) => n.to_string(),
            IntOrString::String(text) => text.clone(),
        };
        let Rolling { max_surge, max_unavailable, partition } = &self.rolling_update;
        let more = max_surge.as_ref().map(|surge| format!("{} more", amount(surge)));
        let fewer = max_unavailable.as_ref().map(|fewer| format!("{} fewer", amount(fewer)));
        let kept = partition.filter(|kept| *kept > 0).map(|kept| format!("the first {kept} keep theirs"));
        let parts = [Some(sort.to_owned()), more, fewer, kept];
        Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// Which objects are meant, by their labels.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    /// Labels they have.
    #[serde(deserialize_with = "or_default")]
    pub match_labels: BTreeMap<String, String>,
    /// Further demands.
    #[serde(deserialize_with = "or_default")]
    pub match_expressions: Vec<Demand>,
}

/// A demand on a label.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Demand {
    /// The label.
    #[serde(deserialize_with = "or_default")]
    pub key: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    #[serde(deserialize_with = "or_default")]
    pub operator: String,
    /// Values it is compared with.
    #[serde(deserialize_with = "or_default")]
    pub values: Vec<String>,
}

impl Selector {
    /// As kubectl writes it: `app=web,tier in (a,b),!old`.
    pub fn words(&self) -> String {
        let labels = self.match_labels.iter().map(|(key, value)| format!("{key}={value}"));
        let demands = self.match_expressions.iter().map(|Demand { key, operator, values }| match operator.as_str() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.clone(),
        });
        labels.chain(demands).collect::<Vec<_>>().join(",")
    }
}

/// How a workload is that keeps a number of pods.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaStatus {
    /// The change that was taken up last.
    pub observed_generation: Option<i64>,
    /// Pods.
    #[serde(deserialize_with = "or_default")]
    pub replicas: i64,
    /// Pods that are ready.
    #[serde(deserialize_with = "or_default")]
    pub ready_replicas: i64,
    /// Pods of the newest revision.
    #[serde(deserialize_with = "or_default")]
    pub updated_replicas: i64,
    /// Pods that have been ready for long enough.
    pub available_replicas: Option<i64>,
    /// The revision of a stateful set that most pods have,
    pub current_revision: Option<String>,
    /// and the one they shall have.
    pub update_revision: Option<String>,
    /// How it comes along.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

/// How a daemon set is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonStatus {
    /// The change that was taken up last.
    pub observed_generation: Option<i64>,
    /// Nodes that shall have a pod,
    #[serde(deserialize_with = "or_default")]
    pub desired_number_scheduled: i64,
    /// have one,
    #[serde(deserialize_with = "or_default")]
    pub current_number_scheduled: i64,
    /// have one and should not,
    #[serde(deserialize_with = "or_default")]
    pub number_misscheduled: i64,
    /// have one that is ready,
    #[serde(deserialize_with = "or_default")]
    pub number_ready: i64,
    /// have one of the newest revision,
    #[serde(deserialize_with = "or_default")]
    pub updated_number_scheduled: i64,
    /// and have one that has been ready for long enough.
    #[serde(deserialize_with = "or_default")]
    pub number_available: i64,
    /// How it comes along.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

/// Whether a change was not taken up yet.
pub fn is_unseen(meta: &ObjectMeta, observed: Option<i64>) -> bool {
    meta.generation.zip(observed).is_some_and(|(wanted, seen)| seen < wanted)
}

/// An image without its registry and path: what tells revisions apart.
pub fn image_word(image: &str) -> &str {
    image.rsplit_once('/').map_or(image, |(_, name)| name)
}

/// The images of a template in a cell: short ones, for tables.
pub fn image_cell(template: &Template) -> Value {
    Value::text(text::clean(&template.images().map(image_word).collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_are_written_as_kubectl_does() {
        let selector: Selector = serde_json::from_value(json!({
            "matchLabels": { "app": "web" },
            "matchExpressions": [
                { "key": "tier", "operator": "In", "values": ["a", "b"] }, { "key": "old", "operator": "DoesNotExist" },
                { "key": "new", "operator": "Exists" },
            ],
        }))
        .unwrap();
        assert_eq!(selector.words(), "app=web,tier in (a,b),!old,new");
    }

    #[test]
    fn strategies_in_words() {
        let words = |json| serde_json::from_value::<Strategy>(json).unwrap().words().unwrap();
        let rolling = json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": 1 } });
        assert_eq!(words(rolling), "RollingUpdate, 25% more, 1 fewer");
        assert_eq!(words(json!({ "type": "Recreate", "rollingUpdate": null })), "Recreate");
        let partition = json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 2 } });
        assert_eq!(words(partition), "RollingUpdate, the first 2 keep theirs");
    }

    #[test]
    fn images_are_short() {
        assert_eq!(image_word("111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/api:1.4"), "api:1.4");
        assert_eq!(image_word("nginx"), "nginx");
    }
}
