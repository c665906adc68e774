//! What is going to happen in a cluster: its own agenda, beside its account's.

use std::sync::Arc;

use super::{Ground, KubeCluster};

/// Something that is going to happen.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// A pod takes its next step; `turn` is the one it was planned in.
    Pod { namespace: Arc<str>, name: Arc<str>, turn: u32, step: PodStep },
    /// The controllers look at a namespace, since time has passed.
    Look(Arc<str>),
    /// Nodes are brought in line with the instances there are, and their kubelets tell how they are.
    Nodes,
    /// What has no node is tried again.
    Schedule,
    /// The autoscaler looks at load.
    Autoscale,
    /// A cron job is due.
    Cron { namespace: Arc<str>, name: Arc<str> },
    /// cert-manager goes on with a certificate.
    Issue { namespace: Arc<str>, name: Arc<str>, asked: bool },
    /// A deployment is given another image.
    Release { namespace: &'static str, name: &'static str, image: &'static str },
    /// One of an image's pods begins to fail.
    Poison(&'static str),
    /// A node runs short of memory, or gets over it; for ever.
    Pressure { node: Arc<str>, on: bool },
    /// A node is not heard of, or is again; for ever.
    Silence { node: Arc<str>, on: bool },
    /// Pods are restarted, for ever.
    Churn,
    /// What is past keeping goes.
    Tidy,
}

/// What a pod comes to next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PodStep {
    Schedule,
    Create,
    Ready,
    Pull,
    Fail,
    OutOfMemory,
    Finish,
    Gone,
}

/// Seconds between two rounds.
const NODES: i64 = 20;
const AUTOSCALE: i64 = 30;
const TIDY: i64 = 120;

impl KubeCluster {
    pub(super) fn carry_out(&mut self, step: Step, ground: &Ground<'_>) {
        match step {
            Step::Pod { namespace, name, turn, step } => self.pod_step(&namespace, &name, turn, step),
            Step::Look(namespace) => self.touch(&namespace),
            Step::Nodes => {
                self.sync_nodes(ground);
                self.later(NODES * 1_000, Step::Nodes);
            }
            Step::Schedule => self.schedule_again(),
            Step::Autoscale => {
                self.autoscale();
                self.later(AUTOSCALE * 1_000, Step::Autoscale);
            }
            Step::Cron { namespace, name } => self.cron_due(&namespace, &name),
            Step::Issue { namespace, name, asked } => self.issue(&namespace, &name, asked),
            Step::Release { namespace, name, image } => self.release(namespace, name, image),
            Step::Poison(image) => self.poison(image),
            Step::Pressure { node, on } => self.pressure(&node, on),
            Step::Silence { node, on } => self.silence(&node, on),
            Step::Churn => self.churn(),
            Step::Tidy => {
                self.forget_events();
                self.forget_templates();
                let now = self.now;
                self.store.forget(now);
                self.later(TIDY * 1_000, Step::Tidy);
            }
        }
    }

    /// Sets the everyday life going.
    pub(super) fn begin_life(&mut self) {
        self.later(5_000, Step::Nodes);
        self.later(30_000, Step::Schedule);
        self.later(45_000, Step::Autoscale);
        self.later(60_000, Step::Tidy);
    }

    fn release(&mut self, namespace: &str, name: &str, image: &str) {
        self.store.edit("deployments", namespace, name, |it| {
            it["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
            it["metadata"]["generation"] = (super::int(it, "/metadata/generation").unwrap_or(1) + 1).into();
        });
        self.touch(namespace);
    }

    fn churn(&mut self) {
        let count = self.store.count("pods");
        for _ in 0..self.churn {
            let number = self.dice.next() as usize % count.max(1);
            let pod = self.store.list("pods", None).nth(number);
            if let Some((namespace, name)) = pod.map(|pod| (pod.namespace().to_owned(), pod.name().to_owned())) {
                self.terminate(&namespace, &name, None);
            }
        }
        self.later(1_000, Step::Churn);
    }
}
