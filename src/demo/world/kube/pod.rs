//! Pods in a slim form: what is wanted of them is their owner's template, which they share; what they are is a state with some
//! instants. Their JSON is made from that when it is asked for.

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::model::Word;
use super::super::signal::after;
use super::json::{list, stamp, text};
use super::types::Type;

/// What the pods of a revision have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    pub(super) labels: Map<String, Value>,
    pub(super) annotations: Option<Value>,
    /// A pod's spec.
    pub(super) spec: Value,
    /// Millicores, MiB and GPUs asked for.
    pub(super) asks: Load,
}

/// CPU in millicores, memory in MiB, GPUs, and how many pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) cpu: i64,
    pub(super) memory: i64,
    pub(super) gpus: i64,
    pub(super) pods: i64,
}

/// Who a pod belongs to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Owner {
    pub(super) plural: Word,
    pub(super) name: String,
    pub(super) uid: String,
}

/// How far a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// No node is found for it, or not yet.
    Pending,
    /// Its containers are being made.
    Creating,
    /// Its image can't be had; it was just tried, or is to be tried again.
    PullFails,
    PullWaits,
    /// Its containers run, and are not ready.
    Running,
    Ready,
    /// Its first container has failed and is started again later.
    CrashWaits,
    Succeeded,
    Failed,
}

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Exit {
    pub(super) code: i32,
    /// `Error`, `OOMKilled`, `Completed`.
    pub(super) reason: Word,
    pub(super) started: Timestamp,
    pub(super) finished: Timestamp,
}

/// A pod.
#[derive(Debug, Clone, PartialEq)]
pub struct Pod {
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) uid: String,
    pub(super) version: u64,
    pub(super) first: u64,
    pub(super) created: Timestamp,
    pub(super) template: Arc<Template>,
    pub(super) owner: Option<Arc<Owner>>,
    pub(super) node: Option<Arc<str>>,
    pub(super) ip: Option<Ipv4Addr>,
    pub(super) state: State,
    /// When it came to its state.
    pub(super) since: Timestamp,
    pub(super) scheduled: Option<Timestamp>,
    /// When its first container was started last.
    pub(super) started: Option<Timestamp>,
    /// When the containers beside it were started.
    pub(super) begun: Option<Timestamp>,
    pub(super) restarts: u32,
    pub(super) last: Option<Exit>,
    /// Why it is not scheduled.
    pub(super) why: Option<Box<str>>,
    /// It fails soon after each start.
    pub(super) failing: bool,
    /// Its node can't be reached.
    pub(super) lost: bool,
    /// When it is to be gone, and the seconds it was given.
    pub(super) deleting: Option<(Timestamp, i64)>,
    /// Labels that somebody changed, over those of the template.
    pub(super) relabelled: Option<Box<Map<String, Value>>>,
    /// Counts its states, so that a step that was planned for an earlier one is known.
    pub(super) turn: u32,
}

impl Pod {
    /// A label.
    pub fn label(&self, key: &str) -> Option<&str> {
        match (&self.relabelled, key) {
            (Some(labels), _) => labels.get(key)?.as_str(),
            (None, "statefulset.kubernetes.io/pod-name" | "apps.kubernetes.io/pod-index") => {
                let owner = self.owner.as_ref().filter(|owner| owner.plural == "statefulsets")?;
                let index = self.name.strip_prefix(owner.name.as_str())?.strip_prefix('-')?;
                Some(if key.starts_with("apps") { index } else { &self.name })
            }
            (None, key) => self.template.labels.get(key)?.as_str(),
        }
    }

    /// `Pending`, `Running`, …
    pub fn phase(&self) -> Word {
        match self.state {
            State::Pending | State::Creating | State::PullFails | State::PullWaits => "Pending",
            State::Running | State::Ready | State::CrashWaits => "Running",
            State::Succeeded => "Succeeded",
            State::Failed => "Failed",
        }
    }

    /// Whether it takes requests.
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready && !self.lost
    }

    /// Whether it is done, or is about to go.
    pub(super) fn is_over(&self) -> bool {
        self.deleting.is_some() || matches!(self.state, State::Succeeded | State::Failed)
    }

    pub(super) fn is_owned_by(&self, uid: &str) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.uid == uid)
    }

    /// The names of its containers.
    pub fn containers(&self) -> impl Iterator<Item = &str> {
        list(&self.template.spec, "/containers").iter().map(|it| text(it, "/name"))
    }

    /// The image of its first container.
    pub(super) fn image(&self) -> &str {
        text(&self.template.spec, "/containers/0/image")
    }

    pub(super) fn field(&self, path: &str) -> Option<String> {
        Some(match path {
            "spec.nodeName" => self.node.as_deref().unwrap_or_default().to_owned(),
            "status.phase" => self.phase().to_owned(),
            "status.podIP" => self.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            "spec.restartPolicy" => text(&self.template.spec, "/restartPolicy").to_owned(),
            "spec.serviceAccountName" => text(&self.template.spec, "/serviceAccountName").to_owned(),
            _ => return None,
        })
    }

    pub(super) fn labels(&self) -> Map<String, Value> {
        if let Some(labels) = &self.relabelled {
            return (**labels).clone();
        }
        let mut labels = self.template.labels.clone();
        for key in ["statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"] {
            if let Some(value) = self.label(key) {
                labels.insert(key.to_owned(), value.into());
            }
        }
        labels
    }

    pub(super) fn render(&self) -> Value {
        let mut metadata = json!({
            "name": &*self.name, "namespace": &*self.namespace, "uid": self.uid,
            "creationTimestamp": stamp(self.created), "labels": self.labels(),
        });
        if let Some(owner) = &self.owner {
            let kind = Type::of(owner.plural);
            metadata["generateName"] = format!("{}-", owner.name).into();
            metadata["ownerReferences"] = json!([{
                "apiVersion": kind.map(Type::api_version), "kind": kind.map(|it| it.kind), "name": owner.name,
                "uid": owner.uid, "controller": true, "blockOwnerDeletion": true,
            }]);
        }
        if let Some(annotations) = &self.template.annotations {
            metadata["annotations"] = annotations.clone();
        }
        if let Some((at, grace)) = self.deleting {
            metadata["deletionTimestamp"] = stamp(at).into();
            metadata["deletionGracePeriodSeconds"] = grace.into();
        }
        let mut spec = self.template.spec.clone();
        if let Some(node) = &self.node {
            spec["nodeName"] = (**node).into();
        }
        json!({ "metadata": metadata, "spec": spec, "status": self.status() })
    }

    fn status(&self) -> Value {
        let mut status = json!({
            "phase": self.phase(),
            "conditions": self.conditions(),
            "qosClass": self.quality(),
        });
        if let (Some(node), Some(ip)) = (&self.node, self.ip) {
            let host = host_ip(node);
            status["hostIP"] = host.clone().into();
            status["hostIPs"] = json!([{ "ip": host }]);
            status["podIP"] = ip.to_string().into();
            status["podIPs"] = json!([{ "ip": ip.to_string() }]);
        }
        if let Some(at) = self.scheduled {
            status["startTime"] = stamp(at).into();
            status["containerStatuses"] = self.containers_now();
            let first = list(&self.template.spec, "/initContainers");
            if !first.is_empty() {
                status["initContainerStatuses"] = first.iter().map(|it| self.init(it, at)).collect();
            }
        }
        status
    }

    fn conditions(&self) -> Value {
        let over = matches!(self.state, State::Succeeded | State::Failed);
        let unready = || {
            let names: Vec<&str> = self.containers().collect();
            let names = if self.begun.is_some() { names.get(..1).unwrap_or_default() } else { &names };
            ("ContainersNotReady", format!("containers with unready status: [{}]", names.join(" ")))
        };
        let condition = |kind: Word, holds: bool, at: Timestamp, why: Option<(Word, String)>| {
            let mut it = json!({
                "type": kind, "status": if holds { "True" } else { "False" }, "lastProbeTime": null,
                "lastTransitionTime": stamp(at),
            });
            if let Some((reason, message)) = why.filter(|_| !holds) {
                it["reason"] = reason.into();
                if !message.is_empty() {
                    it["message"] = message.into();
                }
            }
            it
        };
        let why = if over { Some(("PodCompleted", String::new())) } else { self.node.as_ref().map(|_| unready()) };
        let (scheduled, ready) = (self.scheduled.is_some(), self.is_ready());
        let refused = self.why.as_ref().map(|why| ("Unschedulable", why.to_string()));
        let placed = condition("PodScheduled", scheduled, self.scheduled.unwrap_or(self.since), refused);
        if !scheduled {
            return json!([placed]);
        }
        json!([
            condition(
                "PodReadyToStartContainers",
                self.begun.is_some() && !over,
                self.begun.unwrap_or(self.created),
                None
            ),
            condition("Initialized", true, self.scheduled.unwrap_or(self.created), None),
            condition("Ready", ready, self.since, why.clone()),
            condition("ContainersReady", self.state == State::Ready, self.since, why),
            placed,
        ])
    }

    fn quality(&self) -> Word {
        let has =
            |which: &str| list(&self.template.spec, "/containers").iter().any(|it| it["resources"][which].is_object());
        match (has("requests"), has("limits")) {
            (false, false) => "BestEffort",
            _ => "Burstable",
        }
    }

    fn containers_now(&self) -> Value {
        let spec = list(&self.template.spec, "/containers");
        spec.iter().enumerate().map(|(number, it)| self.container(it, number == 0)).collect()
    }

    fn container(&self, spec: &Value, first: bool) -> Value {
        let image = text(spec, "/image");
        let state = if first { self.first_state(image) } else { self.side_state() };
        let running = state.get("running").is_some();
        let ready = running && (!first || self.is_ready());
        let mut it = json!({
            "name": spec["name"], "image": image, "state": state, "lastState": {}, "ready": ready, "started": running,
            "restartCount": if first { self.restarts } else { 0 },
            "imageID": "",
        });
        if self.begun.is_some() {
            it["imageID"] = image_id(image).into();
            it["containerID"] =
                container_id(&self.uid, text(spec, "/name"), if first { self.restarts } else { 0 }).into();
        }
        if let Some(last) = self.last.filter(|_| first && self.restarts > 0) {
            let number = self.restarts.saturating_sub(u32::from(self.state != State::CrashWaits));
            it["lastState"] =
                json!({ "terminated": ended(last, &container_id(&self.uid, text(spec, "/name"), number)) });
        }
        it
    }

    fn first_state(&self, image: &str) -> Value {
        let waiting = |reason: &str, message: Option<String>| {
            let mut it = json!({ "reason": reason });
            if let Some(message) = message {
                it["message"] = message.into();
            }
            json!({ "waiting": it })
        };
        match self.state {
            State::Pending | State::Creating => waiting("ContainerCreating", None),
            State::PullFails => waiting("ErrImagePull", Some(not_found(image))),
            State::PullWaits => waiting(
                "ImagePullBackOff",
                Some(format!("Back-off pulling image \"{image}\": ErrImagePull: {}", not_found(image))),
            ),
            State::Running | State::Ready => json!({ "running": { "startedAt": self.started.map(stamp) } }),
            State::CrashWaits => {
                let container = self.containers().next().unwrap_or_default();
                let seconds = back_off(self.restarts);
                waiting(
                    "CrashLoopBackOff",
                    Some(format!(
                        "back-off {} restarting failed container={container} pod={}_{}({})",
                        minutes(seconds),
                        self.name,
                        self.namespace,
                        self.uid
                    )),
                )
            }
            State::Succeeded | State::Failed => {
                let last = self.last.map(|last| ended(last, &container_id(&self.uid, "", self.restarts)));
                json!({ "terminated": last })
            }
        }
    }

    /// What its first container waits for.
    pub(super) fn waits(&self) -> String {
        let state = self.first_state(self.image());
        text(&state, "/waiting/reason").to_owned()
    }

    fn side_state(&self) -> Value {
        match (self.begun, self.state) {
            (Some(at), State::Succeeded | State::Failed) => {
                let exit = Exit { code: 0, reason: "Completed", started: at, finished: self.since };
                json!({ "terminated": ended(exit, &container_id(&self.uid, "side", 0)) })
            }
            (Some(at), _) => json!({ "running": { "startedAt": stamp(at) } }),
            (None, _) => json!({ "waiting": { "reason": "ContainerCreating" } }),
        }
    }

    fn init(&self, spec: &Value, scheduled: Timestamp) -> Value {
        let exit = Exit { code: 0, reason: "Completed", started: after(scheduled, 1), finished: after(scheduled, 2) };
        let (name, image) = (text(spec, "/name"), text(spec, "/image"));
        let id = container_id(&self.uid, name, 0);
        let done = self.begun.is_some();
        let state = if done {
            json!({ "terminated": ended(exit, &id) })
        } else {
            json!({ "waiting": { "reason": "PodInitializing" } })
        };
        json!({
            "name": name, "image": image, "imageID": image_id(image), "containerID": id, "state": state, "lastState": {},
            "ready": done, "started": false, "restartCount": 0,
        })
    }
}

/// Seconds that a container waits before its next start, after so many.
pub(super) fn back_off(restarts: u32) -> i64 {
    (10 << restarts.min(5)).min(300)
}

/// `5m0s`, `40s`.
fn minutes(seconds: i64) -> String {
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}

/// What the runtime says of an image that its registry does not have.
pub(super) fn not_found(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
    )
}

fn ended(exit: Exit, id: &str) -> Value {
    json!({
        "exitCode": exit.code, "reason": exit.reason, "startedAt": stamp(exit.started),
        "finishedAt": stamp(exit.finished), "containerID": id,
    })
}

fn image_id(image: &str) -> String {
    let (name, _) = image.rsplit_once(':').unwrap_or((image, ""));
    format!("{name}@sha256:{}", super::super::dice::hex(super::super::dice::hash(3, image), 64))
}

fn container_id(uid: &str, name: &str, number: u32) -> String {
    let seed = super::super::dice::hash(u64::from(number), &format!("{uid}/{name}"));
    format!("containerd://{}", super::super::dice::hex(seed, 64))
}

/// The address in a node's name: `ip-10-0-3-7.eu-central-1.compute.internal`.
pub(super) fn host_ip(node: &str) -> String {
    let first = node.split('.').next().unwrap_or_default();
    first.trim_start_matches("ip-").replace('-', ".")
}
