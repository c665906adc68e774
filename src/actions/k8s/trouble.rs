//! What the pods of a workload say of why it does not come up.

use std::collections::BTreeMap;

use super::{Object, by_labels, sort};
use crate::kinds::k8s::apps::Selector;
use crate::model::text;
use crate::providers::Acting;

/// So many different troubles are told.
const MOST: usize = 3;

/// The labels that a workload finds its pods by, as a list is narrowed with: `app=x,tier in (a,b)`.
pub(in crate::actions) fn selector(object: &Object) -> Option<String> {
    let selector: Selector = serde_json::from_value(object.at("/spec/selector")?.clone()).ok()?;
    Some(selector.words()).filter(|words| !words.is_empty())
}

/// What keeps a workload's pods from being ready, the most frequent first; nothing where they say nothing or can't be read.
pub(in crate::actions) async fn trouble(acting: &Acting, workload: &Object) -> Option<String> {
    let (reach, labels) = (acting.reach().ok()?, selector(workload)?);
    let list = sort("pod")?.list(workload.text("/metadata/namespace"));
    let pods = reach.read(&format!("{list}?{}&limit=200", by_labels(&labels))).await.map(Object).ok()?.items();
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    for words in pods.iter().filter_map(of_pod) {
        *said.entry(words).or_default() += 1;
    }
    let mut said: Vec<(String, usize)> = said.into_iter().collect();
    said.sort_by_key(|(_, pods)| std::cmp::Reverse(*pods));
    let words = |(words, pods): &(String, usize)| {
        if *pods > 1 { format!("{words} ({pods} pods)") } else { words.clone() }
    };
    let said: Vec<String> = said.iter().take(MOST).map(words).collect();
    (!said.is_empty()).then(|| text::clean(&said.join("; ")).into_owned())
}

/// What is wrong with a pod, if it says so.
fn of_pod(pod: &Object) -> Option<String> {
    if let Some(("False", "Unschedulable", message)) = pod.condition("PodScheduled") {
        return Some(format!("unschedulable: {message}"));
    }
    let all = pod.list("/status/initContainerStatuses").iter().chain(pod.list("/status/containerStatuses"));
    all.cloned().map(Object).find_map(|container| of_container(&container))
}

fn of_container(container: &Object) -> Option<String> {
    let name = container.text("/name").unwrap_or_default();
    let ended = |path: &str| {
        let reason = container.text(&format!("{path}/reason"))?;
        let code = container.int(&format!("{path}/exitCode")).map(|code| format!(", exit code {code}"));
        Some(format!("{reason}{}", code.unwrap_or_default()))
    };
    if let Some(reason) = container.text("/state/waiting/reason") {
        if matches!(reason, "ContainerCreating" | "PodInitializing") {
            return None;
        }
        let last = ended("/lastState/terminated").map(|it| format!(" (last: {it})"));
        let message = container.text("/state/waiting/message").map(|it| format!(": {it}")).filter(|_| last.is_none());
        return Some(format!("{name} {reason}{}", last.or(message).unwrap_or_default()));
    }
    if container.int("/state/terminated/exitCode").is_some_and(|code| code != 0) {
        return ended("/state/terminated").map(|it| format!("{name} {it}"));
    }
    let running = container.at("/state/running").is_some() && !container.flag("/ready");
    running.then(|| {
        let last = ended("/lastState/terminated").map(|it| format!(", restarted after {it}"));
        format!("{name} runs but is not ready{}", last.unwrap_or_default())
    })
}
