//! Pods that have been running since before the estate's past began.

use std::sync::Arc;

use jiff::Timestamp;

use super::pod::{Owner, State, Template};
use super::steps::PodStep;
use super::{Fate, KubeCluster};

/// A pod that has been running for long.
pub(super) struct Settled<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) owner: Arc<Owner>,
    /// Since when.
    pub(super) at: Timestamp,
    /// Where, if that is known.
    pub(super) node: Option<Arc<str>>,
}

impl KubeCluster {
    /// Adds a pod that runs and is ready; one that no node has room for waits.
    pub(super) fn add_settled(&mut self, pod: Settled<'_>, template: Arc<Template>) {
        let (namespace, name, at) = (pod.namespace, pod.name, pod.at);
        let now = std::mem::replace(&mut self.now, at);
        self.create_pod(namespace, name, Some(pod.owner), template);
        match pod.node {
            Some(node) => self.bound(namespace, name, &node),
            None => self.schedule(namespace, name),
        }
        self.now = now;
        if self.store.pod(namespace, name).is_none_or(|pod| pod.node.is_none()) {
            return;
        }
        self.store.edit_pod(namespace, name, |pod| {
            pod.state = State::Ready;
            pod.turn += 1;
            let started = super::after(at, 3);
            (pod.started, pod.begun, pod.since) = (Some(started), Some(started), super::after(at, 9));
        });
        let image = self.store.pod(namespace, name).map(|pod| pod.image().to_owned()).unwrap_or_default();
        if let Some(Fate::Grows(seconds)) = self.fates.get(image.as_str()).copied() {
            let wait = self.dice.between(seconds * 200, seconds * 1_000);
            self.plan(namespace, name, wait, PodStep::OutOfMemory);
        }
    }
}
