//! What kubectl prints of a pod: how many containers are ready, its status in one word, restarts and when the last was. The rules are
//! those of its documentation of pod phases and container states; what it prints is what people search for.

use jiff::Timestamp;

use super::meta::{Condition, condition, is_going};
use super::pod::{ContainerStatus, Pod};

/// What kubectl prints of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Containers that are ready,
    pub ready: i64,
    /// of so many.
    pub containers: i64,
    /// The status in one word.
    pub status: String,
    /// Restarts of its containers.
    pub restarts: i64,
    /// When the last of them was.
    pub restarted: Option<Timestamp>,
}

/// Reads a pod as kubectl does.
pub fn of(pod: &Pod) -> Printed {
    let sidecars = pod.spec.init_containers.iter().filter(|container| container.is_sidecar()).count();
    let mut printed = Printed {
        ready: 0,
        containers: (pod.spec.containers.len() + sidecars) as i64,
        status: whole(pod),
        restarts: 0,
        restarted: None,
    };
    let before = initialising(pod, &mut printed);
    let initialised = condition(&pod.status.conditions, "Initialized").is_some_and(Condition::holds);
    match before {
        Some(word) if !initialised => printed.status = word,
        // Restarts of init containers that are done no longer count.
        _ => running(pod, &mut printed),
    }
    if is_going(&pod.metadata) {
        if pod.status.reason.as_deref() == Some("NodeLost") {
            "Unknown".clone_into(&mut printed.status);
        } else if !pod.has_ended() {
            "Terminating".clone_into(&mut printed.status);
        }
    }
    printed
}

/// The word for the pod as a whole: its phase, unless a reason is told.
fn whole(pod: &Pod) -> String {
    let gated = |condition: &&Condition| condition.about == "PodScheduled" && condition.why() == "SchedulingGated";
    if let Some(gated) = pod.status.conditions.iter().find(gated) {
        return gated.why().to_owned();
    }
    let reason = pod.status.reason.as_deref().filter(|reason| !reason.is_empty());
    reason.or(pod.status.phase.as_deref()).unwrap_or_default().to_owned()
}

fn count(printed: &mut Printed, container: &ContainerStatus) {
    printed.restarts += container.restart_count;
    let ended = container.last_state.terminated.as_ref().and_then(super::pod::Terminated::at);
    printed.restarted = printed.restarted.max(ended);
}

/// The word for the first init container that is not done, if there is one. Those that run on beside the others count as ready.
fn initialising(pod: &Pod, printed: &mut Printed) -> Option<String> {
    for (at, container) in pod.status.init_container_statuses.iter().enumerate() {
        count(printed, container);
        let ended = container.state.terminated.as_ref();
        if ended.is_some_and(|ended| ended.exit_code == 0) {
            continue;
        }
        if pod.is_sidecar(&container.name) && container.started == Some(true) {
            printed.ready += i64::from(container.ready);
            continue;
        }
        return Some(match (ended, container.state.waits()) {
            (Some(ended), _) => format!("Init:{}", ended.word()),
            (None, "" | "PodInitializing") => format!("Init:{at}/{}", pod.spec.init_containers.len()),
            (None, reason) => format!("Init:{reason}"),
        });
    }
    None
}

/// The word for the containers themselves: that of the first one that does not run.
fn running(pod: &Pod, printed: &mut Printed) {
    (printed.restarts, printed.restarted) = (0, None);
    for container in &pod.status.init_container_statuses {
        if pod.is_sidecar(&container.name) {
            count(printed, container);
        }
    }
    let mut one_runs = false;
    for container in pod.status.container_statuses.iter().rev() {
        count(printed, container);
        if !container.state.waits().is_empty() {
            container.state.waits().clone_into(&mut printed.status);
        } else if let Some(ended) = &container.state.terminated {
            printed.status = ended.word();
        } else if container.ready && container.state.running.is_some() {
            one_runs = true;
            printed.ready += 1;
        }
    }
    // One that has completed does not hide that others run.
    if printed.status == "Completed" && one_runs {
        let word = if pod.is_ready() { "Running" } else { "NotReady" };
        word.clone_into(&mut printed.status);
    }
}

#[cfg(test)]
mod tests;
