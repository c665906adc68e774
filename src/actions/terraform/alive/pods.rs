//! Whether the host that a lock was taken on is a pod: in a container the host's name is the pod's.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde_json::Value as Json;
use tokio::time::timeout;

use super::{AT_ONCE, Told};
use crate::model::{Fault, FaultClass, Verdict, text};
use crate::providers::Acting;

/// Clusters that do not answer are not waited for as long as what tells more.
const PATIENCE: Duration = Duration::from_secs(3);

/// The letters and digits that Kubernetes makes names' ends of, and how many.
const MADE_OF: &str = "bcdfghjklmnpqrstvwxz2456789";
const MADE: usize = 5;

/// What became of the pod of this name, in whichever cluster of the environment it is.
pub(super) async fn named(acting: &Acting, host: &str) -> Result<Told, Fault> {
    let late = |_| Err(Fault::new(FaultClass::TimedOut, "the clusters did not answer in time"));
    let found = timeout(PATIENCE, found(acting, host)).await.unwrap_or_else(late);
    let nowhere = format!("could not tell: {host} is nowhere that the console can see");
    match found {
        Ok(Some(told)) => Ok(told),
        Ok(None) => Ok((Verdict::Warn, nowhere)),
        // Where nothing says that it is a pod, that the pods can't be read takes nothing away from what is known.
        Err(fault) if !is_made(host) => Ok((Verdict::Warn, format!("{nowhere}; as a pod it was not found: {fault}"))),
        Err(fault) => Err(fault),
    }
}

/// What the clusters say; a fault only where no other cluster has the pod.
async fn found(acting: &Acting, host: &str) -> Result<Option<Told>, Fault> {
    if !can_be_one(host) {
        return Ok(None);
    }
    let clusters = acting.env.clusters().await?;
    let asked: Vec<_> = clusters.iter().map(|cluster| of_cluster(acting, cluster, host)).collect();
    let answers: Vec<Result<Option<Told>, Fault>> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let (mut ended, mut fault) = (None, None);
    for answer in answers {
        match answer {
            Ok(Some(told)) if told.0 == Verdict::Pass => ended = Some(told),
            Ok(Some(told)) => return Ok(Some(told)),
            Ok(None) => {}
            Err(why) => fault = Some(why),
        }
    }
    // Elsewhere there may be another one of its name, which runs.
    fault.map_or(Ok(ended), Err)
}

async fn of_cluster(acting: &Acting, name: &Arc<str>, host: &str) -> Result<Option<Told>, Fault> {
    let cluster = acting.env.cluster(name).await?;
    let selector = format!("metadata.name={host}");
    let listed: Json = cluster.ask("/api/v1/pods", &[("fieldSelector", &selector)]).await?;
    let pods = listed.get("items").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    // Another namespace may have one of the same name: one that runs counts.
    Ok(pods.iter().map(|pod| told(pod, name)).max_by_key(|(verdict, _)| *verdict == Verdict::Warn))
}

fn told(pod: &Json, cluster: &str) -> Told {
    let text = |path: &str| pod.pointer(path).and_then(Json::as_str).unwrap_or_default();
    let of = text::clean(&format!("pod {}/{} of {cluster}", text("/metadata/namespace"), text("/metadata/name")))
        .into_owned();
    match text("/status/phase") {
        "Succeeded" | "Failed" => (Verdict::Pass, format!("{of} has ended")),
        _ => (Verdict::Warn, format!("{of} still runs")),
    }
}

/// Whether a pod can be called so: nothing else is put into a question.
fn can_be_one(host: &str) -> bool {
    let may = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    host.len() <= 253 && host.bytes().all(may)
}

/// Whether the end of a name is one that a controller gives its pods: `-x2x7k`, or a stateful set's number.
fn is_made(host: &str) -> bool {
    let Some((_, end)) = host.rsplit_once('-') else { return false };
    let number = !end.is_empty() && end.len() <= 3 && end.bytes().all(|byte| byte.is_ascii_digit());
    number || (end.len() == MADE && end.chars().all(|letter| MADE_OF.contains(letter)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_are_known_by_the_ends_of_their_names() {
        assert!(is_made("runner-7d9c5b6f4-x2x7k") && is_made("runner-0"));
        assert!(can_be_one("runner-0.ci") && !can_be_one("DESKTOP-1") && !can_be_one("a,status.phase=Running"));
        assert!(!is_made("thinkpad") && !is_made("fv-az1205-laptop") && !is_made("anna-macbook") && !is_made("x-"));
    }

    #[test]
    fn only_one_that_has_ended_is_gone() {
        let pod =
            |phase: &str| json!({ "metadata": { "name": "r-1", "namespace": "ci" }, "status": { "phase": phase } });
        assert_eq!(told(&pod("Running"), "c"), (Verdict::Warn, "pod ci/r-1 of c still runs".to_owned()));
        assert_eq!(told(&pod("Failed"), "c"), (Verdict::Pass, "pod ci/r-1 of c has ended".to_owned()));
        assert_eq!(told(&json!({}), "c").0, Verdict::Warn);
    }
}
