//! Pods as the API sends them, with as much of them as is needed, and what kubectl reads from that.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::core::ObjectMeta;
use serde::{Deserialize, Deserializer};

use super::meta::{Condition, condition, or_default};
use super::quantity;

/// A pod.
#[derive(Clone, Debug, Deserialize)]
pub struct Pod {
    /// Name, namespace, labels, owners.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: PodSpec,
    /// What there is.
    #[serde(default, deserialize_with = "or_default")]
    pub status: PodStatus,
}

crate::object!(Pod: "" "v1" "Pod" "pods", true);

/// What is wanted of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Where it runs.
    pub node_name: Option<String>,
    /// What runs in it.
    #[serde(deserialize_with = "or_default")]
    pub containers: Vec<Container>,
    /// What runs before that, or beside it where it restarts always.
    #[serde(deserialize_with = "or_default")]
    pub init_containers: Vec<Container>,
    /// Who it is to the API server.
    pub service_account_name: Option<String>,
    /// Which pods go first.
    pub priority_class_name: Option<String>,
    /// Whether its containers are started again.
    pub restart_policy: Option<String>,
    /// Seconds it is given to end.
    pub termination_grace_period_seconds: Option<i64>,
    /// The volume claims that it mounts. Of its other volumes nothing is kept.
    #[serde(rename = "volumes", deserialize_with = "claimed")]
    pub claims: Vec<String>,
}

fn claimed<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Volume {
        persistent_volume_claim: Option<Claim>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Claim {
        #[serde(default)]
        claim_name: String,
    }
    let volumes: Vec<Volume> = or_default(from)?;
    Ok(volumes.into_iter().filter_map(|volume| Some(volume.persistent_volume_claim?.claim_name)).collect())
}

/// A container as it is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Its image.
    pub image: Option<String>,
    /// `Always` makes an init container one that runs beside the others.
    pub restart_policy: Option<String>,
    /// What it may use.
    #[serde(deserialize_with = "or_default")]
    pub resources: Resources,
}

impl Container {
    /// Whether an init container runs on beside the others.
    pub fn is_sidecar(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }
}

/// What a container may use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// Is kept free for it.
    #[serde(deserialize_with = "or_default")]
    pub requests: Amounts,
    /// Is the most it gets.
    #[serde(deserialize_with = "or_default")]
    pub limits: Amounts,
}

/// CPU and memory.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(from = "BTreeMap<String, serde_json::Value>")]
pub struct Amounts {
    /// Thousandths of cores.
    pub millicores: Option<u64>,
    /// Bytes.
    pub bytes: Option<u64>,
}

impl From<BTreeMap<String, serde_json::Value>> for Amounts {
    fn from(map: BTreeMap<String, serde_json::Value>) -> Self {
        // The API takes numbers without quotes too.
        let text = |key: &str| match map.get(key)? {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Self {
            millicores: text("cpu").and_then(|text| quantity::millicores(&text)),
            bytes: text("memory").and_then(|text| quantity::bytes(&text)),
        }
    }
}

/// How a pod is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed`.
    pub phase: Option<String>,
    /// Why the pod as a whole is so, such as `Evicted`.
    pub reason: Option<String>,
    /// The same in words.
    pub message: Option<String>,
    /// How far it is.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
    /// Its address.
    #[serde(rename = "podIP")]
    pub pod_ip: Option<String>,
    /// Its node's.
    #[serde(rename = "hostIP")]
    pub host_ip: Option<String>,
    /// `Guaranteed`, `Burstable`, `BestEffort`.
    pub qos_class: Option<String>,
    /// When its node took it.
    pub start_time: Option<Time>,
    /// Its containers.
    #[serde(deserialize_with = "or_default")]
    pub container_statuses: Vec<ContainerStatus>,
    /// Its init containers.
    #[serde(deserialize_with = "or_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
    /// Containers that were put into it to look at it.
    #[serde(deserialize_with = "or_default")]
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
}

/// How a container is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Whether it passes its readiness probe.
    #[serde(deserialize_with = "or_default")]
    pub ready: bool,
    /// Whether it has passed its startup probe.
    pub started: Option<bool>,
    /// How often it was started again.
    #[serde(deserialize_with = "or_default")]
    pub restart_count: i64,
    /// How it is.
    #[serde(deserialize_with = "or_default")]
    pub state: State,
    /// How it ended last.
    #[serde(deserialize_with = "or_default")]
    pub last_state: State,
}

/// One of three.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct State {
    /// It is not started yet.
    pub waiting: Option<Waiting>,
    /// It runs.
    pub running: Option<Running>,
    /// It has ended.
    pub terminated: Option<Terminated>,
}

/// Why a container is not started yet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// In one word.
    pub reason: Option<String>,
    /// In words.
    pub message: Option<String>,
}

/// Since when a container runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Since when.
    pub started_at: Option<Time>,
}

/// How a container ended.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// Its exit code.
    #[serde(deserialize_with = "or_default")]
    pub exit_code: i64,
    /// The signal that ended it.
    pub signal: Option<i64>,
    /// In one word: `Error`, `Completed`, `OOMKilled`.
    pub reason: Option<String>,
    /// Its last words, where it leaves some.
    pub message: Option<String>,
    /// When.
    pub finished_at: Option<Time>,
}

impl Terminated {
    /// When it ended.
    pub fn at(&self) -> Option<Timestamp> {
        self.finished_at.as_ref().map(|at| at.0).filter(|at| at.as_second() > 0)
    }

    /// How, as kubectl writes it: the reason, else the signal, else the exit code.
    pub fn word(&self) -> String {
        match (self.reason.as_deref(), self.signal) {
            (Some(reason), _) if !reason.is_empty() => reason.to_owned(),
            (_, Some(signal)) if signal != 0 => format!("Signal:{signal}"),
            _ => format!("ExitCode:{}", self.exit_code),
        }
    }
}

impl State {
    /// The reason why it waits; empty where none is told.
    pub fn waits(&self) -> &str {
        self.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref()).unwrap_or_default()
    }

    /// In a word or two.
    pub fn words(&self) -> String {
        match (&self.waiting, &self.running, &self.terminated) {
            (_, Some(_), _) => "running".to_owned(),
            (_, _, Some(ended)) => format!("{} ({})", ended.word(), ended.exit_code),
            (Some(_), _, _) if !self.waits().is_empty() => self.waits().to_owned(),
            (Some(_), ..) => "waiting".to_owned(),
            _ => String::new(),
        }
    }
}

impl Pod {
    /// Whether it has ended for good.
    pub fn has_ended(&self) -> bool {
        matches!(self.status.phase.as_deref(), Some("Succeeded" | "Failed"))
    }

    /// Whether its condition `Ready` holds.
    pub fn is_ready(&self) -> bool {
        condition(&self.status.conditions, "Ready").is_some_and(Condition::holds)
    }

    /// An init container as it is wanted.
    fn init(&self, name: &str) -> Option<&Container> {
        self.spec.init_containers.iter().find(|container| container.name == name)
    }

    /// Whether an init container runs on beside the others.
    pub fn is_sidecar(&self, name: &str) -> bool {
        self.init(name).is_some_and(Container::is_sidecar)
    }

    /// What all its containers together request, or are limited to; nothing where one that runs on has no such amount, for limits.
    pub fn amounts(&self) -> (Amounts, Amounts) {
        let lasting = || self.spec.containers.iter().chain(self.spec.init_containers.iter().filter(|c| c.is_sidecar()));
        let requests = lasting().map(|container| container.resources.requests);
        let requests = requests.fold(Amounts::default(), |sum, one| Amounts {
            millicores: one.millicores.map(|n| n + sum.millicores.unwrap_or(0)).or(sum.millicores),
            bytes: one.bytes.map(|n| n + sum.bytes.unwrap_or(0)).or(sum.bytes),
        });
        let limits = || lasting().map(|container| container.resources.limits);
        let limits = Amounts {
            millicores: limits().map(|one| one.millicores).sum(),
            bytes: limits().map(|one| one.bytes).sum(),
        };
        (requests, limits)
    }
}
