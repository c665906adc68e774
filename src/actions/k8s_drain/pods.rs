//! The pods of a node: which of them leave when it is drained, which stay, and what is lost.

use serde_json::Value as Json;

use super::super::k8s::Object;
use super::super::parts;
use crate::model::{Fault, Precondition};
use crate::providers::Acting;

/// The pods of a node, sorted.
pub(super) struct Pods {
    /// To be evicted.
    pub(super) leaving: Vec<Object>,
    /// Of daemon sets, or the node's own.
    pub(super) staying: Vec<Object>,
}

/// The pods on a node.
pub(super) async fn on(acting: &Acting, node: &str) -> Result<Vec<Object>, Fault> {
    let selector = form_urlencoded::Serializer::new(String::new())
        .append_pair("fieldSelector", &format!("spec.nodeName={node}"))
        .finish();
    Ok(acting.reach()?.read(&format!("/api/v1/pods?{selector}")).await.map(Object)?.items())
}

impl Pods {
    pub(super) fn sorted(pods: Vec<Object>) -> Self {
        let (staying, leaving) = pods.into_iter().partition(stays);
        Self { leaving, staying }
    }

    /// Pods that nothing makes anew are gone for good.
    pub(super) fn managed(&self, force: bool) -> Precondition {
        let alone = |pod: &&Object| !is_done(pod) && !pod.owners().iter().any(|owner| owner.controls);
        self.without("every pod comes back elsewhere", alone, force, "nothing makes them anew", "--force yes")
    }

    /// What lies in an emptyDir goes with its pod.
    pub(super) fn without_data(&self, delete: bool) -> Precondition {
        let keeps = |pod: &&Object| {
            let volumes = pod.list("/spec/volumes");
            !is_done(pod) && volumes.iter().any(|volume| volume.get("emptyDir").is_some_and(|it| !it.is_null()))
        };
        self.without("no data is lost", keeps, delete, "their emptyDir data is lost", "--delete-emptydir yes")
    }

    fn without(
        &self,
        name: &str,
        is: impl Fn(&&Object) -> bool,
        allowed: bool,
        what: &str,
        field: &str,
    ) -> Precondition {
        let found: Vec<&str> = self.leaving.iter().filter(is).map(Object::name).collect();
        if found.is_empty() {
            return parts::must(name, true, format!("so it is for all {}", self.leaving.len()));
        }
        let more = if found.len() > 3 { format!(" and {} more", found.len() - 3) } else { String::new() };
        let words = format!("{}{more}: {what}", found.iter().take(3).copied().collect::<Vec<_>>().join(", "));
        if allowed {
            parts::should(name, false, words)
        } else {
            parts::must(name, false, format!("{words}; {field} allows it"))
        }
    }

    /// What else is touched, in words.
    pub(super) fn affects(&self) -> Vec<String> {
        let mut affects = vec![format!("{} pods end here and start on other nodes", self.leaving.len())];
        if !self.staying.is_empty() {
            affects.push(format!("{} pods of daemon sets and of the node itself stay", self.staying.len()));
        }
        affects
    }
}

/// A daemon set would put its pod on the node again at once; a mirror pod is the node's own.
fn stays(pod: &Object) -> bool {
    let of_node = pod.at("/metadata/annotations/kubernetes.io~1config.mirror").is_some_and(Json::is_string);
    of_node || (!is_done(pod) && pod.owners().iter().any(|owner| owner.controls && owner.kind == "DaemonSet"))
}

/// It has ended, and waits to be cleared away.
fn is_done(pod: &Object) -> bool {
    matches!(pod.text("/status/phase"), Some("Succeeded" | "Failed"))
}
