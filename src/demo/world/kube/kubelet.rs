//! What becomes of a pod: it is made, gets a node, starts, gets ready, fails, is started again, and goes.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::super::dice::hash;
use super::event::{About, Said};
use super::pod::{Exit, Owner, Pod, State, Template, back_off, not_found};
use super::steps::{PodStep, Step};
use super::store::Object;
use super::{Fate, KubeCluster};

impl KubeCluster {
    /// Makes a pod.
    pub(super) fn create_pod(
        &mut self,
        namespace: &str,
        name: &str,
        owner: Option<Arc<Owner>>,
        template: Arc<Template>,
    ) {
        let pod = Pod {
            namespace: namespace.into(),
            name: name.into(),
            uid: self.dice.uuid(),
            version: 0,
            first: 0,
            created: self.now,
            template,
            owner,
            node: None,
            ip: None,
            state: State::Pending,
            since: self.now,
            scheduled: None,
            started: None,
            begun: None,
            restarts: 0,
            last: None,
            why: None,
            failing: false,
            lost: false,
            deleting: None,
            relabelled: None,
            turn: 0,
        };
        self.store.put("pods", Object::Pod(Box::new(pod)));
        let wait = self.dice.between(200, 900);
        self.plan(namespace, name, wait, PodStep::Schedule);
        self.touch(namespace);
    }

    /// Plans a pod's next step.
    pub(super) fn plan(&mut self, namespace: &str, name: &str, millis: i64, step: PodStep) {
        let Some(pod) = self.store.pod(namespace, name) else { return };
        let (namespace, name, turn) = (Arc::clone(&pod.namespace), Arc::clone(&pod.name), pod.turn);
        self.later(millis, Step::Pod { namespace, name, turn, step });
    }

    /// Changes a pod's state.
    fn enter(&mut self, namespace: &str, name: &str, state: State, change: impl FnOnce(&mut Pod)) {
        let now = self.now;
        self.store.edit_pod(namespace, name, |pod| {
            pod.state = state;
            pod.since = now;
            pod.turn += 1;
            change(pod);
        });
        self.touch(namespace);
    }

    pub(super) fn pod_step(&mut self, namespace: &str, name: &str, turn: u32, step: PodStep) {
        let Some(pod) = self.store.pod(namespace, name).filter(|pod| pod.turn == turn) else { return };
        let image = pod.image().to_owned();
        match step {
            PodStep::Schedule => self.schedule(namespace, name),
            PodStep::Create if matches!(self.fates.get(image.as_str()), Some(Fate::Missing)) => {
                self.pull(namespace, name);
            }
            PodStep::Create => self.start(namespace, name),
            PodStep::Pull => self.pull(namespace, name),
            PodStep::Ready => self.ready(namespace, name),
            PodStep::Fail => self.fail(namespace, name, 1, "Error"),
            PodStep::OutOfMemory => self.fail(namespace, name, 137, "OOMKilled"),
            PodStep::Finish => self.finish(namespace, name),
            PodStep::Gone => self.pod_gone(namespace, name),
        }
    }

    /// A pod has got a node.
    pub(super) fn bound(&mut self, namespace: &str, name: &str, node: &Arc<str>) {
        let Some(pod) = self.store.pod(namespace, name) else { return };
        let number = hash(self.seed, &pod.uid);
        let ip = Ipv4Addr::new(10, 0, 16 + (number >> 8 & 63) as u8, 4 + (number % 250) as u8);
        let load = self.loads.entry(Arc::clone(node)).or_default();
        load.add(pod.template.asks, 1);
        let now = self.now;
        self.enter(namespace, name, State::Creating, |pod| {
            pod.node = Some(Arc::clone(node));
            pod.ip = Some(ip);
            pod.scheduled = Some(now);
            pod.why = None;
        });
        let words = format!("Successfully assigned {namespace}/{name} to {node}");
        self.say_of_pod(namespace, name, None, Said("Normal", "Scheduled", "default-scheduler", words));
        let wait = self.dice.between(1_200, 3_500);
        self.plan(namespace, name, wait, PodStep::Create);
    }

    /// The kubelet says something about a pod, or about a container of it.
    pub(super) fn say_of_pod(&mut self, namespace: &str, name: &str, container: Option<&str>, said: Said) {
        let Some(pod) = self.store.pod(namespace, name) else { return };
        let about = About {
            plural: "pods",
            namespace: Arc::clone(&pod.namespace),
            name: Arc::clone(&pod.name),
            uid: pod.uid.clone(),
            field: container.map(|container| format!("spec.containers{{{container}}}")),
        };
        let host = pod.node.clone().filter(|_| said.2 == "kubelet");
        self.tell(about, said, host);
    }

    /// The image is asked for in vain, and then waited for.
    fn pull(&mut self, namespace: &str, name: &str) {
        let Some(pod) = self.store.pod(namespace, name) else { return };
        let (image, container) = (pod.image().to_owned(), pod.containers().next().unwrap_or_default().to_owned());
        let (tried, waits) = (pod.restarts, pod.state == State::PullFails);
        let mut say = |kind, reason, words| {
            self.say_of_pod(namespace, name, Some(&container), Said(kind, reason, "kubelet", words));
        };
        if waits {
            say("Normal", "BackOff", format!("Back-off pulling image \"{image}\""));
            say("Warning", "Failed", "Error: ImagePullBackOff".to_owned());
            self.enter(namespace, name, State::PullWaits, |_| {});
            let seconds = back_off(self.tries(namespace, name));
            self.plan(namespace, name, seconds * 1_000, PodStep::Pull);
        } else {
            say("Normal", "Pulling", format!("Pulling image \"{image}\""));
            say("Warning", "Failed", format!("Failed to pull image \"{image}\": {}", not_found(&image)));
            say("Warning", "Failed", "Error: ErrImagePull".to_owned());
            self.enter(namespace, name, State::PullFails, |pod| pod.restarts = tried);
            self.plan(namespace, name, 12_000, PodStep::Pull);
        }
    }

    /// How often an image was asked for: two turns are one try.
    fn tries(&self, namespace: &str, name: &str) -> u32 {
        self.store.pod(namespace, name).map_or(0, |pod| pod.turn / 2)
    }

    /// The containers start.
    fn start(&mut self, namespace: &str, name: &str) {
        let Some(pod) = self.store.pod(namespace, name) else { return };
        let (image, again) = (pod.image().to_owned(), pod.state == State::CrashWaits);
        let containers: Vec<String> = pod.containers().take(if again { 1 } else { 9 }).map(str::to_owned).collect();
        let slow = pod.template.spec.pointer("/containers/0/readinessProbe");
        let slow = slow.map(|probe| probe["initialDelaySeconds"].as_i64().unwrap_or(3));
        let once = !pod.template.restarts();
        for container in &containers {
            for (reason, words) in [
                ("Pulled", format!("Container image \"{image}\" already present on machine")),
                ("Created", format!("Created container: {container}")),
                ("Started", format!("Started container {container}")),
            ] {
                self.say_of_pod(namespace, name, Some(container), Said("Normal", reason, "kubelet", words));
            }
        }
        let failing = self.is_to_fail(namespace, name, &image);
        let now = self.now;
        self.enter(namespace, name, State::Running, |pod| {
            pod.restarts += u32::from(again);
            pod.started = Some(now);
            pod.begun = pod.begun.or(Some(now));
            pod.failing = failing;
        });
        let jitter = self.dice.between(500, 3_000);
        match (failing, once) {
            (true, _) => self.plan(namespace, name, 9_000 + jitter, PodStep::Fail),
            (_, true) => self.plan(namespace, name, 20_000 + 10 * jitter, PodStep::Finish),
            _ => self.plan(namespace, name, slow.map_or(100, |slow| slow * 1_000 + jitter), PodStep::Ready),
        }
    }

    /// Whether a pod that starts is the one of its image that fails.
    fn is_to_fail(&self, namespace: &str, name: &str, image: &str) -> bool {
        let Some(Fate::OneFails(from)) = self.fates.get(image) else { return false };
        let other = |pod: &Pod| pod.failing && &*pod.name != name && pod.image() == image && pod.deleting.is_none();
        *from <= self.now && !self.store.pods(namespace).any(other)
    }

    /// From now on one of the image's pods fails.
    pub(super) fn poison(&mut self, image: &str) {
        let all = self.store.list("pods", None).filter_map(|object| match object {
            Object::Pod(pod) if pod.image() == image && pod.state == State::Ready => Some(pod),
            _ => None,
        });
        let Some((namespace, name)) = all.last().map(|pod| (Arc::clone(&pod.namespace), Arc::clone(&pod.name))) else {
            return;
        };
        self.store.edit_pod(&namespace, &name, |pod| pod.failing = true);
        self.fail(&namespace, &name, 1, "Error");
    }

    fn ready(&mut self, namespace: &str, name: &str) {
        self.enter(namespace, name, State::Ready, |_| {});
        let image = self.store.pod(namespace, name).map(|pod| pod.image().to_owned()).unwrap_or_default();
        if let Some(Fate::Grows(seconds)) = self.fates.get(image.as_str()).copied() {
            let wait = self.dice.between(seconds * 800, seconds * 1_200);
            self.plan(namespace, name, wait, PodStep::OutOfMemory);
        }
    }

    /// The first container ends badly. It is started again: at once after a long run, later and later otherwise.
    fn fail(&mut self, namespace: &str, name: &str, code: i32, reason: &'static str) {
        let Some(pod) = self.store.pod(namespace, name) else { return };
        let (now, started) = (self.now, pod.started.unwrap_or(pod.created));
        let (container, uid) = (pod.containers().next().unwrap_or_default().to_owned(), pod.uid.clone());
        let (again, long) = (pod.template.restarts(), now.as_second() - started.as_second() > 600);
        let exit = Exit { code, reason, started, finished: now };
        if !again {
            return self.enter(namespace, name, State::Failed, |pod| pod.last = Some(exit));
        }
        self.enter(namespace, name, State::CrashWaits, |pod| pod.last = Some(exit));
        if long {
            return self.plan(namespace, name, 1_500, PodStep::Create);
        }
        let words = format!("Back-off restarting failed container {container} in pod {name}_{namespace}({uid})");
        self.say_of_pod(namespace, name, Some(&container), Said("Warning", "BackOff", "kubelet", words));
        let restarts = self.store.pod(namespace, name).map_or(0, |pod| pod.restarts);
        self.plan(namespace, name, back_off(restarts) * 1_000, PodStep::Create);
    }

    fn finish(&mut self, namespace: &str, name: &str) {
        let now = self.now;
        self.enter(namespace, name, State::Succeeded, |pod| {
            let started = pod.started.unwrap_or(pod.created);
            pod.last = Some(Exit { code: 0, reason: "Completed", started, finished: now });
        });
    }

    /// A pod is asked to go, within its grace period or another.
    pub(super) fn terminate(&mut self, namespace: &str, name: &str, grace: Option<i64>) {
        let Some(pod) = self.store.pod(namespace, name) else { return };
        let grace = grace.unwrap_or_else(|| pod.template.grace());
        if pod.deleting.is_some_and(|(_, given)| given <= grace) {
            return;
        }
        let runs = matches!(pod.state, State::Running | State::Ready) && !pod.lost;
        let at = super::after(self.now, grace);
        self.store.edit_pod(namespace, name, |pod| {
            pod.deleting = Some((at, grace));
            pod.turn += 1;
        });
        self.touch(namespace);
        if grace == 0 {
            return self.pod_gone(namespace, name);
        }
        if runs {
            let names: Vec<String> = self
                .store
                .pod(namespace, name)
                .map(|pod| pod.containers().map(str::to_owned).collect())
                .unwrap_or_default();
            for container in names {
                let words = format!("Stopping container {container}");
                self.say_of_pod(namespace, name, Some(&container), Said("Normal", "Killing", "kubelet", words));
            }
        }
        let wait = if runs { self.dice.between(1_500, 6_000).min(grace * 1_000) } else { 300 };
        self.plan(namespace, name, wait, PodStep::Gone);
    }

    pub(super) fn pod_gone(&mut self, namespace: &str, name: &str) {
        let now = self.now;
        let Some(Object::Pod(pod)) = self.store.remove("pods", namespace, name, now) else { return };
        if let Some(load) = pod.node.as_ref().and_then(|node| self.loads.get_mut(node)) {
            load.add(pod.template.asks, -1);
        }
        self.touch(namespace);
    }
}
