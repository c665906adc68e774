//! What begins a rollout, and how far one has come, as `kubectl rollout status` would say it, and when it has failed.

use std::time::Duration;

use super::super::Op;
use super::super::parts::{self, Stand};
use super::{Object, read, trouble};
use crate::guard::Watching;
use crate::model::{Fault, FaultClass, Followed, ResourceId};
use crate::providers::Acting;

const DEPLOYMENT: Op = "k8s:patch deployments";
const STATEFUL: Op = "k8s:patch statefulsets";
const DAEMON: Op = "k8s:patch daemonsets";

/// What changes the template of a workload's pods, which begins a rollout.
pub(in crate::actions) const PATCHES: [Op; 3] = [DEPLOYMENT, STATEFUL, DAEMON];

/// The one of them for a kind.
pub(in crate::actions) fn patch_of(kind: &str) -> Op {
    match kind {
        "deployment" => DEPLOYMENT,
        "statefulset" => STATEFUL,
        _ => DAEMON,
    }
}

/// Longer than this is no rollout any more. A deployment says by itself when it does not get on.
const PATIENCE: Duration = Duration::from_mins(30);

/// Follows a workload's rollout to its end.
pub(in crate::actions) async fn follow(
    acting: &Acting,
    id: &ResourceId,
    watch: Watching<'_>,
) -> Result<Followed, Fault> {
    let look = || async {
        let object = match read(acting, id).await {
            Ok(object) => object,
            Err(fault) if fault.class == FaultClass::NotFound => return Ok(parts::failed("it has been deleted")),
            Err(fault) => return Err(fault),
        };
        Ok(with_trouble(acting, &object, stand(id.kind, &object)).await)
    };
    parts::until_ended(PATIENCE, watch, look).await
}

/// With what the pods say, where it has failed or is not getting on.
pub(in crate::actions) async fn with_trouble(acting: &Acting, object: &Object, stand: Stand) -> Stand {
    match stand {
        Stand::Ended(Followed::Failed(words)) => {
            let why = trouble(acting, object).await.map(|why| format!(": {why}")).unwrap_or_default();
            parts::failed(format!("{words}{why}"))
        }
        Stand::Going(headway) => match trouble(acting, object).await {
            Some(why) => parts::going(format!("{}; {why}", headway.words), headway.percent),
            None => Stand::Going(headway),
        },
        stand @ Stand::Ended(_) => stand,
    }
}

/// How far it has come.
pub(in crate::actions) fn stand(kind: &str, object: &Object) -> Stand {
    let observed = object.int("/status/observedGeneration").unwrap_or_default();
    if observed < object.int("/metadata/generation").unwrap_or_default() {
        return parts::going("waiting for the controller to see it", None);
    }
    match kind {
        "deployment" => deployment(object),
        "statefulset" => statefulset(object),
        _ => daemonset(object),
    }
}

/// Whether a rollout is under way, in words.
pub(in crate::actions) fn under_way(kind: &str, object: &Object) -> Option<String> {
    match stand(kind, object) {
        Stand::Going(headway) => Some(headway.words.to_string()),
        Stand::Ended(Followed::Failed(words)) => Some(words.to_string()),
        Stand::Ended(Followed::Verified(_)) => None,
    }
}

fn status(object: &Object, field: &str) -> i64 {
    object.int(&format!("/status/{field}")).unwrap_or_default()
}

fn percent(have: i64, want: i64) -> Option<u8> {
    (100 * have).checked_div(want).map(|percent| percent.clamp(0, 100) as u8)
}

fn deployment(object: &Object) -> Stand {
    let want = object.int("/spec/replicas").unwrap_or(1);
    let [all, updated, available] = ["replicas", "updatedReplicas", "availableReplicas"].map(|it| status(object, it));
    if updated >= want && all <= updated && available >= updated {
        return parts::verified(format!("{available} of {want} replicas are updated and available"));
    }
    let words = if updated < want {
        format!("{updated} of {want} replicas are updated")
    } else if all > updated {
        format!("{} old replicas are still to go", all - updated)
    } else {
        format!("{available} of {want} updated replicas are available")
    };
    if let Some((_, "ProgressDeadlineExceeded", message)) = object.condition("Progressing") {
        return parts::failed(format!("the rollout is stuck (ProgressDeadlineExceeded): {words}: {message}"));
    }
    if let Some(("True", reason, message)) = object.condition("ReplicaFailure") {
        return parts::going(format!("{words}; {reason}: {message}"), percent(available, want));
    }
    parts::going(words, percent(available.min(updated), want))
}

fn statefulset(object: &Object) -> Stand {
    if object.text("/spec/updateStrategy/type") == Some("OnDelete") {
        return parts::verified("its pods are replaced as they are deleted (OnDelete)");
    }
    let want = object.int("/spec/replicas").unwrap_or(1);
    let partition = object.int("/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default();
    let [updated, ready] = ["updatedReplicas", "readyReplicas"].map(|it| status(object, it));
    let done = object.text("/status/currentRevision") == object.text("/status/updateRevision");
    let to_update = (want - partition).max(0);
    if ready >= want && (done || (partition > 0 && updated >= to_update)) {
        return parts::verified(format!("{ready} of {want} replicas are ready, {to_update} of them updated"));
    }
    let words = format!(
        "{} of {to_update} replicas are updated, {ready} of {want} ready",
        if done { to_update } else { updated }
    );
    parts::going(words, percent(updated.min(ready), want))
}

fn daemonset(object: &Object) -> Stand {
    if object.text("/spec/updateStrategy/type") == Some("OnDelete") {
        return parts::verified("its pods are replaced as they are deleted (OnDelete)");
    }
    let [want, updated, available] =
        ["desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable"].map(|it| status(object, it));
    if updated >= want && available >= want {
        return parts::verified(format!("{available} of {want} pods are updated and available"));
    }
    let words = format!("{updated} of {want} pods are updated, {available} available");
    parts::going(words, percent(updated.min(available), want))
}
