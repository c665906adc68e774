//! Why a pod is not well, from what the API server says of it and from warnings about it, in words. Makes no call.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::meta::{Condition, condition, is_going};
use super::pod::{ContainerStatus, Pod, Terminated};
use super::warnings::Warnings;
use crate::model::{Health, text};

/// A container that has ended so often lately keeps ending.
const KEEPS: i64 = 3;
/// With all containers running, an end this far back is over and done with.
const HEALED: SignedDuration = SignedDuration::from_mins(10);
/// What starts is given so long before it is not well.
const STARTING: SignedDuration = SignedDuration::from_mins(2);
/// What is told to end is given so long beyond its own grace period.
const ENDING: SignedDuration = SignedDuration::from_mins(2);
/// Most characters of what an API says.
const LONGEST: usize = 240;

/// Sorts of trouble, the least telling first: of several pods the most telling speaks for their workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Nothing is wrong.
    None,
    /// On its way, in or out.
    Moving,
    /// It runs and does not pass its probes.
    Probe,
    /// It has restarted lately.
    Restarts,
    /// It was ended from outside, or its node is gone.
    Lost,
    /// It can't be placed.
    Place,
    /// It can't be made or started.
    Start,
    /// Its image can't be had.
    Image,
    /// It ends again and again, or has failed.
    Crash,
}

/// What was found of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub health: Health,
    /// What sort of trouble it is.
    pub sort: Sort,
    /// Why, in words.
    pub reason: Cow<'static, str>,
    /// The event that says so, by name.
    pub event: Option<String>,
}

impl Finding {
    const WELL: Self = Self { health: Health::Ok, sort: Sort::None, reason: Cow::Borrowed(""), event: None };

    fn new(health: Health, sort: Sort, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { health, sort, reason: reason.into(), event: None }
    }

    fn by(self, event: Option<&super::event::Event>) -> Self {
        Self { event: event.and_then(|event| event.metadata.name.clone()), ..self }
    }
}

/// Whether warnings about a pod could say more than the pod does.
pub fn wants_warnings(pod: &Pod, now: Timestamp) -> bool {
    let found = of(pod, &Warnings::default(), now);
    found.health.is_sick() || (found.sort == Sort::Moving && !is_going(&pod.metadata) && is_slow(pod, now))
}

/// What there is to say of a pod.
pub fn of(pod: &Pod, warnings: &Warnings, now: Timestamp) -> Finding {
    let seen = Seen { pod, warnings, now };
    let rules = [Seen::going, Seen::whole, Seen::placed, Seen::containers, Seen::readiness, Seen::done];
    rules.iter().find_map(|rule| rule(&seen)).unwrap_or(Finding::WELL)
}

struct Seen<'a> {
    pod: &'a Pod,
    warnings: &'a Warnings,
    now: Timestamp,
}

impl Seen<'_> {
    /// One that is being deleted.
    fn going(&self) -> Option<Finding> {
        let since = self.pod.metadata.deletion_timestamp.as_ref()?.0;
        if self.pod.status.reason.as_deref() == Some("NodeLost") {
            let node = self.pod.spec.node_name.as_deref().unwrap_or("?");
            return Some(Finding::new(Health::Failed, Sort::Lost, format!("its node {node} is lost")));
        }
        // The deletion timestamp is when the grace period ends.
        let over = self.now.duration_since(since);
        if over < ENDING {
            return Some(Finding::new(Health::Progressing, Sort::Moving, "terminating"));
        }
        let over = text::span(over.as_secs());
        let held = self.pod.metadata.finalizers.as_deref().unwrap_or_default();
        let why = if held.is_empty() {
            "its node does not end it".to_owned()
        } else {
            format!("held by {}", held.join(", "))
        };
        Some(Finding::new(Health::Degraded, Sort::Lost, format!("terminating, {over} over its grace period: {why}")))
    }

    /// One that was ended as a whole: evicted, lost, rejected.
    fn whole(&self) -> Option<Finding> {
        let status = &self.pod.status;
        let reason = status.reason.as_deref().filter(|reason| !reason.is_empty())?;
        let message = short(status.message.as_deref().unwrap_or_default());
        let words = match reason {
            "Evicted" => "evicted".to_owned(),
            "NodeLost" => "its node is lost".to_owned(),
            "DeadlineExceeded" => "ran longer than it may".to_owned(),
            other => spaced(other),
        };
        let failed = status.phase.as_deref() == Some("Failed") || reason == "NodeLost";
        failed.then(|| Finding::new(Health::Failed, Sort::Lost, joined(words, &message)))
    }

    /// One that no node takes.
    fn placed(&self) -> Option<Finding> {
        let scheduled = condition(&self.pod.status.conditions, "PodScheduled").filter(|it| !it.holds())?;
        if scheduled.why() == "SchedulingGated" {
            return Some(Finding::new(
                Health::Progressing,
                Sort::Moving,
                "waits until its scheduling gates are lifted",
            ));
        }
        let words = joined("unschedulable".to_owned(), &short(scheduled.words()));
        let event = self.warnings.newest(&self.pod.metadata, &["FailedScheduling"]);
        Some(Finding::new(Health::Failed, Sort::Place, words).by(event))
    }

    /// The most telling of its containers. One that is not initialised speaks by its init containers.
    fn containers(&self) -> Option<Finding> {
        let init = self.pod.status.init_container_statuses.iter().map(|container| (container, "init container "));
        let all = init.chain(self.pod.status.container_statuses.iter().map(|container| (container, "")));
        let found = all.filter_map(|(container, prefix)| self.container(container, prefix));
        found.max_by_key(|finding| (finding.health, finding.sort))
    }

    fn container(&self, container: &ContainerStatus, prefix: &str) -> Option<Finding> {
        let name = || format!("{prefix}{}", container.name);
        let waiting = container.state.waiting.as_ref();
        let message = waiting.and_then(|waiting| waiting.message.as_deref()).unwrap_or_default();
        match container.state.waits() {
            "" => self.ended(container, prefix),
            "CrashLoopBackOff" => Some(self.crash_loop(container, &name())),
            "ImagePullBackOff"
            | "ErrImagePull"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed" => Some(self.image(container, message)),
            "CreateContainerConfigError" => {
                let words = joined(format!("{}: config error", name()), &short(message));
                let event = self.warnings.newest(&self.pod.metadata, &["Failed"]);
                Some(Finding::new(Health::Failed, Sort::Start, words).by(event))
            }
            "ContainerCreating" | "PodInitializing" => Some(self.creating()),
            other => {
                let words = joined(format!("{}: {}", name(), spaced(other)), &short(message));
                Some(Finding::new(Health::Failed, Sort::Start, words))
            }
        }
    }

    /// Which image can't be had, and why: the newest word on that is often an event's, while the pod only says that it waits.
    fn image(&self, container: &ContainerStatus, message: &str) -> Finding {
        let spec = self.pod.spec.containers.iter().chain(&self.pod.spec.init_containers);
        let image = spec.filter(|spec| spec.name == container.name).find_map(|spec| spec.image.as_deref());
        let image = image.unwrap_or("of the container");
        let event = self.warnings.newest_saying(&self.pod.metadata, "Failed", image);
        let cause = event.and_then(|event| pull_cause(event.words())).or_else(|| pull_cause(message));
        let why = cause.map_or_else(|| container.state.waits().to_owned(), short);
        Finding::new(Health::Failed, Sort::Image, format!("image {image} can't be pulled: {why}")).by(event)
    }

    /// One that ends again and again.
    fn crash_loop(&self, container: &ContainerStatus, name: &str) -> Finding {
        let times = text::counted(usize::try_from(container.restart_count).unwrap_or(0), "restart", "restarts");
        let Some(last) = &container.last_state.terminated else {
            return Finding::new(Health::Failed, Sort::Crash, format!("crash loop: {name}, {times}"));
        };
        if let Some(finding) = self.killed_by_probe(container, last, name) {
            return finding;
        }
        let event = self.warnings.newest(&self.pod.metadata, &["BackOff"]);
        Finding::new(
            Health::Failed,
            Sort::Crash,
            format!("{}, {times}", self.end(container, last, name, "crash loop: ")),
        )
        .by(event)
    }

    /// One that has ended and is not waited with: between two restarts, or for good.
    fn ended(&self, container: &ContainerStatus, prefix: &str) -> Option<Finding> {
        let name = format!("{prefix}{}", container.name);
        if let Some(end) = container.state.terminated.as_ref().filter(|end| end.exit_code != 0) {
            let probed = self.killed_by_probe(container, end, &name);
            let word = self.end(container, end, &name, "");
            return Some(probed.unwrap_or_else(|| Finding::new(Health::Failed, Sort::Crash, word)));
        }
        let last = container.last_state.terminated.as_ref()?;
        let lately = last.at().is_some_and(|at| self.now.duration_since(at) < HEALED);
        if !lately || (container.restart_count < KEEPS && last.reason.as_deref() != Some("OOMKilled")) {
            return None;
        }
        if let Some(finding) = self.killed_by_probe(container, last, &name) {
            return Some(Finding { health: Health::Degraded, ..finding });
        }
        let times = text::counted(usize::try_from(container.restart_count).unwrap_or(0), "restart", "restarts");
        // It runs for a moment between two ends: that is no recovery.
        if !container.ready && container.restart_count >= KEEPS {
            let words = format!("{}, {times}", self.end(container, last, &name, "crash loop: "));
            return Some(Finding::new(Health::Failed, Sort::Crash, words));
        }
        let ago = last.at().map(|at| text::age(at, self.now)).unwrap_or_default();
        let words = format!("{}, {times}, the last {ago} ago", self.end(container, last, &name, ""));
        Some(Finding::new(Health::Degraded, Sort::Restarts, words))
    }

    /// How a container ended.
    fn end(&self, container: &ContainerStatus, end: &Terminated, name: &str, prefix: &str) -> String {
        if end.reason.as_deref() == Some("OOMKilled") {
            let spec = self.pod.spec.containers.iter().chain(&self.pod.spec.init_containers);
            let limit = spec.filter(|spec| spec.name == container.name).find_map(|spec| spec.resources.limits.bytes);
            let limit = limit.map(|limit| format!(" at its limit of {}", text::bytes(limit))).unwrap_or_default();
            return format!("out of memory: {name} was killed{limit}");
        }
        let how = end.reason.as_deref().filter(|reason| !matches!(*reason, "" | "Error"));
        let how = how.map(|how| format!(" ({how})")).unwrap_or_default();
        let last_words = end.message.as_deref().map(short).filter(|words| !words.is_empty());
        joined(format!("{prefix}{name} exited with {}{how}", end.exit_code), &last_words.unwrap_or_default())
    }

    /// A container that was ended because it did not pass its liveness or startup probe says nothing of that itself.
    fn killed_by_probe(&self, container: &ContainerStatus, end: &Terminated, name: &str) -> Option<Finding> {
        if end.reason.as_deref() == Some("OOMKilled") {
            return None;
        }
        let of_it = |event: &&super::event::Event| is_about(event, &container.name);
        let unhealthy =
            self.warnings.about(&self.pod.metadata).filter(|event| event.why() == "Unhealthy").filter(of_it);
        let killing =
            unhealthy.filter(|event| ["Liveness", "Startup"].iter().any(|probe| event.words().starts_with(probe)));
        let event = killing.max_by_key(|event| event.last())?;
        let told = format!("{name} is restarted again and again: {}", probe_words(event.words()));
        Some(Finding::new(Health::Failed, Sort::Crash, told).by(Some(event)))
    }

    /// One whose containers are being made. When that takes long, warnings say why.
    fn creating(&self) -> Finding {
        const TELLING: [&str; 5] =
            ["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedMapVolume", "NetworkNotReady"];
        if let Some(event) = self.warnings.newest(&self.pod.metadata, &TELLING) {
            let words = format!("can't start: {}", short(event.words()));
            return Finding::new(Health::Failed, Sort::Start, words).by(Some(event));
        }
        let slow = is_slow(self.pod, self.now);
        let health = if slow { Health::Degraded } else { Health::Progressing };
        let sort = if slow { Sort::Start } else { Sort::Moving };
        let for_long = self.pod.status.start_time.as_ref().map(|at| text::age(at.0, self.now)).filter(|_| slow);
        let words =
            for_long.map_or_else(|| "starting".to_owned(), |age| format!("its containers are being made for {age}"));
        Finding::new(health, sort, words)
    }

    /// One that runs and does not pass its probes.
    fn readiness(&self) -> Option<Finding> {
        let status = &self.pod.status;
        if status.phase.as_deref() == Some("Unknown") {
            return Some(Finding::new(Health::Failed, Sort::Lost, "its node does not say how it is"));
        }
        let ready = condition(&status.conditions, "Ready").filter(|ready| !ready.holds())?;
        if self.pod.has_ended() {
            return None;
        }
        let event = self.warnings.newest(&self.pod.metadata, &["Unhealthy"]);
        let since = ready.last_transition_time.as_ref().map(|at| self.now.duration_since(at.0));
        let unready: Vec<&str> =
            status.container_statuses.iter().filter(|one| !one.ready).map(|one| one.name.as_str()).collect();
        let starts = status.container_statuses.iter().any(|one| one.started == Some(false));
        if event.is_none() && since.is_none_or(|since| since < STARTING) {
            return Some(Finding::new(Health::Progressing, Sort::Moving, "starting"));
        }
        let words = match event {
            Some(event) => format!("not ready: {}", probe_words(event.words())),
            None if ready.why() == "ReadinessGatesNotReady" => joined("not ready".to_owned(), &short(ready.words())),
            None if starts => format!("not ready: {} has not passed its startup probe", unready.join(", ")),
            None if unready.is_empty() => joined("not ready".to_owned(), &short(ready.words())),
            None => format!("not ready: {} does not pass its readiness probe", unready.join(", ")),
        };
        let young = since.is_some_and(|since| since < STARTING);
        let (health, sort) = if young { (Health::Progressing, Sort::Moving) } else { (Health::Degraded, Sort::Probe) };
        Some(Finding::new(health, sort, words).by(event))
    }

    /// One that has not begun, or has ended.
    fn done(&self) -> Option<Finding> {
        match self.pod.status.phase.as_deref() {
            Some("Succeeded") => Some(Finding::new(Health::Ok, Sort::None, "completed")),
            Some("Failed") => Some(Finding::new(Health::Failed, Sort::Crash, "failed")),
            Some("Pending") => Some(Finding::new(Health::Progressing, Sort::Moving, "pending")),
            Some("Running") => None,
            _ => Some(Finding::new(Health::Unknown, Sort::None, "nothing is told of it yet")),
        }
    }
}

/// Whether its containers should have been made by now.
fn is_slow(pod: &Pod, now: Timestamp) -> bool {
    let begun = pod.status.start_time.as_ref().map(|at| at.0).or_else(|| super::meta::created(&pod.metadata));
    begun.is_some_and(|begun| now.duration_since(begun) > STARTING)
}

/// Whether an event is about a container of the pod it is about.
fn is_about(event: &super::event::Event, container: &str) -> bool {
    let path = event.involved_object.field_path.as_deref();
    path.is_none_or(|path| path.contains(&format!("{{{container}}}")))
}

/// Why an image can't be pulled: what stands behind the runtime's own frame. Nothing where the words only say that it waits.
fn pull_cause(message: &str) -> Option<&str> {
    const FRAME: [&str; 4] =
        ["failed to resolve reference", "failed to copy", "failed to pull and unpack image", "rpc error:"];
    if message.is_empty()
        || (message.starts_with("Back-off") && !message.contains("rpc error"))
        || message.starts_with("Error: ")
    {
        return None;
    }
    let frame = FRAME.iter().find_map(|frame| message.rfind(frame).map(|at| &message[at..]));
    let cause =
        frame.and_then(|rest| rest.split_once("\": ").or_else(|| rest.split_once("desc = "))).map(|(_, why)| why);
    Some(cause.unwrap_or(message).trim())
}

/// `Liveness probe failed: HTTP probe failed with statuscode: 503` as `liveness probe fails: HTTP probe failed with statuscode: 503`.
fn probe_words(message: &str) -> String {
    let message = short(message);
    match message.split_once(" probe failed: ") {
        Some((probe, why)) => format!("{} probe fails: {why}", probe.to_ascii_lowercase()),
        None => message,
    }
}

/// A word of the API in words: `CreateContainerError` as `create container error`.
fn spaced(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 4);
    let mut after_small = false;
    for c in word.chars() {
        if c.is_uppercase() && after_small {
            out.push(' ');
        }
        after_small = c.is_lowercase();
        out.extend(c.to_lowercase());
    }
    out
}

/// What an API says in one line that is not too long.
pub fn short(message: &str) -> String {
    let line = text::clean(message.trim()).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// Words and what is said besides, if there is something.
fn joined(words: String, more: &str) -> String {
    if more.is_empty() { words } else { format!("{words}: {more}") }
}

/// Whether a condition about this holds.
pub fn holds(conditions: &[Condition], about: &str) -> bool {
    condition(conditions, about).is_some_and(Condition::holds)
}

#[cfg(test)]
mod tests;
